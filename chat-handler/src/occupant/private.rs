//! What goes to one person only, and what becomes of it.

use std::borrow::Cow;

use super::{Addressee, Code, Event, Occupant, Room, Turn};
use crate::wording::Line;
use chat_store::name::Nick;
use chat_store::people::inbox::{self, SendError};
use chat_store::people::message::{Message, Sender};
use chat_store::people::person::PersonId;
use chat_store::people::presence;
use chat_store::record::{RecordId, clean};

impl Turn<'_> {
    pub(super) fn whisper(&mut self, to: &Addressee<'_>, text: &str) {
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
            person: None,
            to: to.as_str(),
            text: &text,
            msgid: self.msgid,
        };
        self.sink.put(&whisper);
        self.ack();
    }

    pub(super) fn signal(&mut self, to: &Addressee<'_>, data: &str) {
        let most = self.it.limits.max_signal;
        if data.len() > most {
            return self.error(Code::TooLong, Line::TooLong(most));
        }
        if let Some((id, to)) = self.send(to, &Message::Signal(Cow::Borrowed(data))) {
            self.sink.put(&Event::Signal {
                id,
                from: self.it.me.nick.as_str(),
                person: None,
                to: to.as_str(),
                data,
                own: true,
            });
        }
    }

    /// Sends a message to another person; reports if it does not arrive.
    fn send(&mut self, to: &Addressee<'_>, message: &Message<'_>) -> Option<(RecordId, Nick)> {
        if to.person.is_none()
            && Nick::parse(&to.name).is_ok_and(|nick| nick.key() == self.it.me.nick.key())
        {
            self.error(Code::NoSuchUser, Line::Yourself);
            return None;
        }
        let error = match self.it.deliver(to, message) {
            Ok(sent) => return Some(sent),
            Err(error) => error,
        };
        let reason = error.to_string();
        match error {
            SendError::NotHere => self.error(Code::NoSuchUser, Line::NoSuchUser(&to.name)),
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
        to: &Addressee<'_>,
        message: &Message<'_>,
    ) -> Result<(RecordId, Nick), SendError> {
        let nick = Nick::parse(&to.name).map_err(|_| SendError::NotHere)?;
        let nick = match to.person.as_deref() {
            Some(person) => self.known_as(nick, person)?,
            None => match self.send_to(&nick, message) {
                Err(SendError::NotHere) => self.present(&to.name)?,
                sent => return sent.map(|id| (id, nick)),
            },
        };
        self.send_to(&nick, message).map(|id| (id, nick))
    }

    /// What `person`, who was called `nick`, is called now: a name that somebody else has taken does not count.
    fn known_as(&self, nick: Nick, person: &str) -> Result<Nick, SendError> {
        let Room { dirs, name, .. } = &self.room;
        let is_meant = |nick: &Nick| -> std::io::Result<bool> {
            let found = presence::about(dirs, name, nick)?.person;
            Ok(found.is_some_and(|found| found.as_str() == person) && *nick != self.me.nick)
        };
        if is_meant(&nick)? {
            return Ok(nick);
        }
        for member in presence::list(dirs, name)? {
            if is_meant(&member.nick)? {
                return Ok(member.nick);
            }
        }
        Err(SendError::NotHere)
    }

    pub(super) fn send_to(&self, to: &Nick, message: &Message<'_>) -> Result<RecordId, SendError> {
        let sender = Sender {
            nick: self.me.nick.as_str(),
            account: self.me.account.as_deref(),
            person: self.me.person.as_ref().map(PersonId::as_str),
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
