//! A client that has promised to be heard again soon: who then says nothing has lost the connection, whoever
//! still holds it open.

use std::time::{Duration, Instant};

/// The longest that a client may promise.
const LONGEST: Duration = Duration::from_secs(300);

/// What a client has promised, and when it was heard last.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    promised: Option<(Duration, Instant)>,
    /// For how long it has not answered pings, when it was given up for that.
    unreachable: Duration,
}

impl Heartbeat {
    /// It will be heard again within so many seconds; zero: nobody knows when.
    pub(super) fn promise(&mut self, seconds: u64) {
        let within = Duration::from_secs(seconds).min(LONGEST);
        self.promised = (!within.is_zero()).then(|| (within, Instant::now()));
    }

    /// It was heard; or it could not be, since nobody listened.
    pub(super) fn heard(&mut self) {
        if let Some((_, last)) = &mut self.promised {
            *last = Instant::now();
        }
    }

    /// When the promise is broken.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.promised.map(|(within, last)| last + within)
    }

    /// For how long nothing was heard, once the promise is broken.
    pub(super) fn silence(&self) -> Option<Duration> {
        let (within, last) = self.promised?;
        Some(last.elapsed()).filter(|silence| *silence >= within)
    }

    /// It has not answered pings for so long.
    pub(super) fn was_unreachable(&mut self, silence: Duration) {
        self.unreachable = silence;
    }

    /// For how long nothing was heard of it at all, as far as that is known.
    pub(super) fn whole_silence(&self) -> Duration {
        self.silence().unwrap_or_default().max(self.unreachable)
    }
}
