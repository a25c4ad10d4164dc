//! A program under test: its output kept, its whole family of processes ended with it.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::deadline::{DEADLINE, eventually};
use crate::lines::{Lines, Stream};
use crate::proc::{self, Process};

/// A running program, leader of a kernel session of its own, so that everything it starts can be counted and ended,
/// also what it left as an orphan. `Drop` kills the whole session.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// What it prints.
    pub output: Lines,
}

/// What a program did that ended by itself.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

impl Finished {
    /// The exit code, 128 + N after signal N.
    pub fn code(&self) -> i32 {
        exit_code(self.status)
    }
}

/// The exit code, 128 + N after signal N, as a shell tells it.
pub fn exit_code(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

impl Program {
    /// Starts `command` with no stdin and its output captured.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(command: &Command) -> Self {
        Self::start_with_stdin(command, Stdio::null())
    }

    /// The same with an open file as its stdin.
    #[track_caller]
    pub fn start_with_stdin(command: &Command, stdin: Stdio) -> Self {
        // setsid(1) becomes the program itself: same pid, now leader of its session.
        let mut leader = Command::new("setsid");
        leader.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => leader.env(name, value),
                None => leader.env_remove(name),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            leader.current_dir(dir);
        }
        leader
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = leader.spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}", command.get_program().display())
        });
        let output = Lines::default();
        output.follow(Stream::Stdout, child.stdout.take().expect("piped"));
        output.follow(Stream::Stderr, child.stderr.take().expect("piped"));
        Self { child, output }
    }

    /// Runs `command` to its end.
    ///
    /// # Panics
    /// When it does not end before the deadline.
    #[track_caller]
    pub fn run(command: &Command) -> Finished {
        let mut program = Self::start(command);
        let status = program.wait();
        let lines = program.output.to_the_end();
        let text = |stream| -> String {
            let of_stream = lines.iter().filter(|line| line.stream == stream);
            of_stream
                .flat_map(|line| [line.text.as_str(), "\n"])
                .collect()
        };
        Finished {
            status,
            stdout: text(Stream::Stdout),
            stderr: text(Stream::Stderr),
        }
    }

    /// Its process id, which is also its session's.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it, and it alone, a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself already, which the caller finds out by waiting.
        let _ = kill(pid_of(self.child.id()), signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// After the deadline.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let ended = proc::has_ended_within(self.child.id(), DEADLINE);
        assert!(
            ended,
            "never ended. What it printed: {:#?}",
            self.output.so_far()
        );
        self.child.wait().expect("it is our child")
    }

    /// Its end, if it has ended.
    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// SIGTERM, then waits for the end.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// Living processes of its session, itself not counted.
    pub fn family(&self) -> Vec<Process> {
        let everyone = proc::in_session(self.pid());
        everyone
            .into_iter()
            .filter(|process| process.pid != self.pid() && process.state != 'Z')
            .collect()
    }

    /// Waits until nothing that it started lives.
    ///
    /// # Panics
    /// With the list of what is left after the deadline.
    #[track_caller]
    pub fn assert_family_gone(&self) {
        eventually("everything it started has ended", || {
            let left = self.family();
            left.is_empty().then_some(())
        });
    }

    /// Kills the whole session.
    fn kill_session(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A child may be starting another one while we look: look until none is left.
        for _ in 0..100 {
            let left = self.family();
            if left.is_empty() {
                return;
            }
            for process in left {
                let _ = kill(pid_of(process.pid), Signal::SIGKILL);
                proc::has_ended_within(process.pid, Duration::from_secs(1));
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill_session();
    }
}

/// nix's form of a process id.
pub fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("the kernel's ids are below 2^22"))
}

/// A command for `program` whose argv[0] is `name`.
pub fn named(program: &str, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg0(name);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn streams_and_status_are_kept_apart() {
        let finished = Program::run(&shell("echo out; echo err >&2; exit 3"));
        assert_eq!(finished.code(), 3);
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.as_str()),
            ("out\n", "err\n")
        );
        assert_eq!(Program::run(&shell("kill -9 $$")).code(), 137);
    }

    #[test]
    fn an_orphan_is_seen_and_ended_by_drop() {
        let mut program = Program::start(&shell("sleep 1000 & echo started $!; kill -9 $$"));
        let line = program.output.wait_for(&["started"]);
        let orphan: u32 = line.rsplit(' ').next().unwrap().parse().unwrap();
        program.wait();
        assert_eq!(
            program
                .family()
                .iter()
                .map(|process| process.pid)
                .collect::<Vec<_>>(),
            [orphan]
        );
        drop(program);
        proc::wait_until_ended(orphan);
    }

    #[test]
    fn a_process_group_of_its_own_is_still_family() {
        let program = Program::start(&shell("set -m; sleep 1000 & echo started; wait"));
        program.output.wait_for(&["started"]);
        let family = program.family();
        assert!(
            family.iter().any(|process| process.group != program.pid()),
            "{family:?}"
        );
    }
}
