//! The spawner's children: which run, and how to learn of each end without looking at all of them.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Children up to which all are looked at whenever one has ended. waitpid(2) for any child asks each of them, which with 4,000
/// takes 0.2 ms.
pub(super) const FEW: usize = 64;

/// With more than [`FEW`], which one has ended is known by its signal, or by the daemon, which saw its pipes close. Signals that come
/// together are one (signal(7)), so that all are looked at, too, but not more often than this.
const SWEEP_DELAY: Duration = Duration::from_millis(50);

/// All that were started and not reaped.
#[derive(Debug, Default)]
pub(super) struct Children {
    running: HashSet<u32>,
    /// Those of them whose pipes have closed: they are about to end.
    closing: HashSet<u32>,
    sweep_at: Option<Instant>,
}

/// Which child ended, and how: a wait status as of `wait(2)`.
pub(super) type Reaped = (u32, i32);

impl Children {
    pub(super) fn add(&mut self, pid: u32) {
        self.running.insert(pid);
    }

    /// Their ids, which are also those of their groups.
    pub(super) fn ids(&self) -> Vec<u32> {
        self.running.iter().copied().collect()
    }

    /// How long until all are to be looked at, if that is to be.
    pub(super) fn sweep_in(&self) -> Option<Duration> {
        let at = self.sweep_at?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// Takes a signal: at least one child has ended, perhaps `pid`. Those that are found are handed to `report`.
    pub(super) fn on_signal(
        &mut self,
        pid: Option<u32>,
        report: &mut impl FnMut(Reaped) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.running.len() <= FEW {
            return self.sweep(report);
        }
        self.sweep_at
            .get_or_insert_with(|| Instant::now() + SWEEP_DELAY);
        if let Some(pid) = pid {
            self.reap(pid, report)?;
        }
        for pid in self.closing.clone() {
            self.reap(pid, report)?;
        }
        Ok(())
    }

    /// Looks whether `pid` has ended, as it will soon: its pipes have closed.
    pub(super) fn on_closed(
        &mut self,
        pid: u32,
        report: &mut impl FnMut(Reaped) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.running.contains(&pid) {
            self.closing.insert(pid);
            self.reap(pid, report)?;
        }
        Ok(())
    }

    /// Looks at all if it is time for that.
    pub(super) fn sweep_if_due(
        &mut self,
        report: &mut impl FnMut(Reaped) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.sweep_in() == Some(Duration::ZERO) {
            self.sweep(report)?;
        }
        Ok(())
    }

    /// Reaps every one that has ended.
    pub(super) fn sweep(
        &mut self,
        report: &mut impl FnMut(Reaped) -> io::Result<()>,
    ) -> io::Result<()> {
        self.sweep_at = None;
        while let Some(reaped) = reap(None) {
            self.take(reaped, report)?;
        }
        Ok(())
    }

    fn reap(
        &mut self,
        pid: u32,
        report: &mut impl FnMut(Reaped) -> io::Result<()>,
    ) -> io::Result<()> {
        // Not 0, which would be any of this process's own group.
        let child = i32::try_from(pid).ok().filter(|&pid| pid > 0);
        if let Some(reaped) = child.and_then(|pid| reap(Some(Pid::from_raw(pid)))) {
            self.take(reaped, report)?;
        }
        Ok(())
    }

    /// Not every child was started here: what outlives its parent becomes one, and is reaped without a word.
    fn take(
        &mut self,
        reaped: Reaped,
        report: &mut impl FnMut(Reaped) -> io::Result<()>,
    ) -> io::Result<()> {
        self.closing.remove(&reaped.0);
        if self.running.remove(&reaped.0) {
            report(reaped)?;
        }
        Ok(())
    }

    /// Whether `pid` was started here and runs.
    pub(super) fn contains(&self, pid: u32) -> bool {
        self.running.contains(&pid)
    }
}

fn reap(which: Option<Pid>) -> Option<Reaped> {
    loop {
        let (pid, status) = match waitpid(which, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) => (pid, (code & 0xff) << 8),
            Ok(WaitStatus::Signaled(pid, signal, core)) => {
                (pid, signal as i32 | if core { 0x80 } else { 0 })
            }
            Err(Errno::EINTR) => continue,
            _ => return None,
        };
        return Some((pid.as_raw().unsigned_abs(), status));
    }
}
