//! When a shared program that has ended starts again. Pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Restart;
use crate::process::Ended;

/// The pause before the first start after a failure; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// A program that lived so long has not failed at its start.
const SOUND_LIFE: Duration = Duration::from_secs(10);

/// Failures one after another with which it is given up.
const MAX_FAILURES: u32 = 5;

/// What follows a program's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A start after this pause.
    Start(Duration),
    /// Nothing: its end is that of its clients' sessions.
    Stay,
    /// Nothing: it fails again and again.
    GiveUp,
}

/// Counts failures.
#[derive(Debug)]
pub(super) struct Backoff {
    policy: Restart,
    failures: u32,
    started: Instant,
}

impl Backoff {
    /// For a program that starts now.
    pub(super) fn new(policy: Restart) -> Self {
        Self {
            policy,
            failures: 0,
            started: Instant::now(),
        }
    }

    /// It runs again.
    pub(super) fn started(&mut self, now: Instant) {
        self.started = now;
    }

    /// It ended, or did not start.
    pub(super) fn after(&mut self, ended: Ended, now: Instant) -> Next {
        let failed = ended.failure().is_some();
        match self.policy {
            Restart::Never => return Next::Stay,
            Restart::OnFailure if !failed => return Next::Stay,
            Restart::OnFailure | Restart::Always => {}
        }
        if now.duration_since(self.started) >= SOUND_LIFE {
            self.failures = 0;
        }
        if !failed {
            return Next::Start(FIRST_PAUSE);
        }
        self.failures += 1;
        // What follows a start that failed is counted from there.
        self.started = now;
        if self.failures >= MAX_FAILURES {
            return Next::GiveUp;
        }
        Next::Start(FIRST_PAUSE * 2_u32.pow(self.failures - 1))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn exit(status: i32) -> Ended {
        Ended::Status(ExitStatus::from_raw(status << 8))
    }

    #[test]
    fn pauses_double_until_it_is_given_up() {
        let mut backoff = Backoff::new(Restart::OnFailure);
        let now = backoff.started;
        let pauses = [100, 200, 400, 800].map(|ms| Next::Start(Duration::from_millis(ms)));
        for pause in pauses {
            assert_eq!(backoff.after(exit(1), now), pause);
        }
        assert_eq!(backoff.after(exit(1), now), Next::GiveUp);
    }

    #[test]
    fn a_long_life_forgives() {
        let mut backoff = Backoff::new(Restart::OnFailure);
        let now = backoff.started;
        for _ in 0..4 {
            let _ = backoff.after(exit(1), now);
        }
        let next = backoff.after(exit(1), now + SOUND_LIFE);
        assert_eq!(next, Next::Start(FIRST_PAUSE));
    }

    #[test]
    fn policies() {
        let after = |policy, status| {
            let mut backoff = Backoff::new(policy);
            let now = backoff.started;
            backoff.after(exit(status), now)
        };
        let start = Next::Start(FIRST_PAUSE);
        assert_eq!(after(Restart::Never, 1), Next::Stay);
        assert_eq!(after(Restart::OnFailure, 0), Next::Stay);
        assert_eq!(after(Restart::OnFailure, 1), start);
        assert_eq!(after(Restart::Always, 0), start);
        assert_eq!(after(Restart::Always, 1), start);
    }
}
