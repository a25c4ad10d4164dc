//! How fast an occupant may be.

use std::time::{Duration, Instant};

use crate::settings::Limits;
use crate::throttle::Throttle;
use chat_store::people::pace::{LIMITS, Left};
use chat_store::record::RecordId;

/// What is not a message (signals, hints, pings, pages of history) a second: a call between six
/// people starts with a few hundred candidates.
const SIDE_RATE: u32 = 100;
/// And at once.
const SIDE_BURST: u32 = 500;
/// Typing and read hints a second that are passed on; others are dropped, they are hints.
const HINT_RATE: u32 = 2;
/// And at once.
const HINT_BURST: u32 = 6;
/// Visits a second: each is two lines in the log.
const JOIN_RATE: u32 = 2;
/// And at once: a browser with many tabs comes back.
const JOIN_BURST: u32 = 40;

/// The throttles of one occupant, and the delay that they ask for.
#[derive(Debug)]
pub(super) struct Pace {
    talk: Throttle,
    side: Throttle,
    hints: Throttle,
    joins: Throttle,
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
            joins: Throttle::new(JOIN_RATE, JOIN_BURST, now),
            delay: Duration::ZERO,
        }
    }

    /// As it was when the same person, or whoever has the same address, left.
    pub(super) fn restore(&mut self, left: &Left) {
        let ago = RecordId::now()
            .as_micros()
            .saturating_sub(left.at.as_micros());
        let ago = Duration::from_micros(ago);
        for (throttle, thousandths) in self.kept().into_iter().zip(left.thousandths) {
            throttle.restore(thousandths, ago);
        }
    }

    /// What is to be remembered.
    pub(super) fn left(&mut self) -> Left {
        let now = Instant::now();
        Left {
            at: RecordId::now(),
            thousandths: self.kept().map(|throttle| throttle.left(now)),
        }
    }

    fn kept(&mut self) -> [&mut Throttle; LIMITS] {
        [
            &mut self.talk,
            &mut self.side,
            &mut self.hints,
            &mut self.joins,
        ]
    }

    /// Counts a visit; how long it is to wait.
    pub(super) fn charge_join(&mut self) -> Duration {
        self.joins.take(Instant::now()).delay
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
