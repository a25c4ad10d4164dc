//! The end of a handler: stdin closed, then the ladder of signals on its process group, as data.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Ended, Exit};

/// What follows the closing of stdin, and when: websocketd's times (each step is `--closems` later still).
pub const LADDER: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_millis(100)),
    (Signal::SIGTERM, Duration::from_millis(350)),
    (Signal::SIGKILL, Duration::from_millis(850)),
];

/// How often a group whose leader is gone is looked at again: nothing tells when the last member of a group ends.
const GROUP_POLL: Duration = Duration::from_millis(10);

/// How long to wait for the exit of a process that was killed; longer means that it is stuck in the kernel.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Ends the process group `pid`, whose leader's stdin the caller has just closed: waits for it to leave by
/// itself, then climbs the [`LADDER`], each step `delay` later than the one before. Returns when leader and
/// group are gone, or were killed.
pub async fn end(pid: u32, exit: &mut Exit, delay: Duration) -> Ended {
    exit.mark_ending();
    let start = Instant::now();
    let mut later = Duration::ZERO;
    for (signal, after) in LADDER {
        later += delay;
        if let Some(ended) = gone_before(pid, exit, start + after + later).await {
            return ended;
        }
        exit.signal(pid, signal).await;
    }
    tokio::time::timeout(KILL_TIMEOUT, exit.wait())
        .await
        .unwrap_or(Ended::Unknown)
}

async fn gone_before(pid: u32, exit: &mut Exit, deadline: Instant) -> Option<Ended> {
    let ended = timeout_at(deadline, exit.wait()).await.ok()?;
    while group_exists(pid) {
        let next = Instant::now() + GROUP_POLL;
        if next > deadline {
            sleep_until(deadline).await;
            return None;
        }
        sleep_until(next).await;
    }
    Some(ended)
}

/// Whether any process of the group lives (one of another user counts). While one does, the kernel gives
/// its number to nobody else.
pub(super) fn group_exists(group: u32) -> bool {
    !matches!(killpg(raw(group), None), Err(Errno::ESRCH))
}

/// Sends a signal to a process group of this process's own user.
pub(super) fn send(group: u32, signal: Signal) {
    // ESRCH: it went in the meantime, which is what we want.
    let _ = killpg(raw(group), signal);
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("the kernel's pids fit in i32"))
}
