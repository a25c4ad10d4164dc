//! New colors, nicks and topics.

use super::{Code, Event, Occupant, Turn};
use crate::color::Color;
use crate::wording::Line;
use chat_store::log::room_log::Stored;
use chat_store::moderation::Verdict;
use chat_store::name::Nick;
use chat_store::people::presence::{Claim, ClaimError};
use chat_store::record::{Kind, clean};
use chat_store::state;

/// Writes of an old and a new name; false if it cannot.
type Record<'a> = &'a mut dyn FnMut(&Nick, &Nick) -> bool;

impl Turn<'_> {
    pub(super) fn change_color(&mut self, color: &str) {
        let Some(color) = Color::parse(color) else {
            let color: String = color.chars().take(32).collect();
            return self.error(Code::BadColor, Line::BadColor(&color));
        };
        let old = std::mem::replace(&mut self.it.me.color, color);
        let Some(stored) = self.append(Kind::Color, "") else {
            self.it.me.color = old;
            return;
        };
        self.it.presence.colored = stored.id();
        let color = self.it.me.color.as_str();
        let claim = self.it.presence.claim.as_mut();
        if let Some(Err(error)) = claim.map(|claim| claim.recolor(color)) {
            self.it.trouble.note(&error.to_string());
        }
        self.ack_as(Some(stored.id()), false);
        self.show_you();
    }

    /// The nick may get a number; the inbox moves along.
    pub(super) fn change_nick(&mut self, wished: &Nick) {
        if self.it.is_muted() {
            return self.error(Code::Muted, Line::Muted);
        }
        self.move_to(|claim, record| claim.rename(wished, record));
    }

    /// An account's owner comes, whose name this guest has.
    pub(super) fn give_way(&mut self) {
        // On several machines another account may have had the name, or one like it, first.
        if self.it.me.account.is_none() || self.it.room.log.is_relayed() {
            self.move_to(Claim::give_way);
        }
    }

    fn move_to(&mut self, rename: impl FnOnce(&mut Claim, Record<'_>) -> Result<(), ClaimError>) {
        let Some(mut claim) = self.it.presence.claim.take() else {
            return;
        };
        let old = self.it.me.nick.clone();
        let mut is_written = true;
        let renamed = rename(&mut claim, &mut |from, to| {
            // Another connection may have changed it, of which this one has not read yet.
            self.it.me.nick = from.clone();
            let stored = self.append(Kind::Nick, to.as_str());
            is_written = stored.is_some();
            self.it.presence.named = stored.map_or(self.it.presence.named, Stored::id);
            is_written
        });
        self.it.me.nick = claim.nick().clone();
        self.it.presence.claim = Some(claim);
        if self.it.me.nick != old {
            self.it.verdict = Verdict::new(&self.it.room.dirs, &self.it.room.name);
        }
        match renamed {
            Ok(()) if is_written => {
                self.ack();
                self.show_you();
            }
            // Told already.
            Ok(()) => {}
            Err(error @ ClaimError::Io(_)) => self.not_saved(&error),
            Err(error) => self.error(Code::Busy, Line::NotSaved(&error.to_string())),
        }
    }

    pub(super) fn change_topic(&mut self, topic: &str) {
        if !topic.is_empty() && !self.may_say(topic) {
            return;
        }
        if self.it.is_muted() {
            return self.error(Code::Muted, Line::Muted);
        }
        let topic = match topic {
            "" => Some(String::new()),
            topic => self.let_through("topic", topic.to_owned(), |_| {}),
        };
        let Some(topic) = topic.as_deref().map(clean) else {
            return;
        };
        let topic = &*topic;
        let Some(stored) = self.append(Kind::Topic, topic) else {
            return;
        };
        let room = &self.it.room;
        if !room.log.is_relayed()
            && let Err(error) = state::set_topic(&room.dirs, &room.name, topic)
        {
            self.report_trouble(&format!("topic: {error}"));
        }
        self.ack_as(Some(stored.id()), false);
    }

    pub(super) fn show_you(&mut self) {
        let muted = self.it.is_muted();
        let me = &self.it.me;
        self.sink.put(&Event::You {
            name: me.nick.as_str(),
            color: me.color.as_str(),
            moderator: me.moderator,
            muted,
        });
    }
}

impl Occupant {
    /// The room's topic; empty if there is none or it cannot be read.
    pub(super) fn topic(&self) -> String {
        let topic = state::topic(&self.room.dirs, &self.room.name);
        topic.ok().flatten().unwrap_or_default()
    }
}
