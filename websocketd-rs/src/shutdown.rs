//! The signal table.
//!
//! | signal | what the daemon does |
//! |---|---|
//! | TERM, INT | stops: no new connection, sessions are closed with 1001, their handlers end; a second one ends at once |
//! | HUP | reads configuration, certificates and log file again |
//! | PIPE | is ignored, as Rust programs do: a write to a closed socket is an error of that connection |

use std::io;

use nix::sys::signal::{self, SigSet};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Stop; given again, stop at once.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// The signals, from now on.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

/// Blocks the signals of the table until [`Signals::listen`]: one that came in between would end the process by its
/// default action and leave a Unix socket's file behind. To be called before any thread is started.
///
/// # Errors
/// When the kernel refuses.
pub fn defer() -> io::Result<()> {
    Ok(table().thread_block()?)
}

fn table() -> SigSet {
    SigSet::from_iter([signal::SIGTERM, signal::SIGINT, signal::SIGHUP])
}

impl Signals {
    /// Takes the signals over from their default actions, those that [`defer`] held back too. Must be called inside the
    /// runtime, on the thread that called [`defer`]: all others keep them blocked.
    ///
    /// # Errors
    /// When the kernel refuses a handler.
    pub fn listen() -> io::Result<Self> {
        let signals = Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        };
        table().thread_unblock()?;
        Ok(signals)
    }

    /// Waits for the next order. Cancel safe: no signal is lost when the future is dropped.
    pub async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::Stop,
            _ = self.interrupt.recv() => Order::Stop,
            _ = self.hangup.recv() => Order::Reload,
        }
    }
}
