//! When the others in the room are woken.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use crate::journal;
use chat_store::bell::Bell;

/// In a rush, the others are woken for newcomers at most once in this time for each who is there, which
/// is a fourth of a CPU: to be woken and to render it costs one of them 25 microseconds. In a room of a
/// thousand that is every tenth of a second, in a room of ten it is at once.
const RUSH_PAUSE: Duration = Duration::from_micros(100);
/// And never later.
const LONGEST_RUSH_PAUSE: Duration = Duration::from_millis(200);

/// The room's bell, and what is to be rung.
#[derive(Debug)]
pub(super) struct Bells {
    room: Bell,
    /// Something was written since it was rung.
    due: bool,
    /// Whatever happens, the others are woken by then.
    at: Option<Instant>,
    /// It has reported how it was found. What it reports from then on is news.
    heard: bool,
    /// The log is looked at although nobody has rung.
    unrung: bool,
}

impl Bells {
    pub(super) fn new(room: Bell) -> Self {
        Self {
            room,
            due: false,
            at: None,
            heard: false,
            unrung: false,
        }
    }

    pub(super) fn room(&self) -> BorrowedFd<'_> {
        self.room.as_fd()
    }

    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// Something was written.
    pub(super) fn set_due(&mut self) {
        self.due = true;
    }

    /// It has rung: that woke those who were to be woken for this person's coming, too.
    pub(super) fn rang(&mut self) {
        self.unrung = false;
        if std::mem::replace(&mut self.heard, true) {
            self.at = None;
        }
    }

    /// The log is about to be looked at although nobody has rung.
    pub(super) fn not_rung(&mut self) {
        self.unrung = true;
    }

    /// So many records were new. Another program may have written them, which does not ring: then the watchman does,
    /// because the others look once a minute.
    pub(super) fn found(&mut self, records: usize, is_watchman: bool) {
        self.due |= std::mem::take(&mut self.unrung) && records > 0 && is_watchman;
    }

    /// Wakes the others if anything was written: once for many records.
    pub(super) fn ring(&mut self, room: &str) {
        self.due |= self.at.is_some_and(|at| at <= Instant::now());
        if !std::mem::take(&mut self.due) {
            return;
        }
        self.at = None;
        if let Err(error) = self.room.ring() {
            journal::note(format_args!("the bell of {room} cannot be rung: {error}"));
        }
    }

    /// Wakes the others for a newcomer, at once or, in a rush, a moment later: many newcomers are then
    /// announced in one go. Who comes into a room of a thousand would else wake a thousand, who keep the
    /// next one waiting. `silence`: how long nobody had written anything.
    pub(super) fn ring_for_join(&mut self, room: &str, others: usize, silence: Duration) {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        let pause = RUSH_PAUSE.saturating_mul(others).min(LONGEST_RUSH_PAUSE);
        if self.due && silence < pause {
            self.due = false;
            self.at = Some(Instant::now() + pause);
        }
        self.ring(room);
    }

    /// The last ring of who leaves: nothing waits for a moment that does not come.
    pub(super) fn ring_last(&mut self, room: &str) {
        self.due |= self.at.is_some();
        self.ring(room);
    }

    /// True if the bell is a new one, with a new descriptor. One that cannot be made is tried again.
    pub(super) fn reopen_if_replaced(&mut self) -> bool {
        let replaced = self.room.reopen_if_replaced().unwrap_or(false);
        self.heard &= !replaced;
        replaced
    }
}
