//! A chat on several machines. Each is a network of its own with a redis-server, a redis-sentinel, a chat-relay and a
//! daemon with real handlers, configured as `conf/cluster/` shows; cables between them can be pulled.
//!
//! Two networks, as sites have them: the machines' own (10.0.0.N), by which engine and relays are reached, and that
//! of the people (10.1.0.N). Whose machine has lost the first can still come in, and is told.

use std::fs;
use std::thread;

use tempfile::TempDir;

use crate::transport::Endpoint;

pub mod cables;
pub mod clock;
pub mod disk;
pub mod machine;
pub mod person;

use cables::{Cables, Network};
use disk::Rack;
use machine::{Engine, Hardware, Machine};

/// What machines are called, in order.
const NAMES: [&str; 4] = ["one", "two", "three", "four"];
/// Lines of each program that are shown when a test fails.
const SHOWN: usize = 25;

/// Machines with one chat.
pub struct Cluster {
    // Dropped in this order: the programs first, then what they run in.
    /// The machines.
    pub machines: Vec<Machine>,
    /// What is between them.
    pub cables: Cables,
    _rack: Option<Rack>,
    _dir: TempDir,
}

impl Cluster {
    /// So many machines, all of them running, whose relays take what people say. `lines` are more of `[global]`.
    ///
    /// # Panics
    /// Without the rights of root, and when a program does not start.
    #[track_caller]
    pub fn start(machines: usize, engine: Engine, lines: &str) -> Self {
        Self::start_on(Hardware::Shared, machines, engine, lines)
    }

    /// The same on machines with this hardware.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    #[track_caller]
    pub fn start_on(hardware: Hardware, machines: usize, engine: Engine, lines: &str) -> Self {
        let mut cluster = Self::lay_on(hardware, machines, engine, lines);
        for machine in &mut cluster.machines {
            machine.start_engine();
        }
        for machine in &mut cluster.machines {
            machine.start_relay();
            machine.start_daemon();
        }
        for machine in &cluster.machines {
            machine.wait_until_up();
        }
        cluster
    }

    /// So many machines on which nothing runs yet.
    ///
    /// # Panics
    /// Without the rights of root.
    #[track_caller]
    pub fn lay(machines: usize, engine: Engine, lines: &str) -> Self {
        Self::lay_on(Hardware::Shared, machines, engine, lines)
    }

    /// The same with this hardware.
    ///
    /// # Panics
    /// Without the rights of root.
    #[track_caller]
    pub fn lay_on(hardware: Hardware, machines: usize, engine: Engine, lines: &str) -> Self {
        let cables = Cables::lay(machines);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let rack = (hardware == Hardware::Own).then(|| Rack::new(dir.path()));
        let names = NAMES.iter().take(machines).enumerate();
        let machines: Vec<_> = names
            .map(|(at, name)| {
                Machine::new(
                    name,
                    (at + 1, machines),
                    cables.inside(at),
                    &dir.path().join(name),
                    hardware,
                    engine,
                    lines,
                )
            })
            .collect();
        Self {
            machines,
            cables,
            _rack: rack,
            _dir: dir,
        }
    }

    /// The power of a machine fails: nobody hears a word of it any more, and what it had not synced is gone. Takes a
    /// machine with hardware of its own.
    #[track_caller]
    pub fn cut_power(&mut self, at: usize) {
        for network in [Network::Machines, Network::People] {
            self.cables.cut(at, network);
        }
        self.machines[at].cut_power();
        // What its kernel had not sent yet goes with it.
        let network = self.cables.renew(at);
        self.machines[at].plug_into(network);
    }

    /// It has power again, boots and starts all of its programs.
    #[track_caller]
    pub fn power_on(&mut self, at: usize) {
        let machine = &mut self.machines[at];
        machine.boot();
        machine.start_engine();
        machine.start_relay();
        machine.start_daemon();
    }

    /// Where people reach each machine.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.machines.iter().map(Machine::endpoint).collect()
    }

    /// Whether all machines have the same bytes in a room's log, whatever files they are in.
    pub fn has_one_log(&self, room: &str) -> bool {
        let mut logs = self.machines.iter().map(|it| it.whole_log(room));
        let first = logs.next().unwrap_or_default();
        logs.all(|log| log == first)
    }
}

impl Drop for Cluster {
    #[expect(
        clippy::print_stderr,
        reason = "why a test failed is in what the programs told"
    )]
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        for machine in &self.machines {
            for program in machine::PROGRAMS {
                let text = fs::read(machine.told(program)).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let lines: Vec<_> = text.lines().collect();
                let last = &lines[lines.len().saturating_sub(SHOWN)..];
                if !last.is_empty() {
                    let text = last.join("\n  ");
                    eprintln!("-- {program} of {}:\n  {text}", machine.name);
                }
            }
        }
    }
}
