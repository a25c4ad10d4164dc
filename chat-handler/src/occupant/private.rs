//! What goes to one person only, and what becomes of it.

use std::borrow::Cow;

use super::{Code, Event, Occupant, Turn};
use crate::wording::Line;
use chat_store::name::Nick;
use chat_store::people::inbox::{self, SendError};
use chat_store::people::message::{Message, Sender};
use chat_store::people::presence;
use chat_store::record::{RecordId, clean};

impl Turn<'_> {
    pub(super) fn whisper(&mut self, to: &str, text: &str) {
        if !self.may_say(text) {
            return;
        }
        let text = clean(text);
        let Some((id, to)) = self.send(to, &Message::Whisper(Cow::Borrowed(&text))) else {
            return;
        };
        let whisper = Event::Whisper {
            id,
            from: self.it.me.nick.as_str(),
            to: to.as_str(),
            text: &text,
            msgid: self.msgid,
        };
        self.sink.put(&whisper);
        self.ack();
    }

    pub(super) fn signal(&mut self, to: &str, data: &str) {
        let most = self.it.limits.max_signal;
        if data.len() > most {
            return self.error(Code::TooLong, Line::TooLong(most));
        }
        if let Some((id, to)) = self.send(to, &Message::Signal(Cow::Borrowed(data))) {
            self.sink.put(&Event::Signal {
                id,
                from: self.it.me.nick.as_str(),
                to: to.as_str(),
                data,
                own: true,
            });
        }
    }

    /// Sends a message to another person; reports if it does not arrive.
    fn send(&mut self, to: &str, message: &Message<'_>) -> Option<(RecordId, Nick)> {
        if Nick::parse(to).is_ok_and(|nick| nick.key() == self.it.me.nick.key()) {
            self.error(Code::NoSuchUser, Line::Yourself);
            return None;
        }
        let error = match self.it.deliver(to, message) {
            Ok(sent) => return Some(sent),
            Err(error) => error,
        };
        let reason = error.to_string();
        match error {
            SendError::NotHere => self.error(Code::NoSuchUser, Line::NoSuchUser(to)),
            SendError::TooLong => {
                self.error(Code::TooLong, Line::TooLong(self.it.limits.max_signal));
            }
            SendError::Full | SendError::Busy => {
                self.error(Code::Busy, Line::Undelivered(&reason));
            }
            SendError::Io(_) => {
                self.error(Code::NotSaved, Line::Undelivered(&reason));
                self.it.trouble.note(&reason);
            }
        }
        None
    }
}

impl Occupant {
    /// Puts a message into somebody's inbox; who got it, for the name may have been written in
    /// other letters.
    pub(super) fn deliver(
        &self,
        to: &str,
        message: &Message<'_>,
    ) -> Result<(RecordId, Nick), SendError> {
        let nick = Nick::parse(to).map_err(|_| SendError::NotHere)?;
        match self.send_to(&nick, message) {
            Err(SendError::NotHere) => {}
            sent => return sent.map(|id| (id, nick)),
        }
        let nick = self.present(to)?;
        self.send_to(&nick, message).map(|id| (id, nick))
    }

    pub(super) fn send_to(&self, to: &Nick, message: &Message<'_>) -> Result<RecordId, SendError> {
        let sender = Sender {
            nick: self.me.nick.as_str(),
            account: self.me.account.as_deref(),
            color: Some(self.me.color.as_str()),
        };
        inbox::send(&self.room.dirs, &self.room.name, to, sender, message)
    }

    /// The one in the room whose name looks like `who`.
    pub(super) fn present(&self, who: &str) -> Result<Nick, SendError> {
        let key = Nick::parse(who).map_err(|_| SendError::NotHere)?.key();
        let members = presence::list(&self.room.dirs, &self.room.name)?;
        let found = members.into_iter().find(|member| member.nick.key() == key);
        Ok(found.ok_or(SendError::NotHere)?.nick)
    }
}
