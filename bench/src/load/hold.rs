//! Connections that do nothing: what they cost in memory, before and after they have done something.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Endpoint};
use crate::figures::Figures;
use crate::proc::{Group, Memory, shrink_slabs};
use crate::ws;

/// What each sends, in lines as a text handler expects them.
const LINE: [u8; 1023] = [b'x'; 1023];
const LINES: usize = 64;

/// How long memory may take to be given back.
const RETURN_TIME: Duration = Duration::from_secs(5);

/// Opens `connections`, has each echo 64 KiB if `busy`, closes them, and tells the memory of each step.
pub fn run(
    endpoint: &Endpoint,
    group: &Group,
    connections: usize,
    busy: bool,
) -> io::Result<Figures> {
    let mut clients = Vec::with_capacity(connections);
    // The first connection also makes what is made but once.
    let mut first = Client::connect(endpoint)?;
    first.echo(b"first")?;
    first.close()?;
    group.wait_for_handlers(0)?;
    shrink_slabs();
    let start = group.memory();
    for _ in 0..connections {
        let mut client = Client::connect(endpoint)?;
        client.echo(b"here")?;
        clients.push(client);
    }
    let held = group.memory();
    let mut figures = Figures::default();
    figures.set("connections", connections as f64);
    let each =
        |memory: Memory, of: fn(Memory) -> f64| (of(memory) - of(start)) / connections as f64;
    figures.set("server PSS KiB/connection", each(held, |m| m.server_pss));
    figures.set("server fds/connection", each(held, |m| m.server_fds));
    figures.set("kernel KiB/connection", each(held, |m| m.kernel));
    figures.set("handler private KiB", held.handler_private);
    if busy {
        for client in &mut clients {
            for _ in 0..LINES {
                client.send(ws::TEXT, &LINE)?;
            }
            let mut missing = LINES * LINE.len();
            while missing > 0 {
                missing = missing.saturating_sub(client.receive()?.len());
            }
        }
        let after = group.memory();
        figures.set(
            "server PSS KiB/connection after 64 KiB",
            each(after, |m| m.server_pss),
        );
    }
    // A server that does not answer one close frame in time is not asked to answer a thousand: the others are dropped.
    let _ = clients.into_iter().try_for_each(Client::close);
    group.wait_for_handlers(0)?;
    let grown = || (group.memory().server_pss - start.server_pss) / 1024.0;
    let deadline = Instant::now() + RETURN_TIME;
    let mut left = grown();
    while Instant::now() < deadline {
        thread::sleep(RETURN_TIME / 10);
        left = left.min(grown());
    }
    figures.set("server PSS MiB more after all closed", left);
    figures.set("server PSS MiB at start", start.server_pss / 1024.0);
    Ok(figures)
}
