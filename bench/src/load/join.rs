//! People who come and go: what that costs them, and those who are there.

use std::io;
use std::time::{Duration, Instant};

use crate::chat::{Files, Wire};
use crate::client::{Endpoint, Fleet, PATIENCE, request};
use crate::figures::Figures;
use crate::load::roundtrip::nanos;
use crate::proc::Group;

/// The room.
const ROOM: &str = "joins";

/// With `members` in the room who stay, `joins` more come, get their welcome and leave, one after the other.
pub fn run(
    endpoint: &Endpoint,
    group: &Group,
    members: usize,
    joins: usize,
) -> io::Result<Figures> {
    let path = Wire::Json.path(ROOM);
    let mut welcomed = vec![false; members + 1];
    let mut fleet = Fleet::new()?;
    let requested: Vec<_> = (0..members)
        .map(|person| request(endpoint, &path, &Files::cookie(person)))
        .collect();
    for one in requested {
        fleet.add(one?, |_| Ok(()))?;
    }
    let mut take = |index: usize, payload: &[u8]| {
        welcomed[index] |= Wire::Json.is_welcome(payload);
    };
    fleet.pump_early(&mut take)?;
    wait(&mut fleet, &mut welcomed, members)?;
    quiet(&mut fleet)?;

    let before = group.cpu();
    let mut latencies = Vec::with_capacity(joins);
    for join in 0..joins {
        let latency = come_and_go(&mut fleet, endpoint, &path, members + join, &mut welcomed)?;
        latencies.push(latency);
    }
    group.wait_for_handlers(members)?;
    quiet(&mut fleet)?;
    let (all, server) = group.cpu().each_since(before, joins as u64);
    let mut figures = Figures::default();
    figures.set("CPU us/join and quit", all);
    figures.set("server CPU us/join and quit", server);
    figures.set_latencies(&mut latencies);
    Ok(figures)
}

/// Two empty rooms that people join and leave by turns, `joins` in a row; `turns` times. What differs is the rooms: files
/// that were made or removed a while ago cost a join up to three times as much on ext4, and cost it in both.
pub fn compare(
    endpoint: &Endpoint,
    group: &Group,
    rooms: [Room; 2],
    turns: usize,
    joins: usize,
) -> io::Result<Figures> {
    let mut fleet = Fleet::new()?;
    let mut welcomed = [false];
    let mut cpu = [0.0; 2];
    // The second goes first in every other turn: what grows with time does for both.
    for turn in 0..turns {
        for place in 0..rooms.len() {
            let which = (turn + place) % rooms.len();
            let path = Wire::Json.path(rooms[which].name);
            let before = group.cpu();
            for join in 0..joins {
                come_and_go(&mut fleet, endpoint, &path, join, &mut welcomed)?;
            }
            group.wait_for_handlers(0)?;
            cpu[which] += group.cpu().each_since(before, (turns * joins) as u64).0;
        }
    }
    let mut figures = Figures::default();
    for (room, cpu) in rooms.iter().zip(cpu) {
        figures.set(room.figure, cpu);
    }
    Ok(figures)
}

/// A room to compare.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Its name.
    pub name: &'static str,
    /// What its figure is called: CPU time of a join and quit, in microseconds.
    pub figure: &'static str,
}

/// `person` comes, gets their welcome and leaves. How long it took until the welcome.
fn come_and_go(
    fleet: &mut Fleet,
    endpoint: &Endpoint,
    path: &str,
    person: usize,
    welcomed: &mut [bool],
) -> io::Result<u64> {
    let start = Instant::now();
    fleet.join(endpoint, path, &Files::cookie(person))?;
    let last = welcomed.len() - 1;
    welcomed[last] = false;
    fleet.pump_early(|index, payload| welcomed[index] |= Wire::Json.is_welcome(payload))?;
    wait(fleet, welcomed, last + 1)?;
    let latency = nanos(start.elapsed());
    fleet.drop_last();
    Ok(latency)
}

/// Until the first `count` have been welcomed.
fn wait(fleet: &mut Fleet, welcomed: &mut [bool], count: usize) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE * 3;
    while !welcomed[..count].iter().all(|&yes| yes) {
        if Instant::now() > deadline {
            return Err(io::Error::other("no welcome in time"));
        }
        fleet.pump(Duration::from_millis(100), |index, payload| {
            welcomed[index] |= Wire::Json.is_welcome(payload);
        })?;
    }
    Ok(())
}

/// Until nothing has come for a while: the last joins and quits are told to all.
fn quiet(fleet: &mut Fleet) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut last = Instant::now();
    while last.elapsed() < Duration::from_millis(500) && Instant::now() < deadline {
        fleet.pump(Duration::from_millis(100), |_, _| last = Instant::now())?;
    }
    Ok(())
}
