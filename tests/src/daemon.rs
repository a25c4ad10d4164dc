//! A daemon under test, on a port of its own.

use std::ffi::{OsStr, OsString};
use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::Signal;
use rustls::ClientConfig;

use crate::deadline::eventually;
use crate::http::{self, Response};
use crate::lines::Lines;
use crate::proc::{self, Process};
use crate::program::{Finished, Program};
use crate::raw::RawSocket;
use crate::transport::Endpoint;
use crate::under_test::Subject;
use crate::ws::Client;

/// Where [`free_port`] looks: below what the kernel chooses, above what services have.
const PORTS: Range<u16> = 12_000..32_000;

/// How often a port that another program took in the meantime is replaced by another one.
const PORT_TRIES: usize = 20;

/// How a daemon is to be started.
#[derive(Debug, Clone)]
#[must_use = "a daemon that is not started does nothing"]
pub struct Builder {
    subject: Subject,
    flags: Vec<OsString>,
    command: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    dir: Option<PathBuf>,
    client_tls: Option<Arc<ClientConfig>>,
    unix: Option<PathBuf>,
    free_port: bool,
}

impl Builder {
    /// A daemon flag, `--binary` or `--maxforks=3`.
    pub fn flag(mut self, flag: impl AsRef<OsStr>) -> Self {
        self.flags.push(flag.as_ref().to_owned());
        self
    }

    /// Several of them.
    pub fn flags<S: AsRef<OsStr>>(self, flags: impl IntoIterator<Item = S>) -> Self {
        flags.into_iter().fold(self, Self::flag)
    }

    /// The program it runs and its arguments.
    pub fn command<S: AsRef<OsStr>>(
        mut self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        self.command = vec![program.as_ref().to_owned()];
        self.command
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of the daemon's own environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.into(), Some(value.as_ref().to_owned())));
        self
    }

    /// The daemon's working directory.
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Serves TLS with these files; clients of the daemon then use `client`.
    pub fn tls(mut self, cert: &Path, key: &Path, client: Arc<ClientConfig>) -> Self {
        self.client_tls = Some(client);
        self.flag("--ssl")
            .flag(format!("--sslcert={}", cert.display()))
            .flag(format!("--sslkey={}", key.display()))
    }

    /// Listens on a Unix socket and on no port.
    pub fn unix_socket(mut self, path: &Path) -> Self {
        self.unix = Some(path.to_owned());
        self.flag(format!("--unixsocket={}", path.display()))
    }

    /// Gives the daemon a port number that is free just now, as one must for the original, in place of 0.
    pub fn free_port(mut self) -> Self {
        self.free_port = true;
        self
    }

    /// Starts it and waits until it accepts connections.
    ///
    /// # Panics
    /// When it ends instead, with all it printed.
    #[track_caller]
    pub fn start(self) -> Daemon {
        match self.try_start() {
            Ok(daemon) => daemon,
            Err(finished) => panic!("the daemon ended at once: {finished:#?}"),
        }
    }

    /// Starts it, or tells how it ended instead.
    pub fn try_start(self) -> Result<Daemon, Finished> {
        let choose = self.free_port || self.subject.is_original();
        for _ in 0..PORT_TRIES {
            let port = if choose { free_port() } else { 0 };
            match self.start_on(port) {
                Err(finished) if choose && is_port_taken(&finished) => {}
                outcome => return outcome,
            }
        }
        panic!("{PORT_TRIES} free ports were all taken before the daemon could bind them");
    }

    /// Runs the daemon, which is expected to end by itself, with exactly the flags given.
    #[track_caller]
    pub fn run(&self) -> Finished {
        Program::run(&self.process(&self.flags))
    }

    fn start_on(&self, port: u16) -> Result<Daemon, Finished> {
        let mut flags = self.flags.clone();
        if self.unix.is_none() {
            flags.push("--address=127.0.0.1".into());
            flags.push(format!("--port={port}").into());
        }
        let mut program = Program::start(&self.process(&flags));
        let ready = match &self.unix {
            Some(path) => {
                wait_for_socket(&mut program, path).map(|()| Endpoint::Unix(path.clone()))
            }
            None => wait_for_port(&mut program, port).map(|address| match &self.client_tls {
                Some(config) => Endpoint::Tls(address, Arc::clone(config)),
                None => Endpoint::Tcp(address),
            }),
        };
        match ready {
            Some(endpoint) => Ok(Daemon {
                program,
                endpoint,
                subject: self.subject.clone(),
            }),
            None => Err(finished(program)),
        }
    }

    fn process(&self, flags: &[OsString]) -> Command {
        let mut process = Command::new(&self.subject.path);
        process.args(flags).args(&self.command);
        for (name, value) in &self.env {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        if let Some(dir) = &self.dir {
            process.current_dir(dir);
        }
        process
    }
}

/// A running daemon; `Drop` kills it and everything it started.
#[derive(Debug)]
pub struct Daemon {
    program: Program,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// Which daemon it is.
    pub subject: Subject,
}

impl Daemon {
    /// A daemon to be started from `subject`.
    pub fn of(subject: &Subject) -> Builder {
        Builder {
            subject: subject.clone(),
            flags: Vec::new(),
            command: Vec::new(),
            env: Vec::new(),
            dir: None,
            client_tls: None,
            unix: None,
            free_port: false,
        }
    }

    /// The daemon under test, to be started.
    #[track_caller]
    pub fn builder() -> Builder {
        Self::of(&Subject::under_test())
    }

    /// The daemon under test, running `program` with `args`.
    #[track_caller]
    pub fn running(program: impl AsRef<OsStr>, args: &[&str]) -> Self {
        Self::builder().command(program, args).start()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Its program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What it logs.
    pub fn log(&self) -> &Lines {
        &self.program.output
    }

    /// The TCP address it listens on.
    ///
    /// # Panics
    /// When it listens on a Unix socket.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        self.endpoint
            .address()
            .expect("it listens on a Unix socket")
    }

    /// `http://127.0.0.1:PORT` (https with TLS) followed by `path`.
    #[track_caller]
    pub fn url(&self, path: &str) -> String {
        let scheme = if matches!(self.endpoint, Endpoint::Tls(..)) {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}{path}", self.address())
    }

    /// A client on `path`.
    #[track_caller]
    pub fn client(&self, path: &str) -> Client {
        Client::connect(&self.endpoint, path)
    }

    /// A client with more request headers.
    #[track_caller]
    pub fn client_with(&self, path: &str, headers: &[(&str, &str)]) -> Client {
        Client::connect_with(&self.endpoint, path, headers)
    }

    /// A raw WebSocket on `/`.
    #[track_caller]
    pub fn raw(&self) -> RawSocket {
        RawSocket::open(&self.endpoint, "/")
    }

    /// The answer to a GET of `target`.
    #[track_caller]
    pub fn get(&self, target: &str) -> Response {
        http::get(&self.endpoint, target)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.program.signal(signal);
    }

    /// SIGTERM; waits for its end and gives the exit code.
    #[track_caller]
    pub fn stop(&mut self) -> i32 {
        crate::program::exit_code(self.program.terminate())
    }

    /// Waits for its end and gives the exit code.
    #[track_caller]
    pub fn wait(&mut self) -> i32 {
        crate::program::exit_code(self.program.wait())
    }

    /// Handlers, and everything they started, that live. Processes of the daemon's own program are not among them: ours
    /// starts programs through a small copy of itself.
    pub fn handlers(&self) -> Vec<Process> {
        let own = proc::program_of(self.pid());
        let mut family = self.program.family();
        family.retain(|process| own.is_none() || proc::program_of(process.pid) != own);
        family
    }

    /// Waits until no handler, nor anything a handler started, lives; after the daemon's end until nothing at all does.
    #[track_caller]
    pub fn assert_no_process_left(&self) {
        eventually("everything the daemon started has ended", || {
            self.handlers().is_empty().then_some(())
        });
    }
}

/// A port of 127.0.0.1 that nobody uses just now, for programs that cannot be given 0. None that the kernel chooses by itself,
/// which are from 32768 on (`ip_local_port_range` in ip(7)): a client of another test would have it before the program does.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Each test program begins somewhere else.
    let start = std::process::id().wrapping_mul(61);
    for _ in 0..PORTS.len() {
        let number = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port =
            PORTS.start + u16::try_from(number % u32::from(PORTS.end - PORTS.start)).expect("less");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("all ports of {PORTS:?} are in use");
}

fn is_port_taken(finished: &Finished) -> bool {
    let taken = "address already in use";
    finished.stdout.contains(taken) || finished.stderr.contains(taken)
}

fn finished(mut program: Program) -> Finished {
    let status = program.wait();
    let text = program
        .output
        .to_the_end()
        .into_iter()
        .map(|line| line.text + "\n")
        .collect();
    Finished {
        status,
        stdout: text,
        stderr: String::new(),
    }
}

/// The address the daemon listens on, once it accepts connections; `None` when it ends instead.
fn wait_for_port(program: &mut Program, port: u16) -> Option<SocketAddr> {
    let port = if port == 0 {
        announced_port(program)?
    } else {
        port
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    // The original announces its address before it listens: only the kernel knows.
    eventually("the daemon listens", || {
        if program.try_wait().is_some() {
            return Some(None);
        }
        proc::listens_on(program.pid(), port).then_some(Some(address))
    })
}

fn announced_port(program: &Program) -> Option<u16> {
    let announced = program
        .output
        .try_wait_for_count(1, |line| port_in(line).is_some());
    port_in(announced.ok()?.first()?)
}

/// The port in a line that announces a server on 127.0.0.1.
fn port_in(line: &str) -> Option<u16> {
    let (_, message) = line.rsplit_once(" | ")?;
    let announces = [
        "Starting WebSocket server",
        "Serving CGI or static files",
        "Developer console enabled",
    ];
    announces
        .iter()
        .any(|start| message.starts_with(start))
        .then_some(())?;
    let (_, rest) = message.split_once("://127.0.0.1:")?;
    rest.split('/').next()?.parse().ok()
}

fn wait_for_socket(program: &mut Program, path: &Path) -> Option<()> {
    eventually("the daemon accepts connections", || {
        if program.try_wait().is_some() {
            return Some(None);
        }
        std::os::unix::net::UnixStream::connect(path)
            .is_ok()
            .then_some(Some(()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_port_is_read() {
        let line = "Sat, 21 Nov 2026 03:52:48 +0000 | INFO   | server     |  | Starting WebSocket server   : wss://127.0.0.1:45871/";
        assert_eq!(port_in(line), Some(45871));
        assert_eq!(
            port_in("x | Starting redirect server   : http://127.0.0.1:1/"),
            None
        );
    }

    #[test]
    fn the_original_is_started_and_echoes() {
        let daemon = Daemon::of(&Subject::original())
            .command::<&str>("cat", [])
            .start();
        let mut client = daemon.client("/");
        client.send("hello");
        assert_eq!(client.text(), "hello");
        daemon.log().wait_for(&["ACCESS", "CONNECT", "/cat"]);
        assert_eq!(daemon.handlers().len(), 1);
        client.close();
        daemon.log().wait_for(&["DISCONNECT"]);
        daemon.assert_no_process_left();
    }

    #[test]
    fn a_daemon_that_ends_at_once_tells_how() {
        let finished = Daemon::of(&Subject::original())
            .flag("--nonsense")
            .try_start()
            .unwrap_err();
        assert_eq!(finished.code(), 2);
        assert!(
            finished.stdout.contains("flag provided but not defined"),
            "{finished:?}"
        );
    }
}
