//! People who come and go: what that costs them, and those who are there.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::chat::{Files, Wire};
use crate::client::{Endpoint, Fleet, PATIENCE, request};
use crate::figures::Figures;
use crate::load::roundtrip::nanos;
use crate::proc::Group;

/// The room; its log may have been filled before.
pub const ROOM: &str = "joins";

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
        let start = Instant::now();
        fleet.join(endpoint, &path, &Files::cookie(members + join))?;
        welcomed[members] = false;
        fleet.pump_early(|index, payload| welcomed[index] |= Wire::Json.is_welcome(payload))?;
        wait(&mut fleet, &mut welcomed, members + 1)?;
        latencies.push(nanos(start.elapsed()));
        fleet.drop_last();
    }
    let deadline = Instant::now() + PATIENCE;
    while group.handlers() > members {
        if Instant::now() > deadline {
            return Err(io::Error::other("handlers of those who left stay"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    quiet(&mut fleet)?;
    let (all, server) = group.cpu().each_since(before, joins as u64);
    let mut figures = Figures::default();
    figures.set("CPU us/join and quit", all);
    figures.set("server CPU us/join and quit", server);
    figures.set_latencies(&mut latencies);
    Ok(figures)
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
