//! Connect, echo once, close: what a connection costs.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Endpoint};
use crate::figures::Figures;
use crate::proc::Group;

/// Connections at once: enough that the server always has something to do.
const THREADS: usize = 4;

const MESSAGE: &[u8] = b"hello";

/// As many connections as there can be in `duration`, while `held` idle ones stay open.
pub fn run(
    endpoint: &Endpoint,
    group: &Group,
    held: usize,
    duration: Duration,
) -> io::Result<Figures> {
    let mut idle = Vec::with_capacity(held);
    for _ in 0..held {
        let mut client = Client::connect(endpoint)?;
        client.echo(MESSAGE)?;
        idle.push(client);
    }
    connections(endpoint, duration / 5)?;
    let before = group.cpu();
    let start = Instant::now();
    let done = connections(endpoint, duration)?;
    let elapsed = start.elapsed().as_secs_f64();
    let (all, server) = group.cpu().each_since(before, done.max(1));
    let mut figures = Figures::default();
    figures.set("connections/s", done as f64 / elapsed);
    figures.set("CPU us/connection", all);
    figures.set("server CPU us/connection", server);
    Ok(figures)
}

fn connections(endpoint: &Endpoint, duration: Duration) -> io::Result<u64> {
    let deadline = Instant::now() + duration;
    thread::scope(|scope| {
        let one = || -> io::Result<u64> {
            let mut done = 0;
            while Instant::now() < deadline {
                let mut client = Client::connect(endpoint)?;
                client.echo(MESSAGE)?;
                client.close()?;
                done += 1;
            }
            Ok(done)
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("the loop does not panic"))
            .sum()
    })
}
