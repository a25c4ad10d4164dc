//! How fast a connection may be.

use std::time::{Duration, Instant};

use crate::settings::Limits;
use crate::throttle::Throttle;
use chat_store::people::pace::{LIMITS, Left};
use chat_store::record::RecordId;

/// What goes beside the messages (signals, hints, pings) a second: a call between six people starts
/// with a few hundred candidates. What is too much is refused, not delayed: a page answers the signals
/// of strangers, and these must not hold up what its owner says.
const SIDE_RATE: u32 = 100;
/// And at once.
const SIDE_BURST: u32 = 500;
/// A larger one counts as one more for so many bytes: what waits for a reader that stands still takes
/// memory.
const SIDE_BYTES: usize = 16 * 1024;
/// Refused requests a second that are read: to refuse costs next to nothing. Who sends more is a
/// program, and is read more slowly.
const REFUSED_RATE: u32 = 1000;
/// And at once.
const REFUSED_BURST: u32 = 2000;
/// Pages of history a second, each up to 4 MiB of log; the next is read later.
const PAGE_RATE: u32 = 5;
/// And at once: somebody scrolls back through a week.
const PAGE_BURST: u32 = 40;
/// Reactions a second: what is too much is refused, and holds up no message.
const REACTION_RATE: u32 = 3;
/// And at once.
const REACTION_BURST: u32 = 30;
/// Typing and read hints a second that are passed on; others are dropped, they are hints.
const HINT_RATE: u32 = 2;
/// And at once.
const HINT_BURST: u32 = 6;
/// Visits a second: each is two lines in the log.
const JOIN_RATE: u32 = 2;
/// And at once: a browser with many tabs comes back.
const JOIN_BURST: u32 = 40;

/// Rooms a second that are entered over a connection that is there; the next request is read later.
const ROOM_RATE: u32 = 5;
/// And at once: all of one's rooms, twice.
const ROOM_BURST: u32 = 100;

/// The throttles of one connection, and the delay that they ask for.
#[derive(Debug)]
pub(super) struct Pace {
    talk: Throttle,
    side: Throttle,
    hints: Throttle,
    joins: Throttle,
    pages: Throttle,
    reactions: Throttle,
    rooms: Throttle,
    refused: Throttle,
    /// Refusals that are told: one a second.
    told: Throttle,
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
            pages: Throttle::new(PAGE_RATE, PAGE_BURST, now),
            reactions: Throttle::new(REACTION_RATE, REACTION_BURST, now),
            rooms: Throttle::new(ROOM_RATE, ROOM_BURST, now),
            refused: Throttle::new(REFUSED_RATE, REFUSED_BURST, now),
            told: Throttle::new(1, 1, now),
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
            &mut self.pages,
            &mut self.rooms,
        ]
    }

    /// Counts a visit; how long it is to wait.
    pub(super) fn charge_join(&mut self) -> Duration {
        self.joins.take(Instant::now()).delay
    }

    /// Nothing more is to be taken from the client for so long.
    pub(super) fn delay(&mut self, delay: Duration) {
        self.delay = self.delay.max(delay);
    }

    /// Counts a message. Too many are not refused: the next is taken later. True if they are to be told.
    pub(super) fn charge_talk(&mut self) -> bool {
        let cost = self.talk.take(Instant::now());
        self.delay = self.delay.max(cost.delay);
        cost.notice
    }

    /// Counts a room that is entered: the next request is taken later if there are too many.
    pub(super) fn charge_room(&mut self) {
        self.delay = self.delay.max(self.rooms.take(Instant::now()).delay);
    }

    /// Counts a page of history: the next request is taken later if there are too many.
    pub(super) fn charge_page(&mut self) {
        self.delay = self.delay.max(self.pages.take(Instant::now()).delay);
    }

    /// Counts a reaction. False: it is one too many.
    pub(super) fn charge_reaction(&mut self) -> bool {
        let now = Instant::now();
        if self.reactions.allows(now) {
            return true;
        }
        self.delay = self.delay.max(self.refused.take(now).delay);
        false
    }

    /// Counts what goes beside the messages, of so many bytes. Never delays unless what was refused is a flood itself.
    pub(super) fn charge_side(&mut self, bytes: usize) -> Side {
        let now = Instant::now();
        let count = 1 + u32::try_from(bytes / SIDE_BYTES).unwrap_or(u32::MAX - 1);
        if self.side.allows_many(count, now) {
            return Side::Served;
        }
        self.delay = self.delay.max(self.refused.take(now).delay);
        Side::Refused {
            told: self.told.allows(now),
        }
    }

    /// Whether a hint may be passed on.
    pub(super) fn allows_hint(&mut self, now: Instant) -> bool {
        self.hints.allows(now)
    }

    pub(super) fn take_delay(&mut self) -> Duration {
        std::mem::take(&mut self.delay)
    }
}

/// What becomes of a request beside the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Served,
    Refused {
        /// Whether they are to be told this time.
        told: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        let text = "[global]\nBASE_DIR=/x";
        let settings = crate::settings::Settings::parse(text, "/x.ini".as_ref());
        Pace::new(&settings.expect("settings").limits)
    }

    #[test]
    fn what_goes_beside_the_messages_delays_none() {
        let mut pace = pace();
        let mut told = 0;
        for _ in 0..SIDE_BURST + REFUSED_BURST {
            told += u32::from(pace.charge_side(0) == Side::Refused { told: true });
        }
        assert!(told >= 1, "nothing was refused");
        assert_eq!(pace.take_delay(), Duration::ZERO);
    }

    #[test]
    fn a_flood_is_read_more_slowly() {
        let mut pace = pace();
        let delayed = (0..100_000).any(|_| {
            pace.charge_side(0);
            !pace.take_delay().is_zero()
        });
        assert!(delayed);
    }

    #[test]
    fn many_pages_of_history_are_taken_later() {
        let mut pace = pace();
        let delayed = (0..1000).any(|_| {
            pace.charge_page();
            !pace.take_delay().is_zero()
        });
        assert!(delayed);
    }
}
