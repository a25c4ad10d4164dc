//! Processes that left the group of the program they come from, as what `timeout` or a shell with `set -m` starts does. They
//! end with its session. One that made a kernel session of its own (setsid(2)) wants to outlive it, and may. A program with a
//! terminal leads a kernel session from its start: there all of that one end, which are a shell's jobs.
//!
//! The spawner is their nearest subreaper (`PR_SET_CHILD_SUBREAPER`, prctl(2)): when their parents have ended they are its
//! children. Which session they belong to is in their environment, by an id that nobody can guess.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getpgid, getpgrp, getsid};

/// Bytes of a `UNIQUE_ID`.
pub(in crate::process) const ID: usize = 32;

/// The id of a session.
pub(super) type Id = [u8; ID];

/// How long after a session's end they are looked for: many sessions that end together are one look.
const LOOK_DELAY: Duration = Duration::from_millis(50);

/// How long after TERM what still runs is killed: as in the ladder.
const KILL_DELAY: Duration = Duration::from_millis(500);

/// Whose stray a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    /// That of a program with pipes.
    Piped(Id),
    /// The kernel session of this leader, which had a terminal.
    Kernel(u32),
}

/// Strays of sessions that have ended.
#[derive(Debug, Default)]
pub(super) struct Strays {
    ended: Vec<Session>,
    /// Leaders of the kernel sessions of which something may be left.
    kernel_sessions: HashSet<u32>,
    /// No session goes on: the daemon is gone.
    all_ended: bool,
    /// Those that got TERM, and when.
    warned: HashMap<u32, Instant>,
    look_at: Option<Instant>,
}

impl Strays {
    /// A program has started that leads a kernel session.
    pub(super) fn on_session(&mut self, leader: u32) {
        self.kernel_sessions.insert(leader);
    }

    /// A session has ended, with its program's group. `leader`: the program led a kernel session.
    pub(super) fn on_end(&mut self, id: Id, leader: Option<u32>) {
        self.ended
            .push(leader.map_or(Session::Piped(id), Session::Kernel));
        self.look_at
            .get_or_insert_with(|| Instant::now() + LOOK_DELAY);
    }

    /// All sessions have ended, also those whose program is gone already and can't tell which it was.
    pub(super) fn on_end_of_all(&mut self) {
        self.all_ended = true;
    }

    /// How long until they are to be looked for, if that is to be.
    pub(super) fn look_in(&self) -> Option<Duration> {
        let at = self.look_at?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// Looks for strays, if it is time for that, and signals them. `is_program`: whether a child is a program whose leader it is.
    pub(super) fn look_if_due(&mut self, is_program: impl Fn(u32) -> bool) {
        if self.look_in() == Some(Duration::ZERO) {
            self.look(is_program);
        }
    }

    /// Whether there was any at the last look.
    pub(super) fn is_empty(&self) -> bool {
        self.look_at.is_none()
    }

    /// As [`Self::look_if_due`], at once.
    pub(super) fn look(&mut self, is_program: impl Fn(u32) -> bool) {
        let mut found = HashMap::new();
        let mut still = Vec::new();
        let mut alive = HashSet::new();
        for pid in children().into_iter().filter(|pid| !is_program(*pid)) {
            let session = self.session_of(pid);
            if let Some(Session::Kernel(leader)) = session {
                alive.insert(leader);
            }
            let has_ended = |session: &Session| self.all_ended || self.ended.contains(session);
            let Some(session) = session.filter(has_ended) else {
                continue;
            };
            let warned = self.warned.get(&pid).copied();
            match warned {
                None => signal(pid, Signal::SIGTERM),
                Some(at) if at.elapsed() >= KILL_DELAY => signal(pid, Signal::SIGKILL),
                Some(_) => {}
            }
            found.insert(pid, warned.unwrap_or_else(Instant::now));
            still.push(session);
        }
        self.kernel_sessions
            .retain(|leader| is_program(*leader) || alive.contains(leader));
        // What these leave behind when they end is a stray of the same session.
        self.ended.retain(|session| still.contains(session));
        self.look_at = (!found.is_empty()).then(|| Instant::now() + LOOK_DELAY);
        self.warned = found;
    }

    /// The session that a process belongs to, if it is one of ours.
    fn session_of(&self, pid: u32) -> Option<Session> {
        let process = Pid::from_raw(i32::try_from(pid).ok()?);
        let session = getsid(Some(process)).ok()?;
        let leader = session.as_raw().unsigned_abs();
        if self.kernel_sessions.contains(&leader) {
            return Some(Session::Kernel(leader));
        }
        if session != getsid(None).ok()? {
            return None;
        }
        id_of(pid).map(Session::Piped)
    }
}

/// The children of this process, which has one thread. Empty where the kernel does not list them (`CONFIG_PROC_CHILDREN`).
fn children() -> Vec<u32> {
    let list = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    list.split_ascii_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// The id of the session that a process was started for.
fn id_of(pid: u32) -> Option<Id> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    variables.find_map(|variable| variable.strip_prefix(b"UNIQUE_ID=")?.try_into().ok())
}

/// To its whole group, if it leads one that is not ours.
fn signal(pid: u32, signal: Signal) {
    let Ok(raw) = i32::try_from(pid) else { return };
    let process = Pid::from_raw(raw);
    // It may be gone already, which is what we want.
    let _ = match getpgid(Some(process)) {
        Ok(group) if group != getpgrp() => killpg(group, signal),
        _ => kill(process, signal),
    };
}
