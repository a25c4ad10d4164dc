//! Runs the real binary: once to its end, or as a daemon that is ended when the test is.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::lines::Stream;
use e2e::program::Program;
use e2e::transport::Endpoint;
use nix::sys::signal::Signal;

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A running daemon; killed when dropped, with all that it started.
pub(crate) struct Daemon {
    program: Program,
    /// Lines of the log that were read.
    read: usize,
    /// What was read of the log so far.
    pub(crate) log: String,
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(e2e::under_test::beside("websocketd-rs"));
    command.args(words).env("TZ", "UTC");
    command
}

/// Runs to the end, which must come by itself.
pub(crate) fn run(words: &[&str]) -> Ran {
    run_in(Path::new("."), words)
}

/// As [`run`], in the directory `dir`.
pub(crate) fn run_in(dir: &Path, words: &[&str]) -> Ran {
    let finished = Program::run(command(words).current_dir(dir));
    Ran {
        code: finished.status.code(),
        stdout: finished.stdout,
        stderr: finished.stderr,
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
        Self::ready(Program::start(&command))
    }

    /// As [`Daemon::start`], with `socket` as descriptor 3, as a service manager passes it.
    pub(crate) fn start_on(socket: OwnedFd, words: &[&str]) -> Self {
        let words = [&["--loglevel=trace"], words].concat();
        let command = command(&words);
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\" 3<&0 </dev/null";
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", script])
            .arg(command.get_program())
            .args(command.get_args())
            .env("TZ", "UTC");
        Self::ready(Program::start_with_stdin(&shell, Stdio::from(socket)))
    }

    fn ready(program: Program) -> Self {
        let mut daemon = Self {
            program,
            read: 0,
            log: String::new(),
        };
        // In both formats of the log.
        daemon.read_until("Ready");
        daemon
    }

    /// As [`Daemon::start`], by a shell that runs `preparation` first.
    pub(crate) fn start_after(preparation: &str, words: &[&str]) -> Self {
        Self::start_with(words, |command| {
            let mut shell = Command::new("/bin/sh");
            shell
                .args(["-c", &format!("{preparation} && exec \"$0\" \"$@\"")])
                .arg(command.get_program())
                .args(command.get_args());
            *command = shell;
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Reads the log until a line holds `text`, which must come; gives the line.
    #[track_caller]
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        loop {
            let line = self.program.output.line_after(self.read, Stream::Stdout);
            let Some((next, line)) = line else {
                panic!("the log ended without {text:?}:\n{}", self.log)
            };
            assert!(line.utf8, "the log is UTF-8: {line:?}");
            self.read = next;
            let line = line.text + "\n";
            self.log.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// As [`Daemon::read_until`], unless such a line has been read already.
    #[track_caller]
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
                    .trim_end_matches(['/', '"', '}'])
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

    /// That port of the loopback, without TLS.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port())))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.program.signal(signal);
    }

    /// Sends TERM and waits for the end, its own and that of all it started; the exit code, and the rest of the log.
    #[track_caller]
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal(Signal::SIGTERM);
        let ended = self.end();
        self.program.assert_family_gone();
        ended
    }

    /// As [`Daemon::stop`], for programs that may leave something.
    #[track_caller]
    pub(crate) fn stop_leaving(mut self) -> (Option<i32>, String) {
        self.signal(Signal::SIGTERM);
        self.end()
    }

    /// Waits for the end; the exit code, and the rest of the log.
    #[track_caller]
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let status = self.program.wait();
        let all = self.program.output.to_the_end();
        let rest = all.into_iter().skip(self.read);
        let rest = rest.filter(|line| line.stream == Stream::Stdout);
        let rest = rest.inspect(|line| assert!(line.utf8, "the log is UTF-8: {line:?}"));
        (status.code(), rest.map(|line| line.text + "\n").collect())
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
