//! From the log to the client.

use super::profiles::Changed;
use super::{Bye, Event, Flow, Occupant, Presence, Sink, Span};
use crate::color::Color;
use chat_store::log::tail::Progress;
use chat_store::moderation::Verdict;
use chat_store::moves;
use chat_store::name::Nick;
use chat_store::record::{Kind, Record, RecordId, attrs};

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
        if self.room.moved {
            return Flow::Bye(Bye::Moved);
        }
        if let Err(bye) = self.recheck_membership(sink) {
            return Flow::Bye(bye);
        }
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
        let (ignored, audience, seen) = (&self.ignored, &mut self.audience, self.seen);
        let (slow, person) = (&mut self.slow, &self.me);
        let (membership, mut is_out) = (&mut self.membership, false);
        let mut moved = self.room.moved;
        let (me, joined) = (self.me.nick.as_str(), self.presence.joined);
        let mut own = OwnChanges::of(&self.me.nick, &self.presence);
        let mut shown = Changed::default();
        let mut count = 0;
        let progress = self.room.tail.read(budget, &mut |record| {
            count += 1;
            if is_out || moved {
                return;
            }
            moved = moves::told_by(record).is_some();
            is_out = membership
                .as_mut()
                .is_some_and(|membership| membership.sees(record));
            own.see(record);
            slow.follow(record, person);
            if changes_members(record.kind) {
                *audience = None;
            }
            // A guest who gave way with this name, before us: the list of members has the new one.
            let is_namesake = record.id < joined && record.kind == Kind::Nick && record.from == me;
            let is_seen = seen.is_some_and(|seen| record.id <= seen);
            shown.see(record);
            let is_told = record.kind != Kind::Profile;
            if is_told && !is_namesake && !is_seen && !ignored.hides(record) {
                sink.put(&Event::Record(record));
            }
        });
        self.room.moved = moved;
        self.bells.found(count, self.presence.watch.is_watchman());
        let changes = own.found();
        self.take_changes(changes, sink);
        self.put_changed(shown, sink);
        sink.put(&Event::BatchEnd);
        progress
    }

    /// What another connection of this person has changed holds for this one.
    fn take_changes(&mut self, changes: Changes, sink: &mut dyn Sink) {
        if changes == Changes::default() {
            return;
        }
        if let Some(color) = changes.color {
            self.me.color = color;
        }
        if let Some(nick) = changes.nick {
            if let Some(claim) = &mut self.presence.claim {
                claim.renamed_to(&nick);
            }
            self.me.nick = nick;
            self.verdict = Verdict::new(&self.room.dirs, &self.room.name);
        }
        self.turn(sink, None).show_you();
    }

    /// One page of what was missed; what lies behind its end is live already.
    fn read_page(&mut self, replay: Replay, sink: &mut dyn Sink) -> std::io::Result<Progress> {
        sink.put(&Event::PageStart(Span::Since(replay.since)));
        let (mut last, mut live) = (replay.since, false);
        let mut own = OwnChanges::of(&self.me.nick, &self.presence);
        let mut shown = Changed::default();
        let (slow, person) = (&mut self.slow, &self.me);
        let (membership, mut is_out) = (&mut self.membership, false);
        let mut moved = self.room.moved;
        let progress = self.room.tail.read(PAGE_BYTES, &mut |record| {
            own.see(record);
            if !live && record.id > replay.until {
                sink.put(&Event::PageEnd {
                    more: false,
                    cursor: None,
                });
                live = true;
            }
            slow.follow(record, person);
            shown.see(record);
            if live {
                if is_out || moved {
                    return;
                }
                moved = moves::told_by(record).is_some();
                is_out = membership
                    .as_mut()
                    .is_some_and(|membership| membership.sees(record));
                if record.kind != Kind::Profile {
                    sink.put(&Event::Record(record));
                }
                return;
            }
            last = last.max(record.id);
            if !record.may_be_old_whisper() && record.kind != Kind::Profile {
                sink.put(&Event::Past(record));
            }
        });
        self.room.moved = moved;
        let at_end = matches!(progress, Ok(Progress::Idle));
        let done = live || at_end || last >= replay.until;
        if !live {
            sink.put(&Event::PageEnd {
                more: !done,
                cursor: None,
            });
        }
        let changes = own.found();
        self.take_changes(changes, sink);
        self.put_changed(shown, sink);
        sink.put(&Event::BatchEnd);
        self.replay = (!done).then_some(Replay {
            since: last,
            ..replay
        });
        progress
    }
}

/// A name and a color that this person has taken from another connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    nick: Option<Nick>,
    color: Option<Color>,
}

/// Looks for them in what is read.
struct OwnChanges<'a> {
    nick: &'a Nick,
    /// What is older is this connection's own, or was known when it came.
    named: RecordId,
    colored: RecordId,
    found: Changes,
}

impl<'a> OwnChanges<'a> {
    fn of(nick: &'a Nick, presence: &Presence) -> Self {
        Self {
            nick,
            named: presence.named,
            colored: presence.colored,
            found: Changes::default(),
        }
    }

    fn see(&mut self, record: &Record<'_>) {
        if !matches!(record.kind, Kind::Nick | Kind::Color) {
            return;
        }
        let nick = self.found.nick.as_ref().unwrap_or(self.nick);
        if record.from != nick.as_str() {
            return;
        }
        if record.kind == Kind::Nick && record.id > self.named {
            self.found.nick = Nick::parse(&record.text).ok();
        } else if record.kind == Kind::Color && record.id > self.colored {
            let color = record.attr(attrs::COLOR);
            self.found.color = color.and_then(|color| Color::parse(&color));
        }
    }

    fn found(self) -> Changes {
        self.found
    }
}

fn changes_members(kind: Kind) -> bool {
    matches!(kind, Kind::Join | Kind::Quit | Kind::Nick)
}
