//! What `make run` serves: the chat with its pages, in a directory of its own.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::cluster_of_one::ClusterOfOne;
use crate::daemon::free_port;
use crate::lines::Lines;
use crate::proc;
use crate::program::Program;
use crate::under_test::{chatctl, target, workspace};

/// The whole chat as a person starts it; `Drop` ends all of it.
pub struct Site {
    // Dropped in this order: the programs first, then the files they use.
    program: Program,
    _cluster: Option<ClusterOfOne>,
    var: TempDir,
    port: u16,
}

impl Site {
    /// `make serve` on a port of its own, with its files in a temporary directory.
    ///
    /// # Panics
    /// When it does not start, with what it printed.
    #[track_caller]
    pub fn start() -> Self {
        let var = tempfile::tempdir().expect("a temporary directory");
        let program = serve(var.path(), 0);
        Self::of(program, var)
    }

    /// The same, with a port number chosen before, so that it stays the same over [`Self::restart`].
    #[track_caller]
    pub fn start_on_fixed_port() -> Self {
        let var = tempfile::tempdir().expect("a temporary directory");
        let program = serve(var.path(), free_port());
        Self::of(program, var)
    }

    /// The same with accounts and with the administration, as `make run` starts it; gives the administration's address.
    #[track_caller]
    pub fn start_administered() -> (Self, String) {
        let var = tempfile::tempdir().expect("a temporary directory");
        let administration = free_port();
        let more = [
            format!("PORT_ADMIN={administration}"),
            "ACCOUNTS=yes".to_owned(),
        ];
        let program = serve_with(var.path(), free_port(), &more);
        let site = Self::of(program, var);
        (site, format!("http://127.0.0.1:{administration}"))
    }

    #[track_caller]
    fn of(program: Program, var: TempDir) -> Self {
        let port = wait_for_port(&program);
        // The daemon does not read it, and nobody else runs yet.
        let cluster = ClusterOfOne::of(&var.path().join("conf/chat.ini"), var.path());
        Self {
            program,
            _cluster: cluster,
            var,
            port,
        }
    }

    /// Kills the daemon and everything it started, without a word.
    pub fn kill(&mut self) {
        for process in self.program.family() {
            let _ = nix::sys::signal::kill(
                crate::program::pid_of(process.pid),
                nix::sys::signal::Signal::SIGKILL,
            );
            proc::wait_until_ended(process.pid);
        }
    }

    /// Starts it again on the same port and files, after [`Self::kill`].
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        self.program = serve(self.var.path(), self.port);
        let port = wait_for_port(&self.program);
        assert_eq!(port, self.port, "the port stays");
    }

    /// `http://127.0.0.1:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// `var/`: `rooms/`, `users/` and the rest are in it.
    pub fn var(&self) -> &Path {
        self.var.path()
    }

    /// Runs chatctl on its files.
    ///
    /// # Panics
    /// When that does not end well, with what it said.
    #[track_caller]
    pub fn chatctl(&self, words: &[&str]) {
        let mut command = Command::new(chatctl());
        command
            .arg("--config")
            .arg(self.var().join("conf/chat.ini"))
            .args(words);
        let done = Program::run(&command);
        assert_eq!(done.code(), 0, "{done:#?}");
    }

    /// The daemon's log.
    pub fn log(&self) -> &Lines {
        &self.program.output
    }

    /// The daemon and all that it started.
    pub fn program(&self) -> &Program {
        &self.program
    }
}

fn serve(var: &Path, port: u16) -> Program {
    serve_with(var, port, &[])
}

fn serve_with(var: &Path, port: u16, more: &[String]) -> Program {
    let mut make = Command::new("make");
    make.args(["--no-print-directory", "serve", "ADDRESS=127.0.0.1"])
        .arg(format!("PORT={port}"))
        .arg(format!("VAR={}", var.display()))
        .args(more)
        .env("CARGO_TARGET_DIR", target())
        // A `make test` above must not tell this make what to do.
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .current_dir(workspace());
    Program::start(&make)
}

#[track_caller]
fn wait_for_port(program: &Program) -> u16 {
    let announced = "Starting WebSocket server   : ws://127.0.0.1:";
    let line = program.output.wait_for(&[announced]);
    let port = line
        .rsplit(announced)
        .next()
        .and_then(|rest| rest.split('/').next());
    port.and_then(|port| port.parse().ok())
        .expect("an announcement ends with the port")
}
