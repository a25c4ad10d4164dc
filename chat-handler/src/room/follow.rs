//! From the log and the inbox to the client.

use super::{Flow, Replay, Room};
use crate::output::{FULL_BYTES, Flushed, Output};
use crate::wire::text::may_be_old_whisper;
use crate::wire::{Bye, Page, Span};
use chat_store::log::tail::Progress;
use chat_store::name::Nick;
use chat_store::record::{Kind, Record};

/// Bytes of log in one page of missed records.
const PAGE_BYTES: usize = 16 * 1024;

/// What waits to be written while more is rendered: what the buffer has once been, the heap stays. Some
/// sixty lines, so that a write costs each of them little.
const BATCH_BYTES: usize = 8 * 1024;

impl Room {
    /// Renders what is new, up to about `budget` bytes of records.
    pub fn follow(&mut self, budget: usize, output: &mut Output<'_>) -> Flow {
        let mut flow = Flow::Idle;
        if self.inbox_due {
            flow = self.read_inbox(budget, output.buffer());
            if matches!(flow, Flow::Bye(_)) {
                return flow;
            }
        }
        let read = match self.replay {
            Some(replay) => self.read_page(replay, output.buffer()),
            None => self.read_live(budget, output),
        };
        match read {
            Ok(Progress::Idle) => flow,
            Ok(Progress::More) => Flow::More,
            Err(error) => {
                // It may pass: the next bell or the next safety poll tries again.
                self.tell_trouble(&format!("{}: {error}", self.name), output.buffer());
                flow
            }
        }
    }

    /// Text has no ids, so what a person typed and what they are answered must come in the order
    /// they typed it: their own record is fetched before the next line is taken.
    pub fn keep_order(&mut self, output: &mut Output<'_>) -> Option<Bye> {
        if !self.wire.is_text() || self.replay.is_some() || output.waiting() >= FULL_BYTES {
            return None;
        }
        match self.follow(PAGE_BYTES, output) {
            Flow::Bye(bye) => Some(bye),
            Flow::Idle | Flow::More => None,
        }
    }

    fn read_live(&mut self, budget: usize, output: &mut Output<'_>) -> std::io::Result<Progress> {
        let Self {
            tail,
            wire,
            ignored,
            company,
            ..
        } = self;
        let mut takes_more = true;
        let progress = tail.read(budget, &mut |record| {
            if is_membership(record.kind) {
                *company = None;
            }
            if ignored.is_empty() || !is_hidden(record, ignored) {
                wire.before(record, &mut |piece| output.pass(piece));
                wire.record(record, output.buffer());
            }
            if takes_more && output.waiting() >= BATCH_BYTES {
                takes_more = output.flush() == Flushed::All;
            }
        });
        wire.finish_batch(&mut |piece| output.pass(piece));
        progress
    }

    /// One page of what was missed; what lies behind its end is live already.
    fn read_page(&mut self, replay: Replay, out: &mut Vec<u8>) -> std::io::Result<Progress> {
        let Self { tail, wire, .. } = self;
        let mut page = Page::begin(wire, Span::Since(replay.since), out);
        let mut live = Vec::new();
        let mut last = replay.since;
        let progress = tail.read(PAGE_BYTES, &mut |record| {
            if record.id <= replay.until {
                last = last.max(record.id);
                if !may_be_old_whisper(record) {
                    page.put(wire, record, out);
                }
            } else {
                wire.before(record, &mut |piece| live.extend_from_slice(piece));
                wire.record(record, &mut live);
            }
        });
        let at_end = matches!(progress, Ok(Progress::Idle));
        let done = at_end || !live.is_empty() || last >= replay.until;
        page.end(wire, !done, out);
        wire.finish_batch(&mut |piece| live.extend_from_slice(piece));
        out.append(&mut live);
        self.replay = (!done).then_some(Replay {
            since: last,
            ..replay
        });
        progress
    }
}

fn is_membership(kind: Kind) -> bool {
    matches!(kind, Kind::Join | Kind::Quit | Kind::Nick)
}

/// What somebody said whom this person ignores.
pub(super) fn is_hidden(record: &Record<'_>, ignored: &[Nick]) -> bool {
    matches!(record.kind, Kind::Say | Kind::Me | Kind::Dice)
        && Nick::parse(&record.from).is_ok_and(|from| {
            let key = from.key();
            ignored.iter().any(|nick| nick.key() == key)
        })
}
