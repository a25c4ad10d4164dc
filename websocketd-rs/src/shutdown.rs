//! The signal table.
//!
//! | signal | what the daemon does |
//! |---|---|
//! | TERM, INT | stops: no new connection, sessions are closed with 1001, their handlers end; a second one ends at once |
//! | HUP | reads configuration, certificates and log file again |
//! | PIPE | is ignored, as Rust programs do: a write to a closed socket is an error of that connection |

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
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

impl Signals {
    /// Takes the signals over from their default actions. Must be called inside the runtime.
    ///
    /// # Errors
    /// When the kernel refuses a handler.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
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
