//! Debian's coturn with the shipped configuration, on the loopback.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::free_port;
use crate::installation::Configuration;
use crate::program::{Finished, Program};
use crate::requirement::part;
use crate::under_test::workspace;

/// The secret that coturn and the chat share in tests.
pub const SECRET: &str = "north-west-passage";

/// How often a port that another program took in the meantime is replaced by another one.
const PORT_TRIES: usize = 20;

/// What peers a relay may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peers {
    /// As shipped: nobody in a private network or on this machine.
    AsShipped,
    /// Also this machine, where all ends of a test are. coturn needs two settings for it.
    Loopback,
}

/// A running relay; `Drop` ends it.
pub struct Coturn {
    program: Program,
    _files: TempDir,
    /// Its port of 127.0.0.1, UDP and TCP.
    pub port: u16,
}

impl Coturn {
    /// Starts it.
    ///
    /// # Panics
    /// When it is not installed or does not listen.
    #[track_caller]
    pub fn start(peers: Peers) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        let config = files.path().join("turnserver.conf");
        for _ in 0..PORT_TRIES {
            let port = free_port();
            fs::write(&config, configuration(&files, port, peers)).expect("writable");
            let mut command = Command::new(part("/usr/bin/turnserver", "coturn"));
            command.arg("-c").arg(&config);
            let program = Program::start(&command);
            // UDP and TCP are opened one after the other, each told by a line.
            let opened = ["UDP listener opened on", "TCP listener opened on"];
            let ready = opened.map(|kind| {
                let here = format!("127.0.0.1:{port}");
                program
                    .output
                    .try_wait_for_count(1, |line| line.contains(kind) && line.contains(&here))
            });
            match ready {
                [Ok(_), Ok(_)] => {
                    return Self {
                        program,
                        _files: files,
                        port,
                    };
                }
                [Err(said), _] | [_, Err(said)] if said.contains("bind") => {}
                [Err(said), _] | [_, Err(said)] => panic!("coturn did not start:\n{said}"),
            }
        }
        panic!("{PORT_TRIES} free ports were all taken before coturn could bind them");
    }

    /// Lines of chat.ini that name it.
    pub fn settings(&self) -> String {
        let port = self.port;
        format!(
            "ICE_SERVER_DNS=127.0.0.1:{port}\nTURN_URLS=turn:127.0.0.1:{port}?transport=udp, turn:127.0.0.1:{port}?transport=tcp\n\
             TURN_SECRET={SECRET}"
        )
    }

    /// Asks for an address by STUN, without credentials.
    pub fn bind(&self) -> Finished {
        let mut command = Command::new(part("/usr/bin/turnutils_stunclient", "coturn"));
        Program::run(command.args(["-p", &self.port.to_string(), "127.0.0.1"]))
    }

    /// Takes two allocations with these credentials and sends messages from one to the other; with `peer` to that
    /// address in place of it.
    pub fn relay(&self, username: &str, password: &str, peer: Option<&str>) -> Finished {
        let mut command = Command::new(part("/usr/bin/turnutils_uclient", "coturn"));
        command.args([
            "-p",
            &self.port.to_string(),
            "-u",
            username,
            "-w",
            password,
            "-n",
            "5",
            "-m",
            "1",
            "-c",
        ]);
        match peer {
            Some(peer) => command.args(["-e", peer]),
            None => command.arg("-y"),
        };
        Program::run(command.arg("127.0.0.1"))
    }

    /// What it logs.
    pub fn log(&self) -> &crate::lines::Lines {
        &self.program.output
    }
}

/// The shipped file with its ports, its secret and its log changed, and it alone on the loopback.
fn configuration(files: &TempDir, port: u16, peers: Peers) -> String {
    let shipped =
        fs::read_to_string(workspace().join("conf/turnserver.conf")).expect("it is shipped");
    let text = Configuration(shipped)
        .replace("listening-port=3478", &format!("listening-port={port}"))
        .replace("CHANGE-ME-to-a-secret-of-your-own", SECRET)
        .replace("\nsyslog\n", "\nlog-file=stdout\nverbose\n");
    let files = files.path().display();
    let text = text.append(&format!(
        "listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nno-tls\nno-dtls\npidfile={files}/pid\nuserdb={files}/turndb"
    ));
    match peers {
        Peers::AsShipped => text.0,
        Peers::Loopback => {
            text.append("allow-loopback-peers\nallowed-peer-ip=127.0.0.1")
                .0
        }
    }
}
