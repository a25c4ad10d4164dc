//! What a server and all it started cost, from /proc (proc(5)).

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Nanoseconds of one clock tick: `USER_HZ` is 100 on every Linux that is in use.
const TICK_NANOS: u64 = 10_000_000;

/// Handlers whose memory is read: `smaps_rollup` walks page tables, and they are all alike.
const SAMPLED_HANDLERS: usize = 100;

/// Longest wait until the handlers of closed connections have gone.
const END_TIMEOUT: Duration = Duration::from_secs(30);

/// The processes below one process, and which of them are the server.
#[derive(Debug, Clone)]
pub struct Group {
    /// All descendants of this process belong; itself too, unless it is the load program.
    pub root: u32,
    /// Whose executable is this file is the server; what else there is, are handlers.
    pub server: PathBuf,
}

/// CPU time in nanoseconds since the processes began.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// Server, handlers, and what they started and waited for.
    pub all: u64,
    /// The server's own processes.
    pub server: u64,
}

impl Cpu {
    /// What was used since `earlier`, in microseconds for each of `count`: of all, and of the server.
    pub fn each_since(self, earlier: Self, count: u64) -> (f64, f64) {
        let each = |now: u64, then: u64| now.saturating_sub(then) as f64 / 1e3 / count as f64;
        (
            each(self.all, earlier.all),
            each(self.server, earlier.server),
        )
    }
}

/// Memory in KiB, and descriptors.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// Proportional set size of the server's processes.
    pub server_pss: f64,
    /// Open files of the server's processes.
    pub server_fds: f64,
    /// Processes that are not the server.
    pub handlers: f64,
    /// Private pages of one of them, mean of a sample.
    pub handler_private: f64,
    /// Slab, kernel stacks, page tables and per-CPU memory of the whole machine.
    pub kernel: f64,
}

/// CPU time so far of a process, all below it and what they waited for, in nanoseconds.
pub fn tree_nanos(root: u32) -> u64 {
    let server = PathBuf::new();
    Group { root, server }.cpu().all
}

/// Private memory of a process, in KiB.
pub fn private(pid: u32) -> f64 {
    rollup(pid, "Private_Clean:") + rollup(pid, "Private_Dirty:")
}

#[derive(Debug)]
struct Process {
    pid: u32,
    parent: u32,
    /// CPU time of the whole process, in ticks.
    own_ticks: u64,
    /// CPU time of the children it has waited for.
    reaped_ticks: u64,
    threads: u64,
}

impl Group {
    /// CPU time so far.
    pub fn cpu(&self) -> Cpu {
        let mut cpu = Cpu { all: 0, server: 0 };
        for process in self.processes() {
            let own = process.own_nanos();
            cpu.all += own + process.reaped_ticks * TICK_NANOS;
            if self.is_server(process.pid) {
                cpu.server += own;
            }
        }
        cpu
    }

    /// Memory now.
    pub fn memory(&self) -> Memory {
        // First of all: to look into /proc costs the kernel memory for each process that is looked at.
        let kernel = kernel();
        let (servers, handlers): (Vec<_>, Vec<_>) = self
            .processes()
            .iter()
            .map(|process| process.pid)
            .partition(|&pid| self.is_server(pid));
        let sampled = handlers.len().min(SAMPLED_HANDLERS);
        let sample = handlers.iter().rev().take(sampled);
        let private: f64 = sample.map(|&pid| private(pid)).sum();
        Memory {
            server_pss: servers.iter().map(|&pid| rollup(pid, "Pss:")).sum(),
            server_fds: servers.iter().map(|&pid| descriptors(pid)).sum(),
            handlers: handlers.len() as f64,
            handler_private: private / sampled.max(1) as f64,
            kernel,
        }
    }

    /// How many processes there are that are not the server.
    pub fn handlers(&self) -> usize {
        let processes = self.processes();
        processes
            .iter()
            .filter(|process| !self.is_server(process.pid))
            .count()
    }

    /// Waits until no more than `count` of these are there.
    pub fn wait_for_handlers(&self, count: usize) -> io::Result<()> {
        let deadline = Instant::now() + END_TIMEOUT;
        while self.handlers() > count {
            if Instant::now() > deadline {
                return Err(io::Error::other("handlers of closed connections stay"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// All process ids.
    pub fn pids(&self) -> Vec<u32> {
        self.processes().iter().map(|process| process.pid).collect()
    }

    fn is_server(&self, pid: u32) -> bool {
        fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == self.server)
    }

    fn processes(&self) -> Vec<Process> {
        let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
        let mut found = Vec::new();
        for pid in all_pids() {
            let Some(process) = Process::read(pid) else {
                continue;
            };
            if pid == self.root {
                found.push(process);
            } else {
                children.entry(process.parent).or_default().push(process);
            }
        }
        let mut done = 0;
        while let Some(process) = found.get(done) {
            done += 1;
            let below = children.remove(&process.pid).unwrap_or_default();
            found.extend(below);
        }
        found.retain(|process| process.pid != std::process::id());
        found
    }
}

impl Process {
    /// `None` when it has gone.
    fn read(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, which may hold anything, ends with the last parenthesis; `state` is field 3 of proc_pid_stat(5).
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            pid,
            parent: u32::try_from(field(4)?).ok()?,
            own_ticks: field(14)? + field(15)?,
            reaped_ticks: field(16)? + field(17)?,
            threads: field(20)?,
        })
    }

    /// Precise for the threads that live; with those that have ended it is precise to a tick.
    fn own_nanos(&self) -> u64 {
        let of = |path: &Path| -> u64 {
            let text = fs::read_to_string(path).unwrap_or_default();
            let first = text.split_ascii_whitespace().next();
            first.and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
        };
        let dir = PathBuf::from(format!("/proc/{}", self.pid));
        let live = if self.threads <= 1 {
            of(&dir.join("schedstat"))
        } else {
            let tasks = fs::read_dir(dir.join("task")).into_iter().flatten();
            tasks
                .filter_map(Result::ok)
                .map(|task| of(&task.path().join("schedstat")))
                .sum()
        };
        live.max(self.own_ticks * TICK_NANOS)
    }
}

fn all_pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn descriptors(pid: u32) -> f64 {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0.0, |entries| entries.count() as f64)
}

fn rollup(pid: u32, key: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    field_of(&text, key)
}

/// Has the kernel give back what it keeps for objects that are gone, so that what is counted from here on is not served from that.
/// For root alone; without it the first thousand connections look cheaper than the rest.
pub fn shrink_slabs() {
    for cache in fs::read_dir("/sys/kernel/slab")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
    {
        let _ = fs::write(cache.path().join("shrink"), "1");
    }
}

fn kernel() -> f64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    ["Slab:", "KernelStack:", "PageTables:", "Percpu:"]
        .iter()
        .map(|key| field_of(&text, key))
        .sum()
}

fn field_of(text: &str, key: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let value = line.and_then(|rest| rest.split_ascii_whitespace().next());
    value.and_then(|value| value.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};

    use super::*;

    fn group() -> Group {
        Group {
            root: std::process::id(),
            server: fs::canonicalize("/bin/sh").unwrap(),
        }
    }

    #[test]
    fn work_of_a_child_and_of_those_it_waited_for_is_counted() {
        let _alone = crate::server::tests::CHILDREN.lock();
        let mut shell = Command::new("/bin/sh")
            .args([
                "-c",
                "(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done) & wait; echo done; read line",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0; 5];
        shell
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut line)
            .unwrap();
        let cpu = group().cpu();
        assert!(
            cpu.all >= TICK_NANOS,
            "a loop of 200,000 takes more than a tick: {cpu:?}"
        );
        assert!(
            cpu.server < cpu.all,
            "what ended is not the server's own: {cpu:?}"
        );
        let memory = group().memory();
        assert!(memory.server_pss > 0.0 && memory.server_fds >= 3.0 && memory.kernel > 0.0);
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }
}
