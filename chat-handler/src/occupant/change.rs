//! New colors, nicks and topics.

use super::{Code, Event, Occupant, Turn};
use crate::color::Color;
use crate::wording::Line;
use chat_store::moderation::Verdict;
use chat_store::name::Nick;
use chat_store::people::presence::{Claim, ClaimError};
use chat_store::record::Kind;
use chat_store::state;

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
        self.move_to(|claim| claim.rename(wished).cloned());
    }

    /// An account's owner comes, whose name this guest has.
    pub(super) fn give_way(&mut self) {
        if self.it.me.account.is_none() {
            self.move_to(|claim| claim.give_way().cloned());
        }
    }

    fn move_to(&mut self, rename: impl FnOnce(&mut Claim) -> Result<Nick, ClaimError>) {
        let Some(claim) = self.it.presence.claim.as_mut() else {
            return;
        };
        let old = self.it.me.nick.clone();
        let new = match rename(claim) {
            Ok(new) => new,
            Err(error @ ClaimError::Io(_)) => return self.not_saved(&error),
            Err(error) => {
                return self.error(Code::Busy, Line::NotSaved(&error.to_string()));
            }
        };
        if new != old {
            self.it.move_inbox(&old, &new);
            // The record is from the old nick.
            let Some(_) = self.append(Kind::Nick, new.as_str()) else {
                return self.it.take_nick_back(&old);
            };
            self.it.me.nick = new;
            self.it.presence.set_own();
            self.it.verdict = Verdict::new(&self.it.room.dirs, &self.it.room.name);
        }
        self.ack();
        self.show_you();
    }

    pub(super) fn change_topic(&mut self, topic: &str) {
        if !topic.is_empty() && !self.may_say(topic) {
            return;
        }
        if self.it.is_muted() {
            return self.error(Code::Muted, Line::Muted);
        }
        let Some(stored) = self.append(Kind::Topic, topic) else {
            return;
        };
        if let Err(error) = state::set_topic(&self.it.room.dirs, &self.it.room.name, topic) {
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

    fn move_inbox(&mut self, of: &Nick, to: &Nick) {
        let room = &self.room;
        if let Err(error) = self.presence.inbox.rename(&room.dirs, &room.name, to) {
            let reason = format!("the inbox of {of} cannot be renamed: {error}");
            self.trouble.note(&reason);
        }
    }

    fn take_nick_back(&mut self, old: &Nick) {
        let claim = self.presence.claim.as_mut();
        if let Some(Ok(back)) = claim.map(|claim| claim.rename(old).cloned()) {
            self.move_inbox(&back, &back);
            self.me.nick = back;
            self.presence.set_own();
        }
    }
}
