//! The service manager (`sd_notify(3)`): ready, whether records are put in order, alive, stopping. Without one, and when
//! it does not listen, there is nobody to be told.

use std::fmt::Display;
use std::time::{Duration, Instant};

use sd_notify::NotifyState::{Ready, Status, Stopping, Watchdog};

/// What is told to the manager.
#[derive(Debug)]
pub struct Supervisor {
    /// Between two signs of life; none is wanted without a watchdog.
    every: Option<Duration>,
    due: Instant,
    status: String,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self {
            // Twice as often as required: `sd_watchdog_enabled(3)`.
            every: sd_notify::watchdog_enabled().map(|limit| limit / 2),
            due: Instant::now(),
            status: String::new(),
        }
    }
}

impl Supervisor {
    /// The files are open: what is submitted from now on is found. The engine may still be away.
    pub fn ready(&self) {
        let _ = sd_notify::notify(&[Ready]);
    }

    /// What `systemctl status` shows; told when it changes.
    pub fn status(&mut self, status: impl Display) {
        let status = status.to_string();
        if self.status != status {
            let _ = sd_notify::notify(&[Status(&status)]);
            self.status = status;
        }
    }

    /// To be called by whoever does the work, at least once a second: a thread that is stuck gives no sign of life.
    pub fn alive(&mut self) {
        let now = Instant::now();
        if let Some(every) = self.every
            && now >= self.due
        {
            self.due = now + every;
            let _ = sd_notify::notify(&[Watchdog]);
        }
    }

    /// No more is taken.
    pub fn stopping(&self) {
        let _ = sd_notify::notify(&[Stopping]);
    }
}
