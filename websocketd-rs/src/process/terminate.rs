//! The end of a program: stdin closed, then the ladder of signals on its process group, as data.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::program::{Pipes, Program};
use super::spawner::SESSION_ID;
use super::{Ended, Exit, Inquiry};
use crate::logging::Fields;

/// What follows the closing of stdin, and when: websocketd's times (each step is `--closems` later still).
pub(super) const LADDER: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_millis(100)),
    (Signal::SIGTERM, Duration::from_millis(350)),
    (Signal::SIGKILL, Duration::from_millis(850)),
];

/// How often a group whose leader is gone is looked at again: the kernel does not report when the last member of a group ends.
const GROUP_POLL: Duration = Duration::from_millis(10);

/// How long to wait for the exit of a process that was killed; longer means that it is stuck in the kernel.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for the report of an exit that has begun.
const EXIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes read at once of what is dropped.
const SCRAP: usize = 4096;

/// A program on its way out: it gets what is left for its stdin and then the end of it. Its stdout is read and dropped, since a
/// program that cleans up must not be killed by SIGPIPE for words that nobody reads; its stderr is logged.
#[derive(Debug)]
pub struct Termination<'a> {
    drain: Drain<'a>,
    pid: u32,
    leads_session: bool,
    exit: &'a mut Exit,
}

#[derive(Debug)]
struct Drain<'a> {
    pipes: &'a mut Pipes,
    /// What is left for stdin.
    rest: Vec<u8>,
    /// To be sent when both outputs are closed.
    inquiry: Option<Inquiry>,
    fields: &'a Fields,
}

impl<'a> Termination<'a> {
    pub(super) fn new(program: &'a mut Program, rest: Vec<u8>, fields: &'a Fields) -> Self {
        let Program {
            pid,
            leads_session,
            pipes,
            exit,
        } = program;
        if *leads_session {
            // The terminal hangs up: the kernel sends SIGHUP to the leader, and ends the input of all (tty_ioctl(4)).
            (pipes.stdin, pipes.stdout) = (None, None);
        }
        let drain = Drain {
            pipes,
            rest,
            inquiry: Some(exit.inquiry(*pid)),
            fields,
        };
        Self {
            drain,
            pid: *pid,
            leads_session: *leads_session,
            exit,
        }
    }

    /// Waits for the exit, at most `limit`; `None` when the program still runs.
    pub async fn wait(&mut self, limit: Duration) -> Option<Ended> {
        self.drain
            .until(timeout(limit, self.exit.wait()))
            .await
            .ok()
    }

    /// The same for a program that has closed its output. When that was because it exits, a busy machine only delays the report:
    /// it is waited for.
    pub async fn wait_for_status(&mut self, limit: Duration) -> Option<Ended> {
        match self.wait(limit).await {
            None if is_exiting(self.pid) => self.wait(EXIT_TIMEOUT).await,
            ended => ended,
        }
    }

    /// Waits for the program to leave by itself, then climbs the [`LADDER`], each step `delay` later than the one before.
    /// Returns when the process group is gone, or was killed, and all that it has written to stderr is logged.
    pub async fn terminate(mut self, delay: Duration) -> Ended {
        let ended = self.drain.until(climb(self.pid, self.exit, delay)).await;
        // What the dead program left in its pipes.
        self.drain.until(std::future::ready(())).await;
        if let Some(id) = self
            .drain
            .fields
            .id
            .as_ref()
            .filter(|id| id.len() == SESSION_ID)
        {
            let session = self.leads_session.then_some(self.pid);
            self.exit.end_strays(id, session).await;
        }
        ended
    }
}

impl Drain<'_> {
    async fn until<T>(&mut self, done: impl Future<Output = T>) -> T {
        let mut done = pin!(done);
        poll_fn(|cx| {
            self.poll(cx);
            done.as_mut().poll(cx)
        })
        .await
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if self.poll_stdin(cx).is_ready() {
            self.pipes.stdin = None;
        }
        self.pipes.stderr.poll_log(cx, self.fields);
        self.poll_stdout(cx);
        if self.pipes.stdout.is_none()
            && !self.pipes.stderr.is_open()
            && let Some(inquiry) = self.inquiry.take()
        {
            inquiry.send();
        }
    }

    fn poll_stdin(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(stdin) = &mut self.pipes.stdin {
            if self.rest.is_empty() {
                break;
            }
            match ready!(Pin::new(stdin).poll_write(cx, &self.rest)) {
                Ok(n) => drop(self.rest.drain(..n)),
                Err(_) => break,
            }
        }
        Poll::Ready(())
    }

    fn poll_stdout(&mut self, cx: &mut Context<'_>) {
        let mut scrap = [0; SCRAP];
        while let Some(stdout) = &mut self.pipes.stdout {
            let mut buf = ReadBuf::new(&mut scrap);
            match Pin::new(stdout).poll_read(cx, &mut buf) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => self.pipes.stdout = None,
            }
        }
    }
}

/// Climbs the [`LADDER`] for the process group `pid`, whose stdin is closed or will be.
async fn climb(pid: u32, exit: &mut Exit, delay: Duration) -> Ended {
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
    timeout(KILL_TIMEOUT, exit.wait())
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

/// Whether the process is on its way out, or gone. The kernel closes files only after it has marked a process that exits.
fn is_exiting(pid: u32) -> bool {
    /// In the ninth field of `proc_pid_stat(5)`, that the process exits (`include/linux/sched.h`).
    const PF_EXITING: u64 = 4;
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return true;
    };
    // The second field is the name, in parentheses, which may hold any of them.
    let flags = stat
        .rsplit_once(')')
        .and_then(|(_, fields)| fields.split_whitespace().nth(6))
        .and_then(|flags| flags.parse::<u64>().ok());
    flags.is_none_or(|flags| flags & PF_EXITING != 0)
}

/// Sends a signal to a process group of this process's own user.
pub(super) fn send(group: u32, signal: Signal) {
    // ESRCH: it went in the meantime, which is what we want.
    let _ = killpg(raw(group), signal);
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("the kernel's pids fit in i32"))
}
