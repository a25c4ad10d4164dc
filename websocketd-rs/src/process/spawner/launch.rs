//! The start of one program by the spawner process: its pipes, directory, signals, process group and limits.

use std::ffi::{CStr, OsStr};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, prlimit, setrlimit};

use super::message::{self, Execution};
use super::terminal;
use crate::config::ResourceLimits;

/// Starts programs. They are handed to `posix_spawn(3)` as they came over the socket; the standard library would copy every
/// variable three times, into a map between.
#[derive(Debug)]
pub(super) struct Launcher {
    attributes: PosixSpawnAttr,
    /// Those of a program with a terminal.
    of_sessions: PosixSpawnAttr,
    /// What is done with the pipes, and their numbers, which are the same nearly every time.
    files: Option<([RawFd; Launcher::PIPES], PosixSpawnFileActions)>,
}

/// A program that runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Launched {
    /// Its process id, also that of its group.
    pub(super) pid: u32,
    /// It leads a kernel session, too.
    pub(super) leads_session: bool,
}

impl Launcher {
    /// Descriptors that come with a request: stdin, stdout and stderr of the program.
    pub(super) const PIPES: usize = 3;

    pub(super) fn new() -> io::Result<Self> {
        let defaults = defaults(ignored_signals()?);
        // 0: a group of its own.
        let mut attributes = attributes(PosixSpawnFlags::POSIX_SPAWN_SETPGROUP, &defaults)?;
        attributes.set_pgroup(Pid::from_raw(0))?;
        Ok(Self {
            attributes,
            // Keys of a terminal must stop what runs there, and its end must end it, whatever this process ignores: jobs that a
            // script starts in the background ignore ^C.
            of_sessions: self::attributes(terminal::SETSID, &self::defaults(0))?,
            files: None,
        })
    }

    /// Starts what `body` describes, with `pipes` as its stdin, stdout and stderr, or with a terminal, whose other end is sent over
    /// the one socket that came instead.
    ///
    /// # Errors
    /// What the exec, the directory or the limits are refused with; `EMFILE` when fewer descriptors came; `ENOSPC` when no terminal
    /// is left.
    pub(super) fn launch(&mut self, body: &[u8], pipes: Vec<OwnedFd>) -> io::Result<Launched> {
        let execution = message::decode(body).ok_or(Errno::BADMSG)?;
        let lowered = Lowered::to(execution.limits)?;
        let spawned = match execution.terminal {
            Some(size) => terminal::spawn(&execution, size, &self.of_sessions, pipes),
            None => self.spawn_piped(&execution, pipes),
        };
        drop(lowered);
        let pid = spawned?;
        if let Err(error) = limit(pid, execution.limits) {
            // Without the limits that were asked for it must not run.
            let _ = kill(pid, Signal::SIGKILL);
            return Err(error);
        }
        Ok(Launched {
            pid: u32::try_from(pid.as_raw()).map_err(io::Error::other)?,
            leads_session: execution.terminal.is_some(),
        })
    }

    fn spawn_piped(&mut self, execution: &Execution<'_>, pipes: Vec<OwnedFd>) -> io::Result<Pid> {
        // Fewer arrive when this process is out of descriptors.
        let pipes: [OwnedFd; Self::PIPES] = pipes.try_into().map_err(|_| Errno::MFILE)?;
        match execution.cwd {
            None => self.spawn(execution, &pipes),
            Some(dir) => spawn_in(dir, execution, pipes),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the spawner process starts programs here, and nowhere else but in spawn_in"
    )]
    fn spawn(
        &mut self,
        execution: &Execution<'_>,
        pipes: &[OwnedFd; Self::PIPES],
    ) -> io::Result<Pid> {
        let numbers = pipes.each_ref().map(AsRawFd::as_raw_fd);
        let files = match self.files.take() {
            Some((same, files)) if same == numbers => files,
            _ => redirect(numbers)?,
        };
        let files = &self.files.insert((numbers, files)).1;
        let Execution { argv, envp, .. } = execution;
        let program = *argv.first().ok_or(Errno::BADMSG)?;
        Ok(posix_spawn(program, files, &self.attributes, argv, envp)?)
    }
}

/// What holds for each program, and `flag`.
fn attributes(flag: PosixSpawnFlags, defaults: &SigSet) -> io::Result<PosixSpawnAttr> {
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_flags(
        flag | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK,
    )?;
    attributes.set_sigdefault(defaults)?;
    // This process blocks some.
    attributes.set_sigmask(&SigSet::empty())?;
    Ok(attributes)
}

/// Starts a program in a directory of its own, for which nix has no file action. For the spawner to go there and back is no way: its
/// own directory may be one that its user must not enter.
#[expect(clippy::disallowed_methods, reason = "as Launcher::spawn")]
fn spawn_in(
    dir: &CStr,
    execution: &Execution<'_>,
    pipes: [OwnedFd; Launcher::PIPES],
) -> io::Result<Pid> {
    let (program, arguments) = execution.argv.split_first().ok_or(Errno::BADMSG)?;
    let variables = execution.envp.iter().filter_map(|variable| {
        let variable = variable.to_bytes();
        let (name, value) = variable.split_at(memchr::memchr(b'=', variable)?);
        Some((OsStr::from_bytes(name), OsStr::from_bytes(&value[1..])))
    });
    let [stdin, stdout, stderr] = pipes.map(Stdio::from);
    let child = Command::new(os_str(program))
        .args(arguments.iter().map(|argument| os_str(argument)))
        .env_clear()
        .envs(variables)
        .current_dir(os_str(dir))
        .process_group(0)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .spawn()?;
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    Ok(Pid::from_raw(pid))
}

fn os_str(string: &CStr) -> &OsStr {
    OsStr::from_bytes(string.to_bytes())
}

/// Makes the descriptors `pipes` stdin, stdout and stderr.
fn redirect(pipes: [RawFd; Launcher::PIPES]) -> io::Result<PosixSpawnFileActions> {
    let mut files = PosixSpawnFileActions::init()?;
    for (pipe, number) in pipes.into_iter().zip(0..) {
        files.add_dup2(pipe, number)?;
    }
    Ok(files)
}

/// The signals that this process ignores, a bit each, from 1 on (`SigIgn` in `proc_pid_status(5)`).
///
/// # Errors
/// Without /proc.
pub fn ignored_signals() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.ok_or_else(|| io::Error::other("/proc/self/status has no SigIgn"))
}

/// The two real-time signals that glibc keeps to itself (nptl(7)): in no set of all, and ignored in what it starts.
const GLIBC_OWN: u64 = 0b11 << 31;

/// The signals that a program gets back to their default: SIGPIPE, which Rust's runtime ignores, and all that are not ignored. These
/// are it anyway; but glibc asks for the state of each signal that is not named before it sets it. What the daemon was started to
/// ignore (nohup(1)), programs ignore too.
fn defaults(ignored: u64) -> SigSet {
    let mut all = SigSet::all();
    let mut named = GLIBC_OWN;
    for signal in Signal::iterator() {
        let bit = 1 << (signal as i32 - 1);
        named |= bit;
        let is_fixed = matches!(signal, Signal::SIGKILL | Signal::SIGSTOP);
        if is_fixed || ignored & bit != 0 && signal != Signal::SIGPIPE {
            all.remove(signal);
        }
    }
    if ignored & !named == 0 {
        return all;
    }
    // A real-time signal, which can't be taken out by its name.
    let mut one = SigSet::empty();
    one.add(Signal::SIGPIPE);
    one
}

/// This process's own soft limits, lowered to those of the program that it starts, which inherits them: they hold from its
/// first instruction on, and for what it forks at once. [`limit`] then makes them hard, which can't be undone here.
struct Lowered(Vec<(Resource, Rlimit)>);

/// What this process needs itself to start another. Programs with less get their limits a moment after their start.
const OWN_MEMORY: u64 = 64 << 20;
const OWN_FILES: u64 = 16;

impl Lowered {
    /// `RLIMIT_NPROC` is left out: it counts all of the user's processes, and would refuse the start.
    fn to(limits: ResourceLimits) -> io::Result<Self> {
        let mut lowered = Self(Vec::new());
        for (resource, value) in [
            (Resource::Cpu, limits.cpu_seconds),
            (
                Resource::As,
                limits.memory_bytes.filter(|bytes| *bytes >= OWN_MEMORY),
            ),
            (
                Resource::Nofile,
                limits.open_files.filter(|files| *files >= OWN_FILES),
            ),
        ] {
            let Some(value) = value else { continue };
            let own = getrlimit(resource);
            let current = Some(own.maximum.map_or(value, |hard| value.min(hard)));
            setrlimit(resource, Rlimit { current, ..own })?;
            lowered.0.push((resource, own));
        }
        Ok(lowered)
    }
}

impl Drop for Lowered {
    fn drop(&mut self) {
        for (resource, own) in self.0.drain(..) {
            // Up to the hard limit, which has not changed, everybody may.
            let _ = setrlimit(resource, own);
        }
    }
}

/// Sets the limits of a process that has just been executed, soft and hard. Before the exec the hard ones would have to be
/// this process's own, for good.
fn limit(pid: Pid, limits: ResourceLimits) -> io::Result<()> {
    let all = [
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::As, limits.memory_bytes),
        (Resource::Nofile, limits.open_files),
        (Resource::Nproc, limits.processes),
    ];
    for (resource, value) in all {
        let Some(value) = value else { continue };
        let hard = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let value = Some(value.min(hard));
        let pid = rustix::process::Pid::from_raw(pid.as_raw());
        match prlimit(
            pid,
            resource,
            Rlimit {
                current: value,
                maximum: value,
            },
        ) {
            // It has ended already.
            Ok(_) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bit(signal: Signal) -> u64 {
        1 << (signal as i32 - 1)
    }

    #[test]
    fn what_is_ignored_stays_so_but_for_broken_pipes() {
        let set = defaults(bit(Signal::SIGPIPE) | bit(Signal::SIGHUP));
        assert!(set.contains(Signal::SIGPIPE) && set.contains(Signal::SIGCHLD));
        assert!(!set.contains(Signal::SIGHUP) && !set.contains(Signal::SIGKILL));
        assert!(defaults(GLIBC_OWN).contains(Signal::SIGCHLD));
        let beside_real_time = defaults(1 << 40);
        assert!(beside_real_time.contains(Signal::SIGPIPE));
        assert!(!beside_real_time.contains(Signal::SIGCHLD));
    }
}
