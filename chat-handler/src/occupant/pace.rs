//! How fast an occupant may be.

use std::time::{Duration, Instant};

use crate::settings::Limits;
use crate::throttle::Throttle;

/// What is not a message (signals, hints, pings, pages of history) a second: a call between six
/// people starts with a few hundred candidates.
const SIDE_RATE: u32 = 100;
/// And at once.
const SIDE_BURST: u32 = 500;
/// Typing and read hints a second that are passed on; others are dropped, they are hints.
const HINT_RATE: u32 = 2;
/// And at once.
const HINT_BURST: u32 = 6;

/// The throttles of one occupant, and the delay that they ask for.
#[derive(Debug)]
pub(super) struct Pace {
    talk: Throttle,
    side: Throttle,
    hints: Throttle,
    /// How long nothing more is to be taken from the client.
    delay: Duration,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        Self {
            talk: Throttle::new(limits.rate, limits.burst, now),
            side: Throttle::new(SIDE_RATE, SIDE_BURST, now),
            hints: Throttle::new(HINT_RATE, HINT_BURST, now),
            delay: Duration::ZERO,
        }
    }

    /// Counts a message. Too many are not refused: the next is taken later. True if they are to be told.
    pub(super) fn charge_talk(&mut self) -> bool {
        let cost = self.talk.take(Instant::now());
        self.delay = self.delay.max(cost.delay);
        cost.notice
    }

    /// Counts what is no message.
    pub(super) fn charge_side(&mut self) {
        self.delay = self.delay.max(self.side.take(Instant::now()).delay);
    }

    /// Whether a hint may be passed on.
    pub(super) fn allows_hint(&mut self, now: Instant) -> bool {
        self.hints.take(now).delay.is_zero()
    }

    pub(super) fn take_delay(&mut self) -> Duration {
        std::mem::take(&mut self.delay)
    }
}
