//! What goes to one person only, and what becomes of it.

use std::borrow::Cow;

use super::{Addressee, Code, Event, Occupant, Room, Turn};
use crate::wording::Line;
use chat_store::name::Nick;
use chat_store::people::inbox::{self, SendError};
use chat_store::people::kept;
use chat_store::people::message::{Message, Sender};
use chat_store::people::person::PersonId;
use chat_store::people::presence;
use chat_store::record::{RecordId, tidy};

impl Turn<'_> {
    pub(super) fn whisper(&mut self, to: &Addressee<'_>, text: &str) {
        if !self.may_say(text) {
            return;
        }
        // Sent again, because the connection was lost before its ack.
        if self.msgid.is_some_and(|msgid| self.it.has_whispered(msgid)) {
            return self.ack_as(None, true);
        }
        let text = tidy(text).into_owned();
        let text = if self.it.hooked.of_whispers() {
            self.let_through("whisper", text, |question| {
                question.to = Some(to.name.clone().into_owned());
            })
        } else {
            Some(text)
        };
        let Some(text) = text else { return };
        // On several machines they may say it again on another one.
        let is_relayed = self.it.room.log.is_relayed();
        let message = Message::Whisper {
            text: Cow::Borrowed(&text),
            msgid: self.msgid.filter(|_| is_relayed).map(Cow::Borrowed),
        };
        let Some((id, to)) = self.send(to, &message) else {
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
        let copy = Message::Sent {
            to: Cow::Borrowed(to.as_str()),
            text: Cow::Borrowed(&text),
            msgid: self.msgid.map(Cow::Borrowed),
        };
        // It has been said, whether their other connections hear of it or not.
        if let Err(error) = self.it.send_own(&copy) {
            self.it.trouble.note(&error.to_string());
        }
        self.ack();
    }

    pub(super) fn signal(&mut self, to: &Addressee<'_>, data: &str) {
        let most = self.it.limits.max_signal;
        if data.len() > most {
            return self.error(Code::TooLong, Line::TooLong(most));
        }
        let message = Message::Signal(Cow::Borrowed(data));
        if self.it.is_own(to) {
            // Between the pages of one person, which need not have any other.
            if let Err(error) = self.it.send_own(&message) {
                self.not_sent(to, &error);
            }
            return;
        }
        if let Some((id, to)) = self.send(to, &message) {
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
        let is_named =
            || Nick::parse(&to.name).is_ok_and(|nick| nick.key() == self.it.me.nick.key());
        if self.it.is_own(to) || to.person.is_none() && is_named() {
            self.error(Code::NoSuchUser, Line::Yourself);
            return None;
        }
        match self.it.deliver(to, message) {
            Ok(sent) => return Some(sent),
            Err(error) => self.not_sent(to, &error),
        }
        None
    }

    fn not_sent(&mut self, to: &Addressee<'_>, error: &SendError) {
        let reason = error.to_string();
        match error {
            SendError::NotHere => self.error(Code::NoSuchUser, Line::NoSuchUser(&to.name)),
            SendError::TooLong => {
                self.error(Code::TooLong, Line::TooLong(self.it.limits.max_signal));
            }
            SendError::Full | SendError::Busy | SendError::Away => {
                self.error(Code::Busy, Line::Undelivered(&reason));
            }
            SendError::Io(_) => {
                self.error(Code::NotSaved, Line::Undelivered(&reason));
                self.it.trouble.note(&reason);
            }
        }
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
        let Room { dirs, name, .. } = &self.room;
        if let Some(person) = to.person.as_deref() {
            let person = PersonId::parse(person).ok_or(SendError::NotHere)?;
            return inbox::send_to(dirs, name, &person, self.as_sender(), message);
        }
        let nick = Nick::parse(&to.name).map_err(|_| SendError::NotHere)?;
        let nick = match self.send_to(&nick, message) {
            Err(SendError::NotHere) => self.present(&to.name)?,
            sent => return sent.map(|id| (id, nick)),
        };
        self.send_to(&nick, message).map(|id| (id, nick))
    }

    pub(super) fn send_to(&self, to: &Nick, message: &Message<'_>) -> Result<RecordId, SendError> {
        let Room { dirs, name, .. } = &self.room;
        inbox::send(dirs, name, to, self.as_sender(), message)
    }

    /// To the other connections of this person, if there are any.
    fn send_own(&self, message: &Message<'_>) -> Result<(), SendError> {
        let Room { dirs, name, .. } = &self.room;
        let claim = self.presence.claim.as_ref().ok_or(SendError::NotHere)?;
        inbox::send_own(dirs, name, claim, self.as_sender(), message).map(|_| ())
    }

    fn as_sender(&self) -> Sender<'_> {
        Sender {
            nick: self.me.nick.as_str(),
            account: self.me.account.as_deref(),
            person: Some(self.me.person.as_str()),
            color: Some(self.me.color.as_str()),
        }
    }

    /// Whether it is for this person themselves.
    fn is_own(&self, to: &Addressee<'_>) -> bool {
        to.person.as_deref() == Some(self.me.person.as_str())
    }

    /// What cannot be read is sent once more: better twice than never.
    fn has_whispered(&self, msgid: &str) -> bool {
        let Room { dirs, name, .. } = &self.room;
        kept::has_sent(dirs, name, &self.me.person, msgid).unwrap_or(false)
    }

    /// Sends somebody away. Who has no connection just now is not waited for any longer.
    pub(super) fn send_away(&mut self, who: &Nick, message: &Message<'_>) -> Result<(), SendError> {
        match self.deliver(&Addressee::named(who.as_str()), message) {
            Err(SendError::Away) => {}
            sent => return sent.map(|_| ()),
        }
        let person = self.about(who).person;
        let Room {
            dirs, name, log, ..
        } = &mut self.room;
        if presence::evict(dirs, name, who)? {
            log.append_quit(who.as_str(), person.as_ref(), None)
                .map_err(|error| SendError::Io(std::io::Error::other(error)))?;
            self.bells.set_due();
        }
        Ok(())
    }

    /// The one in the room whose name looks like `who`.
    pub(super) fn present(&self, who: &str) -> Result<Nick, SendError> {
        let key = Nick::parse(who).map_err(|_| SendError::NotHere)?.key();
        let members = presence::list(&self.room.dirs, &self.room.name)?;
        let found = members.into_iter().find(|member| member.nick.key() == key);
        Ok(found.ok_or(SendError::NotHere)?.nick)
    }
}
