//! A program with a terminal: a key and its echo by the kernel, a flood of output, and terminals that nobody types into.

use std::io;
use std::time::{Duration, Instant};

use super::roundtrip::nanos;
use crate::client::{Client, Endpoint, PATIENCE};
use crate::figures::Figures;
use crate::proc::{Group, shrink_slabs};
use crate::ws;

/// Keys of one line, after which the line is given up: a terminal's line holds 4 KiB at the most.
const KEYS: usize = 64;

/// Gives the line up; the kernel echoes three bytes for each of its characters.
const KILL_LINE: &[u8] = b"\x15";
const KILL_ECHO: usize = 3 * KEYS;

/// Types and waits for each key's echo, for `duration`. Where there is no terminal, a line of one character is echoed by the program.
pub fn keys(endpoint: &Endpoint, group: &Group, duration: Duration) -> io::Result<Figures> {
    let mut client = Client::connect(endpoint)?;
    let mut latencies = Vec::with_capacity(100_000);
    let press = |client: &mut Client| {
        if endpoint.raw {
            return client.echo(b"x");
        }
        client.send(ws::BINARY, b"x")?;
        expect(client, 1)
    };
    press(&mut client)?;
    end_line(&mut client, endpoint, 1)?;
    let before = group.cpu();
    let start = Instant::now();
    while start.elapsed() < duration {
        for _ in 0..KEYS {
            let sent = Instant::now();
            press(&mut client)?;
            latencies.push(nanos(sent.elapsed()));
        }
        end_line(&mut client, endpoint, KEYS)?;
    }
    let (all, server) = group.cpu().each_since(before, latencies.len() as u64);
    client.close()?;
    let mut figures = Figures::default();
    figures.set_latencies(&mut latencies);
    figures.set("CPU us/key", all);
    figures.set("server CPU us/key", server);
    Ok(figures)
}

fn end_line(client: &mut Client, endpoint: &Endpoint, keys: usize) -> io::Result<()> {
    if endpoint.raw {
        return Ok(());
    }
    client.send(ws::BINARY, KILL_LINE)?;
    expect(client, KILL_ECHO / KEYS * keys)
}

/// Reads so many bytes.
fn expect(client: &mut Client, mut missing: usize) -> io::Result<()> {
    while missing > 0 {
        let came = client.receive()?.len();
        missing = missing
            .checked_sub(came)
            .ok_or_else(|| io::Error::other("more than an echo came"))?;
    }
    Ok(())
}

/// Reads what a program writes without an end, for `duration`.
pub fn output(endpoint: &Endpoint, group: &Group, duration: Duration) -> io::Result<Figures> {
    let mut client = Client::connect(endpoint)?;
    client.receive()?;
    let before = group.cpu();
    let start = Instant::now();
    let mut bytes = 0;
    while start.elapsed() < duration {
        // Of a line its end is not given.
        bytes += client.receive()?.len() + usize::from(endpoint.raw);
    }
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = bytes as f64 / 1e6;
    let (all, server) = group.cpu().each_since(before, bytes as u64);
    let mut figures = Figures::default();
    figures.set("MB/s", megabytes / seconds);
    // Microseconds a byte are thousands of milliseconds a megabyte.
    figures.set("CPU ms/MB", all * 1e3);
    figures.set("server CPU ms/MB", server * 1e3);
    Ok(figures)
}

/// Opens `terminals` that show a prompt, and tells what memory they take.
pub fn idle(endpoint: &Endpoint, group: &Group, terminals: usize) -> io::Result<Figures> {
    let mut clients = Vec::with_capacity(terminals);
    let first = Client::connect(endpoint)?;
    first.close()?;
    group.wait_for_handlers(0)?;
    shrink_slabs();
    let start = group.memory();
    for _ in 0..terminals {
        let mut client = Client::connect(endpoint)?;
        client.send(ws::BINARY, b"x")?;
        expect(&mut client, 1)?;
        clients.push(client);
    }
    let held = group.memory();
    let each = |from: f64, to: f64| (to - from) / terminals as f64;
    let mut figures = Figures::default();
    figures.set(
        "server PSS KiB/terminal",
        each(start.server_pss, held.server_pss),
    );
    figures.set(
        "server fds/terminal",
        each(start.server_fds, held.server_fds),
    );
    figures.set("kernel KiB/terminal", each(start.kernel, held.kernel));
    let started = Instant::now();
    for client in clients {
        if started.elapsed() < PATIENCE {
            client.close()?;
        }
    }
    group.wait_for_handlers(0)?;
    Ok(figures)
}
