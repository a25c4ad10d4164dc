//! What happens to machines: drawn from a seed, one after the other.

use std::fmt;
use std::thread;
use std::time::Duration;

use e2e::cluster::Cluster;
use e2e::cluster::cables::Network;
use e2e::cluster::machine::{Engine, Hardware};
use nix::sys::signal::Signal;

/// xorshift64*: small, and the same numbers on every machine.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Of this seed. Zero is the one number that xorshift stays at.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1 << 63)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// A program is killed with -9, and started again after so many milliseconds.
    Killed(&'static str, u64),
    /// A program is stopped for so long.
    Stopped(&'static str, u64),
    /// The machine's cable to the others is out for so long.
    CutOff(u64),
    /// All of its programs die at once, and come back after so long.
    PluggedOut(u64),
    /// logrotate runs.
    Rotated,
    /// The machine's power fails for so long: what it had not synced is gone.
    PowerCut(u64),
    /// There is not a byte left on its disk for so long.
    DiskFull(u64),
    /// Its clock is so many seconds off, for so long.
    ClockStepped(i64, u64),
}

/// How far a clock is off: more than the two seconds that are told and the minute that is taken, and less.
const STEPS: [i64; 6] = [3600, -3600, 3600, -3600, 20, -20];

impl Blow {
    /// The next one.
    pub(crate) fn draw(chance: &mut Chance, engine: Engine, hardware: Hardware) -> Self {
        let kinds = match (engine, hardware) {
            (Engine::Local, _) => 4,
            (Engine::Sentinel, Hardware::Shared) => 10,
            (Engine::Sentinel, Hardware::Own) => 16,
        };
        match chance.below(kinds) {
            0 => Self::Killed("relay", chance.between(50, 1500)),
            1 => Self::Stopped("relay", chance.between(500, 4000)),
            2 => Self::Rotated,
            3 => Self::Killed("daemon", chance.between(50, 1000)),
            4 | 5 => Self::Killed("redis", chance.between(100, 6000)),
            6 => Self::Stopped("redis", chance.between(1000, 6000)),
            7 | 8 => Self::CutOff(chance.between(1000, 9000)),
            9 => Self::PluggedOut(chance.between(1000, 8000)),
            10 | 11 => Self::PowerCut(chance.between(1000, 8000)),
            12 | 13 => Self::DiskFull(chance.between(1000, 8000)),
            _ => {
                let step = usize::try_from(chance.below(STEPS.len() as u64)).expect("few");
                Self::ClockStepped(STEPS[step], chance.between(2000, 9000))
            }
        }
    }

    /// Falls on a machine, and is over when this returns.
    pub(crate) fn fall(self, cluster: &mut Cluster, at: usize) {
        let wait = |millis| thread::sleep(Duration::from_millis(millis));
        match self {
            Self::Killed(program, millis) => {
                cluster.machines[at].end(program);
                wait(millis);
                cluster.machines[at].start_again(program);
            }
            Self::Stopped(program, millis) => {
                cluster.machines[at].signal(program, Signal::SIGSTOP);
                wait(millis);
                cluster.machines[at].signal(program, Signal::SIGCONT);
            }
            Self::CutOff(millis) => {
                cluster.cables.cut(at, Network::Machines);
                wait(millis);
                cluster.cables.mend(at, Network::Machines);
            }
            Self::PluggedOut(millis) => {
                cluster.machines[at].pull_the_plug();
                wait(millis);
                let machine = &mut cluster.machines[at];
                machine.start_engine();
                machine.start_relay();
                machine.start_daemon();
            }
            Self::Rotated => cluster.machines[at].rotate(),
            Self::PowerCut(millis) => {
                cluster.cut_power(at);
                wait(millis);
                cluster.power_on(at);
            }
            Self::DiskFull(millis) => {
                let disk = cluster.machines[at].own_disk();
                disk.fill();
                wait(millis);
                disk.free();
            }
            Self::ClockStepped(seconds, millis) => {
                let clock = cluster.machines[at].own_clock();
                clock.set(seconds);
                wait(millis);
                clock.set(0);
            }
        }
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(program, _) => write!(f, "{program} killed"),
            Self::Stopped(program, _) => write!(f, "{program} stopped"),
            Self::CutOff(_) => write!(f, "cut off"),
            Self::PluggedOut(_) => write!(f, "plug pulled"),
            Self::Rotated => write!(f, "rotated"),
            Self::PowerCut(_) => write!(f, "power cut"),
            Self::DiskFull(_) => write!(f, "disk full"),
            Self::ClockStepped(seconds, _) => write!(f, "clock {seconds:+} s"),
        }
    }
}
