//! One speaks, all hear, on whatever machine they are: what it costs and how long it takes.

use std::io;
use std::time::{Duration, Instant};

use crate::client::PATIENCE;
use crate::figures::{Figures, percentile};
use crate::load::crowd::{Crowd, Told};
use crate::machines::{MACHINES, Part, Site};

/// Ack of one's own line, where there is one.
pub const ACK_P50: &str = "ack p50 us";
/// The slowest hundredth of them.
pub const ACK_P99: &str = "ack p99 us";
/// From somebody's saying to another machine's people.
pub const OTHER_P50: &str = "other machine p50 us";
/// CPU time of the relay of the speakers' machine.
pub const OWN_RELAY: &str = "relay CPU us/own message";
/// Of another machine's.
pub const OTHER_RELAY: &str = "relay CPU us/another's message";
/// Of the engine that takes writes.
pub const ENGINE: &str = "engine CPU us/message";
/// Private memory of the largest relay.
pub const RELAY_MEMORY: &str = "relay private MiB";
/// CPU time of all programs of the servers' side.
pub const ALL_CPU: &str = "CPU us/delivery";

/// Who is there and how much is said.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// People in the room, in turn on each machine.
    pub people: usize,
    /// Of so many machines.
    pub machines: usize,
    /// Only those on the first machine speak; else all do, in turn.
    pub from_one: bool,
    /// Lines a second in all.
    pub rate: u32,
    /// How long.
    pub duration: Duration,
}

#[derive(Debug, Default)]
struct Heard {
    said: Vec<u64>,
    acks: Vec<u64>,
    own: Vec<u64>,
    here: Vec<u64>,
    there: Vec<u64>,
    refused: usize,
}

impl Heard {
    fn take(&mut self, machines: usize, index: usize, told: Told, now: u64) {
        match told {
            Told::Line { sender, said, .. } => {
                let took = now.saturating_sub(said);
                let heard = if sender == index {
                    &mut self.own
                } else if sender % machines == index % machines {
                    &mut self.here
                } else {
                    &mut self.there
                };
                heard.push(took);
            }
            Told::Ack(number) => {
                let said = self.said.get(number).copied().unwrap_or(now);
                self.acks.push(now.saturating_sub(said));
            }
            Told::Refused(_) => self.refused += 1,
        }
    }

    fn deliveries(&self) -> usize {
        self.own.len() + self.here.len() + self.there.len()
    }
}

/// CPU time of each part on each machine.
#[derive(Debug, Clone, Copy)]
struct Cpu([[u64; MACHINES]; 4]);

impl Cpu {
    const PARTS: [Part; 4] = [Part::Service, Part::Relay, Part::Engine, Part::Watcher];

    fn now(site: &Site) -> Self {
        Self(Self::PARTS.map(|part| std::array::from_fn(|at| site.cpu(part, at))))
    }

    /// In microseconds since `earlier`, of one part by machine.
    fn of(&self, earlier: &Self, part: Part) -> [f64; MACHINES] {
        let row = Self::PARTS.iter().position(|it| *it == part).unwrap_or(0);
        std::array::from_fn(|at| self.0[row][at].saturating_sub(earlier.0[row][at]) as f64 / 1e3)
    }
}

/// Fills the room, talks for a while, and counts.
pub fn run(site: &Site, primary: Option<usize>, shape: Shape) -> io::Result<Figures> {
    let machines = shape.machines.min(site.endpoints.len());
    let mut crowd = Crowd::gather(site, shape.people, machines)?;
    // What joining has left to do.
    std::thread::sleep(Duration::from_secs(1));
    let mut heard = Heard::default();
    let before = Cpu::now(site);
    let stored = primary.map_or(0, |at| site.engine_files(at));
    let start = Instant::now();
    while start.elapsed() < shape.duration {
        let turn = heard.said.len();
        let turns = u32::try_from(turn).unwrap_or(u32::MAX);
        let due = start + Duration::from_secs(1) * turns / shape.rate;
        let timeout = due.saturating_duration_since(Instant::now());
        if timeout.is_zero() {
            let sender = if shape.from_one {
                turn * machines % shape.people
            } else {
                turn % shape.people
            };
            heard.said.push(crowd.now());
            crowd.say(sender, turn)?;
            continue;
        }
        crowd.hear(timeout, |index, told, now| {
            heard.take(machines, index, told, now);
        })?;
    }
    let expected = heard.said.len() * shape.people;
    let deadline = Instant::now() + PATIENCE;
    while heard.deliveries() < expected && Instant::now() < deadline {
        crowd.hear(PATIENCE, |index, told, now| {
            heard.take(machines, index, told, now);
        })?;
    }
    let after = Cpu::now(site);

    let mut figures = Figures::default();
    let mut tell = |nanos: &mut Vec<u64>, names: [&'static str; 2]| {
        nanos.sort_unstable();
        if !nanos.is_empty() {
            figures.set(names[0], percentile(nanos, 0.5) / 1e3);
            figures.set(names[1], percentile(nanos, 0.99) / 1e3);
        }
    };
    tell(&mut heard.acks, [ACK_P50, ACK_P99]);
    tell(&mut heard.own, ["own line p50 us", "own line p99 us"]);
    tell(
        &mut heard.here,
        ["same machine p50 us", "same machine p99 us"],
    );
    tell(&mut heard.there, [OTHER_P50, "other machine p99 us"]);
    let (messages, deliveries) = (heard.said.len() as f64, heard.deliveries() as f64);
    let of = |part| after.of(&before, part);
    let sum = |part| of(part).iter().sum::<f64>();
    let all: f64 = Cpu::PARTS.into_iter().map(sum).sum();
    figures.set("CPU us/message", all / messages);
    figures.set(ALL_CPU, all / deliveries);
    figures.set("service CPU us/delivery", sum(Part::Service) / deliveries);
    if let Some(primary) = primary {
        let relays = of(Part::Relay);
        if shape.from_one {
            figures.set(OWN_RELAY, relays[0] / messages);
            figures.set(OTHER_RELAY, f64::midpoint(relays[1], relays[2]) / messages);
        } else {
            figures.set("relay CPU us/message, all", sum(Part::Relay) / messages);
        }
        let engines = of(Part::Engine);
        figures.set(ENGINE, engines[primary] / messages);
        let copies = engines.iter().sum::<f64>() - engines[primary];
        figures.set("copy CPU us/message", copies / 2.0 / messages);
        figures.set(
            "Sentinels' CPU ms/s",
            sum(Part::Watcher) / 1e3 / start.elapsed().as_secs_f64(),
        );
        let memory = (0..MACHINES).map(|at| site.private(Part::Relay, at));
        figures.set(RELAY_MEMORY, memory.fold(0.0, f64::max) / 1024.0);
        let stored = site.engine_files(primary).saturating_sub(stored) as f64;
        figures.set("engine file bytes/message", stored / messages);
        let engine = site.private(Part::Engine, primary);
        figures.set("engine private MiB", engine / 1024.0);
    }
    figures.set("lost", expected as f64 - deliveries);
    figures.set("refused", heard.refused as f64);
    Ok(figures)
}
