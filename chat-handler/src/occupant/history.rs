//! Pages of the past.

use super::{Code, Event, Span, Turn};
use crate::wording::Line;
use chat_store::log::history::{self, Before};
use chat_store::record::{Kind, Record, RecordId};

impl Turn<'_> {
    /// What people said before they came, as one page; `whole`: with comings and goings.
    pub(super) fn put_newest(&mut self, wanted: usize, whole: bool) {
        if wanted == 0 {
            return self.put_empty(Span::Newest, true);
        }
        let keep = |record: &Record<'_>| {
            (whole || is_worth_scrolling_to(record)) && !record.may_be_old_whisper()
        };
        let before = Before::Tail(&self.it.room.tail);
        let page = history::before_in(self.it.readable(), before, wanted, keep);
        self.put_page(Span::Newest, page);
    }

    /// A page without records.
    pub(super) fn put_empty(&mut self, span: Span, more: bool) {
        self.sink.put(&Event::PageStart(span));
        self.sink.put(&Event::PageEnd { more, cursor: None });
    }

    /// Answers `history`.
    pub(super) fn answer_history(
        &mut self,
        before: Option<RecordId>,
        since: Option<RecordId>,
        limit: Option<usize>,
    ) {
        let most = self.it.limits.max_history;
        let wanted = limit.unwrap_or(most).clamp(1, most);
        match (before, since) {
            (Some(id), _) => self.put_before(Span::Before(id), id, wanted),
            (None, Some(id)) => {
                let page = history::after_in(self.it.readable(), id, wanted, |record| {
                    !record.may_be_old_whisper()
                });
                self.put_page(Span::Since(id), page);
            }
            (None, None) => self.put_before(Span::Newest, RecordId::MAX, wanted),
        }
    }

    /// Answers `messages`.
    pub(super) fn put_messages(&mut self, ids: &[RecordId]) {
        let page = history::messages(self.it.readable(), ids, is_worth_scrolling_to);
        self.put_page(Span::Single, page);
    }

    fn put_before(&mut self, span: Span, id: RecordId, wanted: usize) {
        let keep =
            |record: &Record<'_>| is_worth_scrolling_to(record) && !record.may_be_old_whisper();
        let page = history::before_in(self.it.readable(), Before::Id(id), wanted, keep);
        self.put_page(span, page);
    }

    fn put_page(&mut self, span: Span, page: std::io::Result<history::Page>) {
        match page {
            Ok(page) => {
                self.sink.put(&Event::PageStart(span));
                for record in page.records() {
                    self.sink.put(&Event::Past(&record));
                }
                self.sink.put(&Event::PageEnd {
                    more: page.more,
                    cursor: page.scanned_to,
                });
            }
            Err(error) => {
                let reason = error.to_string();
                self.error(Code::Storage, Line::NotRead(&reason));
                let note = format!("{}: {reason}", self.it.room.name);
                self.it.trouble.note(&note);
            }
        }
    }
}

/// Not comings, goings and housekeeping: who scrolls back looks for what was said.
fn is_worth_scrolling_to(record: &Record<'_>) -> bool {
    record.kind.is_talk() || matches!(record.kind, Kind::Kick | Kind::Ban | Kind::Moved)
}
