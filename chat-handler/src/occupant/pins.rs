//! Messages that are pinned in the room.

use super::{Code, Occupant, Turn};
use crate::wording::Line;
use chat_store::closed;
use chat_store::log::history;
use chat_store::moderation::Right;
use chat_store::record::{Kind, RecordId};
use chat_store::state::{self, MAX_PINS};

/// What became of the list.
enum Done {
    Changed,
    Nothing,
    Full,
}

impl Turn<'_> {
    /// Pins a message, or takes it off. Doing it again changes nothing.
    pub(super) fn pin(&mut self, target: RecordId, on: bool) {
        if !self.it.may_pin() {
            return self.error(Code::NotModerator, Line::NotModerator);
        }
        if !self.has_voice() {
            return;
        }
        if on && !self.it.has_message(target) {
            return self.error(Code::NotFound, Line::NotFound);
        }
        let room = &self.it.room;
        let change = |pins: &mut Vec<_>| {
            match pins.contains(&target) {
                is_on if is_on == on => return Done::Nothing,
                true => pins.retain(|pin| *pin != target),
                false if pins.len() >= MAX_PINS => return Done::Full,
                false => pins.insert(0, target),
            }
            Done::Changed
        };
        let done = if room.log.is_relayed() {
            self.it.pins().map(|mut pins| change(&mut pins))
        } else {
            state::change_pins(&room.dirs, &room.name, change)
        };
        let kind = if on { Kind::Pin } else { Kind::Unpin };
        match done {
            // Whoever did it before may have been killed before they told the others.
            Ok(Done::Nothing) if self.msgid.is_none() || self.was_sent(kind) => {}
            Ok(Done::Full) => self.error(Code::TooMany, Line::TooMany(MAX_PINS)),
            Ok(Done::Changed | Done::Nothing) => {
                if let Some(stored) = self.append_about(kind, target, "") {
                    self.ack_as(Some(stored.id()), false);
                }
            }
            Err(error) => self.not_saved(&error),
        }
    }

    /// `/pin ID`, `/unpin ID`
    pub(super) fn pin_named(&mut self, id: &str, on: bool) {
        match RecordId::parse(id.as_bytes()) {
            Some(target) => self.pin(target, on),
            None => self.error(Code::NotFound, Line::NotFound),
        }
    }

    /// `/pins`
    pub(super) fn show_pins(&mut self) {
        let readable = self.it.readable();
        let found = self.it.pins().and_then(|mut pins| {
            pins.truncate(MAX_PINS);
            history::messages(readable, &pins, |record| !record.is_redacted())
        });
        let page = match found {
            Ok(page) => page,
            Err(error) => return self.report_trouble(&error.to_string()),
        };
        let records: Vec<_> = page.records().collect();
        let line = |record: &chat_store::record::Record<'_>| {
            let first = record.text.lines().next().unwrap_or_default();
            (
                record.id.to_string(),
                record.from.to_string(),
                first.to_owned(),
            )
        };
        let shown: Vec<_> = records.iter().rev().map(line).collect();
        let lines: Vec<_> = shown
            .iter()
            .map(|(id, from, text)| Line::PinnedMessage(id, from, text))
            .collect();
        if lines.is_empty() {
            return self.info("pins", Line::NoPins);
        }
        self.info_lines("pins", &lines);
    }
}

impl Occupant {
    /// Moderators and owners; in a conversation everybody.
    fn may_pin(&mut self) -> bool {
        let kind = self
            .membership
            .as_ref()
            .map(|membership| membership.circle.kind);
        matches!(kind, Some(closed::Kind::Pair | closed::Kind::Group)) || self.may(Right::Moderate)
    }

    /// What is pinned, newest first.
    pub(super) fn pins(&self) -> std::io::Result<Vec<RecordId>> {
        state::pins(&self.room.dirs, &self.room.name)
    }

    /// What was taken back is pinned no more.
    pub(super) fn unpin_gone(&mut self, is_gone: impl Fn(RecordId) -> bool) {
        let room = &self.room;
        if room.log.is_relayed() {
            return;
        }
        let pins = state::pins(&room.dirs, &room.name).unwrap_or_default();
        if !pins.iter().any(|&pin| is_gone(pin)) {
            return;
        }
        let retained = state::change_pins(&room.dirs, &room.name, |pins| {
            pins.retain(|&pin| !is_gone(pin));
        });
        if let Err(error) = retained {
            self.trouble.note(&error.to_string());
        }
    }
}
