//! One message at a time: what latency is made of.

use std::io;
use std::time::{Duration, Instant};

use crate::client::{Client, Endpoint};
use crate::figures::Figures;
use crate::proc::Group;

/// 32 bytes.
const MESSAGE: &[u8] = b"round trip: 32 bytes of a text..";

const WARM_UP: usize = 200;

/// Sends, waits for the echo, sends again, for `duration`.
pub fn run(endpoint: &Endpoint, group: &Group, duration: Duration) -> io::Result<Figures> {
    let mut client = Client::connect(endpoint)?;
    for _ in 0..WARM_UP {
        client.echo(MESSAGE)?;
    }
    let mut latencies = Vec::with_capacity(100_000);
    let before = group.cpu();
    let start = Instant::now();
    let mut sent = start;
    while sent < start + duration {
        client.echo(MESSAGE)?;
        let now = Instant::now();
        latencies.push(nanos(now - sent));
        sent = now;
    }
    let (all, server) = group.cpu().each_since(before, latencies.len() as u64);
    client.close()?;
    let mut figures = Figures::default();
    figures.set_latencies(&mut latencies);
    figures.set("CPU us/message", all);
    figures.set("server CPU us/message", server);
    Ok(figures)
}

/// As a number; 584 years fit.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
