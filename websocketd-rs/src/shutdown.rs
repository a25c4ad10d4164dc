//! The signal table.
//!
//! | signal | what the daemon does |
//! |---|---|
//! | TERM, INT | stops: no new connection, sessions are closed with 1001, their handlers end; a second one ends at once |
//! | HUP | reads configuration, certificates and log file again; stops when it means that the terminal which the daemon was started at is gone, or that terminal's user sent it and there is nothing to read |
//! | PIPE | is ignored, as Rust programs do: a write to a closed socket is an error of that connection |

use std::io;

use nix::sys::signal::{self, SigSet};
use rustix::fs::{Mode, OFlags};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::process::ignored_signals;

/// What a signal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Stop; given again, stop at once.
    Stop,
    /// Stop: the terminal is gone. The kernel and a shell may both say so, and mean no haste.
    HangUp,
    /// Read the configuration again.
    Reload,
}

/// The signals, from now on.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// The daemon was started at a terminal, and not by nohup(1).
    lives_with_terminal: bool,
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
        // Before there is a handler in the place of what the daemon was started with.
        let lives_with_terminal = is_at_terminal() && !is_hangup_ignored()?;
        let signals = Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            lives_with_terminal,
        };
        table().thread_unblock()?;
        Ok(signals)
    }

    /// Waits for the next order; `has_files` to read again. Cancel safe: no signal is lost when the future is dropped.
    pub async fn next(&mut self, has_files: bool) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::Stop,
            _ = self.interrupt.recv() => Order::Stop,
            _ = self.hangup.recv() => self.hang_up(has_files),
        }
    }

    /// What HUP means. Without a terminal it comes from a service manager, whose order to reload is no reason to stop.
    fn hang_up(&self, has_files: bool) -> Order {
        if self.lives_with_terminal && !(has_files && is_at_terminal()) {
            Order::HangUp
        } else {
            Order::Reload
        }
    }
}

/// Whether this process has a controlling terminal (tty(4)). The kernel takes it away before it sends HUP for its end.
fn is_at_terminal() -> bool {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open("/dev/tty", flags, Mode::empty()).is_ok()
}

/// Whether this process ignores HUP, as nohup(1) has it (`SigIgn` in `proc_pid_status(5)`).
fn is_hangup_ignored() -> io::Result<bool> {
    Ok(ignored_signals()? & 1 << (signal::SIGHUP as i32 - 1) != 0)
}
