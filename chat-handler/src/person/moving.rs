//! A machine of several that is to be stopped sends its people to the others: not in one moment, each goes at one of
//! their own.

use std::time::{Duration, Instant};

use super::Person;
use crate::journal;
use crate::occupant::Bye;

/// So long at least somebody is waited for who was sent to another machine: what their page needs for the way, with a
/// server or two on it that do not answer. When they have come there they are waited for no longer.
const WAY: Duration = Duration::from_secs(15);

impl Person<'_> {
    /// Looks whether this machine's people are to go. True if that is news: the others do not look so often.
    pub(super) fn look_at_drain(&mut self) -> bool {
        let Some(machine) = self.settings.machine() else {
            return false;
        };
        let (left, was_known) = (machine.time_to_go(), self.goes_at.is_some());
        self.goes_at = left.map(|left| {
            let latest = Instant::now() + left;
            // Drawn once, unless less time is left than was given then.
            let drawn = self.goes_at.filter(|at| *at <= latest);
            drawn.unwrap_or_else(|| Instant::now() + share_of(left))
        });
        left.is_some() && !was_known
    }

    /// The end, if their moment has come and nobody has thought better of it.
    pub(super) fn go_if_time(&mut self, until: Instant) -> Result<(), Bye> {
        if self.goes_at.is_none_or(|at| at > until) {
            return Ok(());
        }
        self.look_at_drain();
        self.goes_at.map_or(Ok(()), |_| Err(Bye::Draining))
    }

    /// How long they are waited for if they go now, who have `grace` otherwise.
    pub(super) fn grace_for_the_way(&self) -> Duration {
        if self.visit.comes_back {
            WAY
        } else {
            Duration::ZERO
        }
    }
}

/// Anything up to `left`, by chance.
fn share_of(left: Duration) -> Duration {
    match getrandom::u32() {
        Ok(chance) => left.mul_f64(f64::from(chance) / f64::from(u32::MAX)),
        Err(error) => {
            journal::note(format_args!("no chance: {error}"));
            left
        }
    }
}
