//! The start of one program by the spawner process: its pipes, directory, signals, process group and limits.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, chdir, fchdir, getrlimit, prlimit, setrlimit};

use super::message::{self, Execution};
use crate::config::ResourceLimits;

/// Starts programs. They are handed to `posix_spawn(3)` as they came over the socket; the standard library would copy every
/// variable three times, into a map between.
#[derive(Debug)]
pub(super) struct Launcher {
    attributes: PosixSpawnAttr,
    /// The spawner's working directory, which is that of programs without one of their own.
    home: OwnedFd,
}

impl Launcher {
    /// Descriptors that come with a request: stdin, stdout and stderr of the program.
    pub(super) const PIPES: usize = 3;

    pub(super) fn new() -> io::Result<Self> {
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_flags(
            PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK,
        )?;
        // 0: a group of its own.
        attributes.set_pgroup(Pid::from_raw(0))?;
        // Rust's runtime ignores it, which a program would inherit; and this process blocks some.
        let mut ignored = SigSet::empty();
        ignored.add(Signal::SIGPIPE);
        attributes.set_sigdefault(&ignored)?;
        attributes.set_sigmask(&SigSet::empty())?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            attributes,
            home: open(".", flags, Mode::empty())?,
        })
    }

    /// Starts what `body` tells, with `pipes` as its stdin, stdout and stderr: its process id, also that of its group.
    ///
    /// # Errors
    /// What the exec, the directory or the limits are refused with; `EMFILE` when fewer pipes came.
    pub(super) fn launch(&self, body: &[u8], pipes: Vec<OwnedFd>) -> io::Result<u32> {
        let execution = message::decode(body).ok_or(Errno::BADMSG)?;
        // Fewer arrive when this process is out of descriptors.
        let pipes: [OwnedFd; Self::PIPES] = pipes.try_into().map_err(|_| Errno::MFILE)?;
        let lowered = Lowered::to(execution.limits)?;
        let spawned = self.spawn(&execution, &pipes);
        drop(lowered);
        let pid = spawned?;
        if let Err(error) = limit(pid, execution.limits) {
            // Without the limits that were asked for it must not run.
            let _ = kill(pid, Signal::SIGKILL);
            return Err(error);
        }
        u32::try_from(pid.as_raw()).map_err(io::Error::other)
    }

    fn spawn(&self, execution: &Execution<'_>, pipes: &[OwnedFd]) -> io::Result<Pid> {
        let mut files = PosixSpawnFileActions::init()?;
        for (pipe, number) in pipes.iter().zip(0..) {
            files.add_dup2(pipe.as_raw_fd(), number)?;
        }
        let _away = execution.cwd.map(|dir| self.visit(dir)).transpose()?;
        let Execution { argv, envp, .. } = execution;
        let program = *argv.first().ok_or(Errno::BADMSG)?;
        Ok(posix_spawn(program, &files, &self.attributes, argv, envp)?)
    }

    /// Makes `dir` this process's own working directory, for as long as what is returned lives: its one thread starts one program
    /// after the other.
    fn visit(&self, dir: &CStr) -> io::Result<Visit<'_>> {
        chdir(dir)?;
        Ok(Visit(&self.home))
    }
}

/// A stay in another directory than the spawner's own.
struct Visit<'a>(&'a OwnedFd);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        // Refused only if it may not be entered any more; nothing could be started in it then.
        let _ = fchdir(self.0);
    }
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
