//! Writing one's own messages anew, and taking them back.

use super::{AboutMessage, Code, Event, Form, Occupant, Turn};
use crate::hooks::Question;
use crate::wording::Line;
use chat_store::log::history::{self, AMEND_BYTES, Before, Found};
use chat_store::log::room_log::RedactError;
use chat_store::moderation::Right;
use chat_store::people::person::PersonId;
use chat_store::record::{Draft, Kind, Record, RecordId, attrs, tidy};

const MICROS_A_MINUTE: u64 = 60_000_000;
/// Forms of one message: each is kept, and read for whoever shows it.
const MAX_EDITS: usize = 100;

impl Turn<'_> {
    pub(super) fn about_message(&mut self, target: RecordId, what: &AboutMessage<'_>) {
        match what {
            AboutMessage::Edit(text) => self.edit(target, text),
            AboutMessage::Delete => self.delete(target),
            AboutMessage::Former => self.former(target),
            AboutMessage::React(emoji) => self.react(Kind::React, target, emoji),
            AboutMessage::Unreact(emoji) => self.react(Kind::Unreact, target, emoji),
            AboutMessage::Pin => self.pin(target, true),
            AboutMessage::Unpin => self.pin(target, false),
        }
    }

    fn edit(&mut self, target: RecordId, text: &str) {
        let text = tidy(text);
        if self.was_sent(Kind::Edit) || !self.may_say(&text) {
            return;
        }
        let Some(found) = self.own(target, self.it.limits.edit_minutes, Kind::can_be_edited) else {
            return;
        };
        let record = found.record();
        if found.behind > AMEND_BYTES {
            return self.error(Code::TooLate, Line::TooLate);
        }
        if record.text == text {
            return self.ack_as(Some(record.edited.unwrap_or(target)), true);
        }
        if found.edits() >= MAX_EDITS {
            return self.error(Code::TooMany, Line::TooMany(MAX_EDITS));
        }
        if !self.waited() {
            return;
        }
        let about = |question: &mut Question| question.target = Some(target.to_string());
        let Some(text) = self.let_through("edit", text.into_owned(), about) else {
            return;
        };
        let Some(stored) = self.append_about(Kind::Edit, target, &text) else {
            return;
        };
        // Taken back just now by somebody who did not see this form of it.
        if let Some(false) = self.it.is_readable(target) {
            if let Err(error) = self.it.room.log.withdraw(stored.id()) {
                self.it.trouble.note(&error.to_string());
            }
            return self.error(Code::NotFound, Line::NotFound);
        }
        self.ack_as(Some(stored.id()), false);
        self.spoke_at(stored.id());
    }

    fn delete(&mut self, target: RecordId) {
        if self.was_sent(Kind::Redact) {
            return;
        }
        let Some(found) = self.found(target) else {
            return;
        };
        let record = found.record();
        // Whoever did it before may have been killed before they told the others.
        let is_done = record.is_redacted() && self.it.me.is_author(&record);
        let minutes = self.it.limits.delete_minutes;
        if !is_done && self.own(target, minutes, Kind::is_talk).is_none() {
            return;
        }
        match self.it.take_back(target, self.msgid) {
            Ok(id) => self.ack_as(Some(id), false),
            Err(RedactError::NotFound | RedactError::NotText) => {
                self.error(Code::NotFound, Line::NotFound);
            }
            Err(error) => self.not_saved(&error),
        }
    }

    fn former(&mut self, target: RecordId) {
        if !self.it.may(Right::Moderate) {
            return self.error(Code::NotModerator, Line::NotModerator);
        }
        match history::forms(self.it.readable(), target) {
            Ok(forms) if forms.is_empty() => self.error(Code::NotFound, Line::NotFound),
            Ok(page) => {
                let records: Vec<_> = page.records().collect();
                let forms = records.iter().map(|record| Form {
                    id: record.id,
                    text: &record.text,
                });
                let forms: Vec<_> = forms.collect();
                let msgid = self.msgid;
                self.sink.put(&Event::Former {
                    target,
                    forms: &forms,
                    msgid,
                });
            }
            Err(error) => self.report_trouble(&error.to_string()),
        }
    }

    /// `/edit TEXT`
    pub(super) fn edit_last(&mut self, text: &str) {
        let is_own = |it: &Occupant, record: &Record<'_>| {
            record.kind.can_be_edited() && it.me.is_author(record)
        };
        if let Some(target) = self.last(is_own) {
            self.edit(target, text);
        }
    }

    /// `/delete`
    pub(super) fn delete_last(&mut self) {
        let is_own = |it: &Occupant, record: &Record<'_>| {
            matches!(record.kind, Kind::Say | Kind::Me | Kind::Dice) && it.me.is_author(record)
        };
        if let Some(target) = self.last(is_own) {
            self.delete(target);
        }
    }

    /// The newest message of which `wanted` is true and which was not taken back; if there is none, that was told.
    pub(super) fn last(
        &mut self,
        wanted: impl Fn(&Occupant, &Record<'_>) -> bool,
    ) -> Option<RecordId> {
        let it = &*self.it;
        let keep = |record: &Record<'_>| {
            record.clock.is_none() && !record.is_redacted() && wanted(it, record)
        };
        let page = history::before_in(it.readable(), Before::Id(RecordId::MAX), 1, keep);
        let found = page.map(|page| page.records().next().map(|record| record.id));
        match found {
            Ok(None) => self.error(Code::NotFound, Line::NotFound),
            Ok(found) => return found,
            Err(error) => self.not_saved(&error),
        }
        None
    }

    /// A message, whoever wrote it; if there is none, that was told.
    pub(super) fn found(&mut self, target: RecordId) -> Option<Found> {
        match history::find(self.it.readable(), target) {
            Ok(Some(found)) if found.record().kind.is_talk() => return Some(found),
            Ok(_) => self.error(Code::NotFound, Line::NotFound),
            Err(error) => self.not_saved(&error),
        }
        None
    }

    /// A message of their own that was written within so many minutes; if it is none, that was told.
    fn own(
        &mut self,
        target: RecordId,
        minutes: Option<u32>,
        may: fn(Kind) -> bool,
    ) -> Option<Found> {
        let found = self.found(target)?;
        let record = found.record();
        let now = RecordId::now().as_micros();
        let age = now.saturating_sub(target.as_micros());
        if record.is_redacted() || !may(record.kind) {
            self.error(Code::NotFound, Line::NotFound);
        } else if !self.it.me.is_author(&record) {
            self.error(Code::NotYours, Line::NotYours);
        } else if minutes.is_some_and(|most| most == 0 || age > u64::from(most) * MICROS_A_MINUTE) {
            self.error(Code::TooLate, Line::TooLate);
        } else {
            drop(record);
            return Some(found);
        }
        None
    }

    /// Whether this very request was done before, under the same id; then it is acked.
    pub(super) fn was_sent(&mut self, kind: Kind) -> bool {
        let draft = Draft {
            msgid: self.msgid,
            ..self.it.me.draft(kind, "")
        };
        // What cannot be read is found out when it is appended.
        let Ok(Some(id)) = self.it.room.log.find_sent(&draft) else {
            return false;
        };
        self.ack_as(Some(id), true);
        true
    }

    /// Appends what is about another record.
    pub(super) fn append_about(
        &mut self,
        kind: Kind,
        target: RecordId,
        text: &str,
    ) -> Option<chat_store::log::room_log::Stored> {
        let target = target.to_string();
        let extra = [(attrs::TARGET, Some(&*target))];
        self.append_as(kind, text, self.msgid, &extra)
    }
}

impl super::Me {
    /// Whether they wrote it, under whatever name.
    pub(super) fn is_author(&self, record: &Record<'_>) -> bool {
        PersonId::of_author(record).is_some_and(|author| author == self.person)
    }
}

impl Occupant {
    /// Whether this is a message that somebody may answer. A log that cannot be read has none.
    pub(super) fn has_message(&self, id: RecordId) -> bool {
        self.is_readable(id) == Some(true)
    }

    /// `None`: that cannot be found out now.
    fn is_readable(&self, id: RecordId) -> Option<bool> {
        let keep = |record: &Record<'_>| record.kind.is_talk() && !record.is_redacted();
        history::holds(self.readable(), id, keep).ok()
    }

    /// Overwrites a message and its later forms, and tells the others.
    pub(super) fn take_back(
        &mut self,
        target: RecordId,
        msgid: Option<&str>,
    ) -> Result<RecordId, RedactError> {
        let Self { me, room, .. } = self;
        let by = Draft {
            msgid,
            ..me.draft(Kind::Redact, "")
        };
        let id = room.log.redact_as(target, &by)?;
        self.bells.set_due();
        self.durability.appended(Kind::Redact);
        self.unpin_gone(|pin| pin == target);
        Ok(id)
    }
}
