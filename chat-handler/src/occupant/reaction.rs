//! Reactions: each is a record, and what a message has by now is folded from them.

use super::{Code, Turn};
use crate::wording::Line;
use chat_store::emoji::is_emoji;
use chat_store::log::history::{AMEND_BYTES, MAX_DIFFERENT, MAX_OF_PERSON};
use chat_store::record::{Kind, RecordId};

impl Turn<'_> {
    /// Reacts, or takes that back. Doing it again changes nothing.
    pub(super) fn react(&mut self, kind: Kind, target: RecordId, emoji: &str) {
        if !is_emoji(emoji) {
            return self.error(Code::BadField, Line::NotUnderstood("text is no emoji"));
        }
        if self.was_sent(kind) {
            return;
        }
        if !self.has_voice() {
            return;
        }
        let Some(found) = self.found(target) else {
            return;
        };
        let record = found.record();
        if record.is_redacted() || record.kind == Kind::Topic {
            return self.error(Code::NotFound, Line::NotFound);
        }
        let used = record.reactions.map_or(&[][..], |reactions| &reactions.0);
        let is_used = used.iter().any(|reaction| reaction.text == emoji);
        let own = used.iter().filter(|reaction| reaction.own);
        let has_it = own.clone().any(|reaction| reaction.text == emoji);
        if has_it == (kind == Kind::React) {
            return self.ack_as(None, true);
        }
        if kind == Kind::React && own.count() >= MAX_OF_PERSON {
            return self.error(Code::TooMany, Line::TooMany(MAX_OF_PERSON));
        }
        if kind == Kind::React && !is_used && used.len() >= MAX_DIFFERENT {
            return self.error(Code::TooMany, Line::TooMany(MAX_DIFFERENT));
        }
        if found.behind > AMEND_BYTES {
            return self.error(Code::TooLate, Line::TooLate);
        }
        if !self.waited() {
            return;
        }
        if let Some(stored) = self.append_about(kind, target, emoji) {
            self.ack_as(Some(stored.id()), false);
        }
    }

    /// `/react EMOJI`: to the last message that is not their own.
    pub(super) fn react_to_last(&mut self, emoji: &str) {
        if !self.it.pace.borrow_mut().charge_reaction() {
            return self.error(Code::Busy, Line::TooManyReactions);
        }
        let last = self.last(|it, record| {
            matches!(record.kind, Kind::Say | Kind::Me | Kind::Dice) && !it.me.is_author(record)
        });
        if let Some(target) = last {
            self.react(Kind::React, target, emoji);
        }
    }
}
