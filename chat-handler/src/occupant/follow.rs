//! From the log to the client.

use super::{Event, Flow, Occupant, Sink, Span};
use chat_store::log::tail::Progress;
use chat_store::record::{Kind, RecordId};

/// Bytes of log in one page of missed records.
const PAGE_BYTES: usize = 16 * 1024;

/// Missed records that are still to be sent, as pages of history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replay {
    /// Behind this.
    pub(super) since: RecordId,
    /// The newest when the client came: what is newer is live.
    pub(super) until: RecordId,
}

impl Occupant {
    /// Passes on what is new, up to about `budget` bytes of records.
    pub fn follow(&mut self, budget: usize, sink: &mut dyn Sink) -> Flow {
        let mut flow = Flow::Idle;
        if self.presence.inbox_due {
            flow = self.read_inbox(budget, sink);
            if matches!(flow, Flow::Bye(_)) {
                return flow;
            }
        }
        let read = match self.replay {
            Some(replay) => self.read_page(replay, sink),
            None => self.read_live(budget, sink),
        };
        match read {
            Ok(Progress::Idle) => flow,
            Ok(Progress::More) => Flow::More,
            Err(error) => {
                // It may pass: the next bell or the next safety poll tries again.
                let reason = format!("{}: {error}", self.room.name);
                self.turn(sink, None).report_trouble(&reason);
                flow
            }
        }
    }

    /// Whether what they missed is still on its way.
    pub fn is_replaying(&self) -> bool {
        self.replay.is_some()
    }

    fn read_live(&mut self, budget: usize, sink: &mut dyn Sink) -> std::io::Result<Progress> {
        let (ignored, audience) = (&self.ignored, &mut self.audience);
        let (me, joined) = (self.me.nick.as_str(), self.presence.joined);
        let progress = self.room.tail.read(budget, &mut |record| {
            if changes_members(record.kind) {
                *audience = None;
            }
            // A guest who gave way with this name, before us: the list of members has the new one.
            let is_namesake = record.id < joined && record.kind == Kind::Nick && record.from == me;
            if !is_namesake && !ignored.hides(record) {
                sink.put(&Event::Record(record));
            }
        });
        sink.put(&Event::BatchEnd);
        progress
    }

    /// One page of what was missed; what lies behind its end is live already.
    fn read_page(&mut self, replay: Replay, sink: &mut dyn Sink) -> std::io::Result<Progress> {
        sink.put(&Event::PageStart(Span::Since(replay.since)));
        let (mut last, mut live) = (replay.since, false);
        let progress = self.room.tail.read(PAGE_BYTES, &mut |record| {
            if !live && record.id > replay.until {
                sink.put(&Event::PageEnd {
                    more: false,
                    cursor: None,
                });
                live = true;
            }
            if live {
                sink.put(&Event::Record(record));
                return;
            }
            last = last.max(record.id);
            if !record.may_be_old_whisper() {
                sink.put(&Event::Past(record));
            }
        });
        let at_end = matches!(progress, Ok(Progress::Idle));
        let done = live || at_end || last >= replay.until;
        if !live {
            sink.put(&Event::PageEnd {
                more: !done,
                cursor: None,
            });
        }
        sink.put(&Event::BatchEnd);
        self.replay = (!done).then_some(Replay {
            since: last,
            ..replay
        });
        progress
    }
}

fn changes_members(kind: Kind) -> bool {
    matches!(kind, Kind::Join | Kind::Quit | Kind::Nick)
}
