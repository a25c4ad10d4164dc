//! Debian's Redis and Sentinel on the loopback: the engine of a chat on several machines.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::daemon::free_port;
use crate::deadline::eventually;
use crate::program::Program;
use crate::requirement::part;
use crate::tls::{Authority, Identity};

/// What Sentinel calls the engine.
pub const NAME: &str = "chat";

/// How often a port that another program took in the meantime is replaced by another one.
const PORT_TRIES: usize = 20;

/// The engine: Debian's Redis, or Valkey's in the directory that `VALKEY` names (tests/valkey).
#[track_caller]
pub fn server_program() -> String {
    match env::var("VALKEY") {
        Ok(dir) => format!("{dir}/valkey-server"),
        Err(_) => part("/usr/bin/redis-server", "redis-server").to_owned(),
    }
}

/// What says which one it is, of the same kind.
#[track_caller]
pub fn sentinel_program() -> String {
    match env::var("VALKEY") {
        Ok(dir) => format!("{dir}/valkey-sentinel"),
        Err(_) => part("/usr/bin/redis-sentinel", "redis-sentinel").to_owned(),
    }
}

/// A server; `Drop` ends it.
#[derive(Debug)]
pub struct Server {
    program: Option<Program>,
    files: TempDir,
    flags: Vec<String>,
    listens: Listens,
    /// Its port of 127.0.0.1; none at a socket.
    pub port: u16,
}

/// How a server is reached.
#[derive(Debug)]
enum Listens {
    Tcp,
    /// With whose certificates, and its own.
    Tls(PathBuf, Identity),
    /// `socket` in its directory, for every user.
    Socket,
}

impl Server {
    /// One that keeps what it has over a restart.
    #[track_caller]
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// One with further settings, as they stand in redis.conf.
    #[track_caller]
    pub fn with(flags: &[&str]) -> Self {
        Self::made(flags, Listens::Tcp)
    }

    /// One that speaks TLS alone.
    #[track_caller]
    pub fn with_tls(authority: &Authority) -> Self {
        let listens = Listens::Tls(authority.ca(), authority.issue("redis"));
        Self::made(&[], listens)
    }

    /// One that no cable belongs to.
    #[track_caller]
    pub fn at_socket() -> Self {
        Self::made(&[], Listens::Socket)
    }

    /// A copy of this one.
    #[must_use]
    #[track_caller]
    pub fn replica(&self) -> Self {
        let of = format!("replicaof 127.0.0.1 {}", self.port);
        let flags: Vec<_> = self
            .flags
            .iter()
            .map(String::as_str)
            .chain([&*of])
            .collect();
        let replica = Self::with(&flags);
        eventually("the copy follows", || {
            let info = replica.ask(&["INFO", "replication"]);
            info.contains("master_link_status:up").then_some(())
        });
        replica
    }

    #[track_caller]
    fn made(flags: &[&str], listens: Listens) -> Self {
        let mut server = Self {
            program: None,
            files: tempfile::tempdir().expect("a temporary directory"),
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
            listens,
            port: 0,
        };
        if matches!(server.listens, Listens::Socket) {
            // A temporary directory is its owner's alone.
            let everybody = fs::Permissions::from_mode(0o755);
            fs::set_permissions(server.dir(), everybody).expect("ours");
            server.try_run().expect("its socket is its own");
            return server;
        }
        for _ in 0..PORT_TRIES {
            server.port = free_port();
            match server.try_run() {
                Ok(()) => return server,
                Err(said) if said.contains("Address already in use") => {}
                Err(said) => panic!("redis-server did not start:\n{said}"),
            }
        }
        panic!("{PORT_TRIES} free ports were all taken before redis-server could bind them");
    }

    fn try_run(&mut self) -> Result<(), String> {
        let conf = self.files.path().join("redis.conf");
        // Written again by Sentinel and the server; from then on it is the server's own.
        if !conf.exists() || self.program.is_none() && !self.is_configured() {
            fs::write(&conf, self.configuration()).expect("writable");
        }
        let mut command = Command::new(server_program());
        command.arg(&conf);
        self.program = Some(run(&command)?);
        Ok(())
    }

    /// Whether the file is of the port that it has now.
    fn is_configured(&self) -> bool {
        let conf = fs::read_to_string(self.files.path().join("redis.conf")).unwrap_or_default();
        conf.lines()
            .any(|line| line.ends_with(&format!("port {}", self.port)))
    }

    fn configuration(&self) -> String {
        let (dir, port) = (self.files.path().display(), self.port);
        let port = match &self.listens {
            Listens::Tcp => format!("port {port}\n"),
            Listens::Socket => format!("port 0\nunixsocket {dir}/socket\nunixsocketperm 777\n"),
            Listens::Tls(ca, Identity { cert, key }) => format!(
                "port 0\ntls-port {port}\ntls-auth-clients no\ntls-ca-cert-file {}\ntls-cert-file {}\ntls-key-file {}\n",
                ca.display(),
                cert.display(),
                key.display()
            ),
        };
        format!(
            "bind 127.0.0.1\n{port}dir {dir}\nappendonly yes\nappendfsync no\nsave \"\"\n\
             repl-ping-replica-period 1\nrepl-diskless-sync-delay 0\nmaxmemory-policy noeviction\n{}\n",
            self.flags.join("\n")
        )
    }

    /// What chat.ini calls it.
    pub fn address(&self) -> String {
        let port = self.port;
        match self.listens {
            Listens::Tcp => format!("redis://127.0.0.1:{port}"),
            Listens::Tls(..) => format!("rediss://127.0.0.1:{port}"),
            Listens::Socket => format!("unix:{}/socket", self.dir().display()),
        }
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        self.files.path()
    }

    /// Asks it; gives what redis-cli prints.
    ///
    /// # Panics
    /// When redis-cli cannot be started.
    #[track_caller]
    pub fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new(part("/usr/bin/redis-cli", "redis-tools"));
        match &self.listens {
            Listens::Tcp => command.args(["-p", &self.port.to_string()]),
            Listens::Tls(ca, _) => command
                .args(["-p", &self.port.to_string(), "--tls", "--cacert"])
                .arg(ca),
            Listens::Socket => command.arg("-s").arg(self.dir().join("socket")),
        };
        let finished = Program::run(command.args(words));
        finished.stdout.trim_end().to_owned()
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.signal(Signal::SIGKILL);
            program.wait();
        }
    }

    /// Starts it again on its port, with what it has kept.
    #[track_caller]
    pub fn run_again(&mut self) {
        self.try_again().expect("its port is its own");
    }

    /// As [`Server::run_again`], or why it does not start.
    ///
    /// # Errors
    /// What it said.
    pub fn try_again(&mut self) -> Result<(), String> {
        self.kill();
        self.try_run()
    }

    /// Kills it and deletes what it has kept.
    pub fn wipe(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(self.files.path().join("appendonlydir"));
        let _ = fs::remove_file(self.files.path().join("dump.rdb"));
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        if let Some(program) = &self.program {
            program.signal(signal);
        }
    }
}

/// A Sentinel; `Drop` ends it.
pub struct Sentinel {
    _program: Program,
    _files: TempDir,
    /// Its port of 127.0.0.1.
    pub port: u16,
}

impl Sentinel {
    /// One that looks after the engine whose primary is `server`, which is gone for it after a second of silence;
    /// `quorum` of them have to say so.
    #[track_caller]
    pub fn start(server: &Server, quorum: usize) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        let conf = files.path().join("sentinel.conf");
        for _ in 0..PORT_TRIES {
            let port = free_port();
            let text = format!(
                "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {NAME} 127.0.0.1 {} {quorum}\n\
                 sentinel down-after-milliseconds {NAME} 1000\nsentinel failover-timeout {NAME} 5000\n",
                files.path().display(),
                server.port
            );
            fs::write(&conf, text).expect("writable");
            let mut command = Command::new(sentinel_program());
            command.arg(&conf);
            match run(&command) {
                Ok(program) => {
                    return Self {
                        _program: program,
                        _files: files,
                        port,
                    };
                }
                Err(said) if said.contains("Address already in use") => {}
                Err(said) => panic!("redis-sentinel did not start:\n{said}"),
            }
        }
        panic!("{PORT_TRIES} free ports were all taken before redis-sentinel could bind them");
    }

    /// Asks it; gives what redis-cli prints.
    pub fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new(part("/usr/bin/redis-cli", "redis-tools"));
        let finished = Program::run(command.args(["-p", &self.port.to_string()]).args(words));
        finished.stdout.trim_end().to_owned()
    }
}

/// Starts a server and waits until it listens; else what it said.
fn run(command: &Command) -> Result<Program, String> {
    let program = Program::start(command);
    // At a socket, Redis 7.0 says "now ready".
    let is_ready =
        |line: &str| line.contains("eady to accept connections") || line.contains("+monitor");
    program
        .output
        .try_wait_for_count(1, is_ready)
        .map(|_| ())
        .map(|()| program)
}
