//! `[tcp NAME]`: programs behind bare TCP, TLS and Unix sockets.

mod life;
mod limits;
mod listeners;
mod mqtt;
mod proxy;
mod tls;
mod ucspi;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use e2e::deadline::DEADLINE;
use e2e::proc::{self, Process};
use e2e::program::Program;
use e2e::under_test::Subject;
use nix::sys::signal::Signal;
use tempfile::TempDir;

/// A daemon with a configuration file.
pub(super) struct Server {
    pub(super) program: Program,
    pub(super) dir: TempDir,
}

impl Server {
    /// Starts one whose file is `text`, where `DIR` stands for its directory.
    #[track_caller]
    pub(super) fn start(text: &str) -> Self {
        Self::start_by(text, |_| {})
    }

    /// The same, with changes to the command.
    #[track_caller]
    pub(super) fn start_by(text: &str, change: impl FnOnce(&mut Command)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        write(&dir, text);
        let mut command = Command::new(Subject::under_test().path);
        command
            .arg(format!("--config={}", dir.path().join("conf").display()))
            .arg("--loglevel=trace")
            .current_dir(dir.path());
        change(&mut command);
        let program = Program::start(&command);
        program.output.wait_for(&["Ready"]);
        Self { program, dir }
    }

    /// A section whose clients get `command`, on a port of the kernel's choice.
    #[track_caller]
    pub(super) fn serving(command: &str) -> Self {
        Self::with(command, "")
    }

    /// The same with more lines in the section.
    #[track_caller]
    pub(super) fn with(command: &str, lines: &str) -> Self {
        let section = format!("[tcp it]\naddress=127.0.0.1\nport=0\ncommand={command}\n{lines}\n");
        Self::start(&section)
    }

    /// Has it read `text` in the place of its file.
    pub(super) fn reload(&self, text: &str) {
        write(&self.dir, text);
        self.program.signal(Signal::SIGHUP);
    }

    /// The port of the section `name`, the first that was announced.
    #[track_caller]
    pub(super) fn port(&self, name: &str) -> u16 {
        let end = format!("/{name}");
        let is_it = |line: &str| line.contains("Starting TCP server") && line.ends_with(&end);
        let line = self.program.output.wait("it is announced", is_it);
        let (_, address) = line.split_once("://").expect("an address");
        let address: SocketAddr = address.trim_end_matches(&end).parse().expect("an address");
        address.port()
    }

    /// A client of the section `name`.
    #[track_caller]
    pub(super) fn client(&self, name: &str) -> Plain {
        Plain::connect(self.port(name))
    }

    /// What the sections' programs are.
    pub(super) fn programs(&self) -> Vec<Process> {
        let own = proc::program_of(self.program.pid());
        let mut family = self.program.family();
        family.retain(|process| proc::program_of(process.pid) != own);
        family
    }

    /// Waits until the log has told how a session ended, `parts` in one line.
    #[track_caller]
    pub(super) fn logged(&self, parts: &[&str]) -> String {
        self.program.output.wait_for(parts)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn write(dir: &TempDir, text: &str) {
    let text = text.replace("DIR", dir.path().to_str().expect("UTF-8"));
    fs::write(dir.path().join("conf"), text).expect("it can be written");
}

/// A client that speaks nothing but bytes.
pub(super) struct Plain(pub(super) TcpStream);

impl Plain {
    #[track_caller]
    pub(super) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it accepts");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        stream.set_write_timeout(Some(DEADLINE)).expect("a socket");
        Self(stream)
    }

    #[track_caller]
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("it is read");
    }

    /// Sends our FIN.
    pub(super) fn finish(&self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// Reads so many bytes.
    #[track_caller]
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("they come");
        bytes
    }

    /// Reads a line, with its newline.
    #[track_caller]
    pub(super) fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.extend(self.bytes(1));
        }
        String::from_utf8(line).expect("UTF-8")
    }

    /// Reads until the other side's FIN.
    #[track_caller]
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).expect("an orderly end");
        bytes
    }

    /// Ends the connection with a reset.
    pub(super) fn reset(self) {
        let linger = Some(Duration::ZERO);
        rustix::net::sockopt::set_socket_linger(&self.0, linger).expect("a TCP socket");
    }

    /// Whether nothing comes for a while: for what must not happen, and would at once.
    pub(super) fn is_silent(&self) -> bool {
        let short = Some(Duration::from_millis(300));
        self.0.set_read_timeout(short).expect("a socket");
        let silent = self.0.peek(&mut [0]).is_err();
        self.0.set_read_timeout(Some(DEADLINE)).expect("a socket");
        silent
    }
}
