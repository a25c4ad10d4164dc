//! How often somebody may make what stays when they have left: rooms, sessions. Kept with the limits of
//! messages, so that coming back is no way around it.

use std::time::{Duration, Instant};

use crate::identity::counted::Counted;
use crate::journal;
use crate::throttle::Throttle;
use chat_store::fs::dirs::Dirs;
use chat_store::people::pace::{self as table, LIMITS, Left};
use chat_store::record::RecordId;

/// One thing in so long, and so many at once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The time after which there may be another.
    pub every: Duration,
    /// At once.
    pub burst: u32,
}

/// What somebody may make.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// The things, in the plural: no two quotas have one name.
    pub what: &'static str,
    /// For an account or an address.
    pub each: Pace,
    /// For all together of whom neither is known.
    pub unknown: Pace,
}

impl Quota {
    /// Counts one of the things, if whoever is `counted` may make it now. What cannot be read or written
    /// keeps nobody out.
    pub fn take(&self, dirs: &Dirs, counted: &Counted) -> bool {
        let now = Instant::now();
        let Pace { every, burst } = if counted.is_unknown {
            self.unknown
        } else {
            self.each
        };
        let mut throttle = Throttle::slow(every, burst, now);
        let owner = format!("{} of {}", self.what, counted.name);
        match table::load(dirs, &owner) {
            Ok(Some(left)) => {
                let ago = RecordId::now()
                    .as_micros()
                    .saturating_sub(left.at.as_micros());
                throttle.restore(left.thousandths[0], Duration::from_micros(ago));
            }
            Ok(None) => {}
            Err(error) => journal::note(format_args!("how many {} were made: {error}", self.what)),
        }
        let may = throttle.allows(now);
        let left = Left {
            at: RecordId::now(),
            thousandths: [throttle.left(now); LIMITS],
        };
        if let Err(error) = table::save(dirs, &owner, &left) {
            journal::note(format_args!("how many {} were made: {error}", self.what));
        }
        may
    }
}
