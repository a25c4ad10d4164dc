//! Many connections that each say little: what a message costs when nothing can be batched.

use std::io;
use std::time::{Duration, Instant};

use crate::client::{Endpoint, Fleet, PATIENCE};
use crate::figures::Figures;
use crate::load::roundtrip::nanos;
use crate::proc::Group;
use crate::ws;

/// Bytes of a message: a time, and filling.
const SIZE: usize = 32;

/// What comes is compared with the time it was sent.
struct Tally {
    start: Instant,
    latencies: Vec<u64>,
}

impl Tally {
    fn take(&mut self, payload: &[u8]) {
        let time = payload
            .get(..19)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(sent) = time.and_then(|digits| digits.trim_start().parse::<u64>().ok()) {
            self.latencies
                .push(nanos(self.start.elapsed()).saturating_sub(sent));
        }
    }
}

/// `connections` send `rate` messages a second in all, in turn, for `duration`.
pub fn run(
    endpoint: &Endpoint,
    group: &Group,
    connections: usize,
    rate: u32,
    duration: Duration,
) -> io::Result<Figures> {
    let mut fleet = Fleet::new()?;
    for _ in 0..connections {
        fleet.join(endpoint, "/", "")?;
    }
    let mut tally = Tally {
        start: Instant::now(),
        latencies: Vec::new(),
    };
    // Every handler has started and is warm before anything counts.
    for round in 1..=2 {
        for index in 0..connections {
            send(&mut fleet, index, tally.start)?;
        }
        settle(&mut fleet, &mut tally, connections * round)?;
    }
    tally.latencies.clear();
    let before = group.cpu();
    let start = Instant::now();
    let mut sent = 0_usize;
    while start.elapsed() < duration {
        let due = start + Duration::from_secs(1) * u32::try_from(sent).unwrap_or(u32::MAX) / rate;
        let now = Instant::now();
        if due <= now {
            send(&mut fleet, sent % connections, tally.start)?;
            sent += 1;
            continue;
        }
        fleet.pump(due - now, |_, payload| tally.take(payload))?;
    }
    settle(&mut fleet, &mut tally, sent)?;
    let (all, server) = group.cpu().each_since(before, sent as u64);
    let mut figures = Figures::default();
    figures.set("CPU us/message", all);
    figures.set("server CPU us/message", server);
    figures.set_latencies(&mut tally.latencies);
    Ok(figures)
}

fn send(fleet: &mut Fleet, index: usize, start: Instant) -> io::Result<()> {
    let payload = format!(
        "{:>19}{:.>width$}",
        nanos(start.elapsed()),
        "",
        width = SIZE - 19
    );
    let mut frame = Vec::with_capacity(SIZE + 6);
    ws::append_frame(&mut frame, ws::TEXT, payload.as_bytes());
    fleet.send(index, &frame)
}

/// Waits until `count` have come in all.
fn settle(fleet: &mut Fleet, tally: &mut Tally, count: usize) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while tally.latencies.len() < count {
        if Instant::now() > deadline {
            let missing = count - tally.latencies.len();
            return Err(io::Error::other(format!(
                "stalled: {missing} did not come back"
            )));
        }
        fleet.pump(Duration::from_millis(100), |_, payload| tally.take(payload))?;
    }
    Ok(())
}
