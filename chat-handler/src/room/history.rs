//! Pages of the past that the client asks for.

use super::Room;
use crate::wire::text::may_be_old_whisper;
use crate::wire::{Page, Span};
use crate::wording::Line;
use chat_store::log::history::{self, Before};
use chat_store::record::{Kind, Record, RecordId};

impl Room {
    /// What people said before they came: appended as one page.
    pub(super) fn put_newest(&mut self, wanted: usize, out: &mut Vec<u8>) {
        let text = self.wire.is_text();
        let keep = |record: &Record<'_>| {
            (text || is_worth_scrolling_to(record)) && !may_be_old_whisper(record)
        };
        if wanted == 0 {
            Page::begin(&self.wire, Span::Newest, out).end(&self.wire, true, out);
            return;
        }
        let before = Before::Tail(&self.tail);
        let page = history::before(&self.dirs, &self.name, before, wanted, keep);
        self.put(Span::Newest, page, out);
    }

    /// A page that says that there is nothing new.
    pub(super) fn put_nothing_since(&mut self, since: RecordId, out: &mut Vec<u8>) {
        Page::begin(&self.wire, Span::Since(since), out).end(&self.wire, false, out);
    }

    /// Answers `history`.
    pub(super) fn answer_history(
        &mut self,
        before: Option<RecordId>,
        since: Option<RecordId>,
        limit: Option<usize>,
        out: &mut Vec<u8>,
    ) {
        let most = self.settings.limits.max_history;
        let wanted = limit.unwrap_or(most).clamp(1, most);
        match (before, since) {
            (Some(id), _) => {
                self.put_before(Span::Before(id), id, wanted, out);
            }
            (None, Some(id)) => {
                let page = history::after(&self.dirs, &self.name, id, wanted, |record| {
                    !may_be_old_whisper(record)
                });
                self.put(Span::Since(id), page, out);
            }
            (None, None) => self.put_before(Span::Newest, RecordId::MAX, wanted, out),
        }
    }

    fn put_before(&mut self, span: Span, id: RecordId, wanted: usize, out: &mut Vec<u8>) {
        let keep =
            |record: &Record<'_>| is_worth_scrolling_to(record) && !may_be_old_whisper(record);
        let page = history::before(&self.dirs, &self.name, Before::Id(id), wanted, keep);
        self.put(span, page, out);
    }

    fn put(&mut self, span: Span, page: std::io::Result<history::Page>, out: &mut Vec<u8>) {
        match page {
            Ok(found) => {
                let mut page = Page::begin(&self.wire, span, out);
                for record in found.records() {
                    page.put(&mut self.wire, &record, out);
                }
                page.end(&self.wire, found.more, out);
            }
            Err(error) => {
                let reason = error.to_string();
                self.error("storage", Line::NotRead(&reason), None, out);
                self.note_trouble(&format!("{}: {reason}", self.name));
            }
        }
    }
}

/// Not comings, goings and housekeeping: who scrolls back looks for what was said.
fn is_worth_scrolling_to(record: &Record<'_>) -> bool {
    record.kind.is_talk() || matches!(record.kind, Kind::Kick | Kind::Ban)
}
