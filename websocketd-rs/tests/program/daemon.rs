//! Runs the real binary: once to its end, or as a daemon that is ended when the test is.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What was read of the log so far.
    pub(crate) log: String,
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_websocketd-rs"));
    command.args(words).env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs to the end, which must come by itself.
pub(crate) fn run(words: &[&str]) -> Ran {
    run_in(Path::new("."), words)
}

/// As [`run`], in the directory `dir`.
pub(crate) fn run_in(dir: &Path, words: &[&str]) -> Ran {
    let output = command(words)
        .current_dir(dir)
        .output()
        .expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("texts are UTF-8");
    Ran {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl Daemon {
    /// Starts it and waits until signals and clients are heard.
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::start_with(words, |_| {})
    }

    /// As [`Daemon::start`], with changes to the command.
    pub(crate) fn start_with(words: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let words = [&["--loglevel=trace"], words].concat();
        let mut command = command(&words);
        change(&mut command);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let mut daemon = Self {
            child,
            stdout,
            log: String::new(),
        };
        daemon.read_until("| Ready\n");
        daemon
    }

    /// As [`Daemon::start`], by a shell that runs `preparation` first.
    pub(crate) fn start_after(preparation: &str, words: &[&str]) -> Self {
        Self::start_with(words, |command| {
            let mut shell = Command::new("/bin/sh");
            shell
                .args(["-c", &format!("{preparation} && exec \"$0\" \"$@\"")])
                .arg(command.get_program())
                .args(command.get_args())
                .stdin(Stdio::null());
            *command = shell;
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads the log until a line holds `text`, which must come; gives the line.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).expect("the log is UTF-8");
            assert!(read > 0, "the log ended without {text:?}:\n{}", self.log);
            self.log.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// As [`Daemon::read_until`], unless such a line has been read already.
    pub(crate) fn read_until_logged(&mut self, text: &str) {
        if !self.log.contains(text) {
            self.read_until(text);
        }
    }

    /// The ports of the announced addresses that begin with `scheme://`, in their order.
    pub(crate) fn ports(&self, scheme: &str) -> Vec<u16> {
        let start = format!(" : {scheme}://");
        let addresses = self.log.lines().filter_map(|line| line.split_once(&start));
        addresses
            .map(|(_, address)| {
                address
                    .trim_end_matches('/')
                    .rsplit_once(':')
                    .expect("a port")
                    .1
            })
            .map(|port| port.parse().expect("a number"))
            .collect()
    }

    /// The first port of `ws`.
    pub(crate) fn port(&self) -> u16 {
        self.ports("ws")
            .first()
            .or(self.ports("wss").first())
            .copied()
            .expect("an address")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), signal).expect("the daemon runs");
    }

    /// Sends TERM and waits for the end; the exit code, and the rest of the log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal(Signal::SIGTERM);
        self.end()
    }

    /// Waits for the end; the exit code, and the rest of the log.
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout
            .read_to_string(&mut rest)
            .expect("the log is UTF-8");
        (self.child.wait().expect("our child").code(), rest)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of `tests/data`.
pub(crate) fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    path.into_os_string()
        .into_string()
        .expect("the path is UTF-8")
}
