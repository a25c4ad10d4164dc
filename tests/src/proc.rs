//! What the kernel knows of processes: `/proc` and pidfds.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::deadline::DEADLINE;

/// One process; the start time tells it from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Parent's id.
    pub parent: u32,
    /// Process group.
    pub group: u32,
    /// Kernel session.
    pub session: u32,
    /// State letter of proc(5): `Z` is a zombie.
    pub state: char,
    /// Clock ticks after boot.
    pub started: u64,
    /// The program's short name.
    pub name: String,
}

impl Process {
    /// The process with this id, if there is one.
    pub fn find(pid: u32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        parse_stat(&String::from_utf8_lossy(&stat))
    }

    /// Whether it is dead: gone, or a zombie that only waits for its parent.
    pub fn has_ended(&self) -> bool {
        match Self::find(self.pid) {
            Some(now) => now.started != self.started || now.state == 'Z',
            None => true,
        }
    }
}

/// Every process there is.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Process::find)
        .collect()
}

/// The processes of a kernel session, its leader included: what a daemon started with `setsid` and all that it started,
/// also orphans.
pub fn in_session(session: u32) -> Vec<Process> {
    all()
        .into_iter()
        .filter(|process| process.session == session)
        .collect()
}

/// The direct children of a process.
pub fn children(parent: u32) -> Vec<Process> {
    all()
        .into_iter()
        .filter(|process| process.parent == parent)
        .collect()
}

/// The children of a process, their children, and so on.
pub fn descendants(ancestor: u32) -> Vec<Process> {
    let everyone = all();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for child in everyone.iter().filter(|process| process.parent == parent) {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found
}

/// The program a process runs; `None` when it has ended.
pub fn program_of(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

/// Open file descriptors of a process.
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Whether a process listens on this port of 127.0.0.1. Asking the kernel, not the port, leaves no connection behind
/// and can't mistake another program's listener for it.
pub fn listens_on(pid: u32, port: u16) -> bool {
    // Of the network that the process is in, which need not be ours.
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap_or_default();
    let local = format!("0100007F:{port:04X}");
    let inodes = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // proc_net_tcp: state 0A is LISTEN, the tenth field is the inode.
        let listens = fields.get(1) == Some(&local.as_str()) && fields.get(3) == Some(&"0A");
        listens.then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))?
    });
    let inodes: Vec<String> = inodes.collect();
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let targets = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.into_iter().any(|target| {
        inodes
            .iter()
            .any(|inode| target.as_os_str() == inode.as_str())
    })
}

/// Threads of a process.
pub fn threads(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// Resident anonymous memory of a process in KiB.
pub fn anonymous_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// Waits until the process has ended (a zombie has).
///
/// # Panics
/// When it lives on past the deadline.
#[track_caller]
pub fn wait_until_ended(pid: u32) {
    assert!(
        has_ended_within(pid, DEADLINE),
        "process {pid} never ended: {:?}",
        Process::find(pid)
    );
}

/// Whether the process ended within `patience`; woken by its end.
pub fn has_ended_within(pid: u32, patience: Duration) -> bool {
    let number = i32::try_from(pid).expect("the kernel's ids are below 2^22");
    let Some(id) = rustix::process::Pid::from_raw(number) else {
        return true;
    };
    // No such process: it has ended and was reaped.
    let Ok(pidfd) = pidfd_open(id, PidfdFlags::empty()) else {
        return true;
    };
    let patience = Timespec::try_from(patience).expect("a patience fits");
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    matches!(poll(&mut fds, Some(&patience)), Ok(1..))
}

fn parse_stat(stat: &str) -> Option<Process> {
    // The name may hold blanks and parentheses: it ends at the last one.
    let (head, tail) = stat.rsplit_once(") ")?;
    let (pid, name) = head.split_once(" (")?;
    let fields: Vec<&str> = tail.split(' ').collect();
    Some(Process {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_is_parsed() {
        let stat = "7 (a) (b c)) S 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0";
        let process = parse_stat(stat).unwrap();
        assert_eq!(
            (process.pid, process.parent, process.group, process.session),
            (7, 1, 2, 3)
        );
        assert_eq!(
            (process.name.as_str(), process.state, process.started),
            ("a) (b c)", 'S', 99)
        );
    }

    #[test]
    fn this_process_is_found_and_lives() {
        let me = Process::find(std::process::id()).unwrap();
        assert!(!me.has_ended());
        assert!(open_files(me.pid) > 2 && threads(me.pid) > 0);
    }

    #[test]
    fn a_listener_is_known_by_its_owner() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(listens_on(std::process::id(), port));
        assert!(!listens_on(1, port));
    }
}
