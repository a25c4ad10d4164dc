//! A program that many clients share: what each of its lines costs for each who gets it, and whether all get all.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Endpoint, Fleet, PATIENCE};
use crate::figures::Figures;
use crate::proc::Group;
use crate::ws;

/// How long the slow reader of a burst does not read.
const NAP: Duration = Duration::from_secs(1);

/// `members` read what the program writes without an end, for `duration`.
pub fn flood(
    endpoint: &Endpoint,
    group: &Group,
    members: usize,
    duration: Duration,
) -> io::Result<Figures> {
    let mut fleet = Fleet::new()?;
    for _ in 0..members {
        fleet.join(endpoint, "/", "")?;
    }
    // Whoever came first has a start; all are read from here on.
    let mut deliveries = 0_u64;
    fleet.pump_early(|_, _| {})?;
    pump_for(&mut fleet, duration / 5, &mut deliveries)?;
    deliveries = 0;
    let before = group.cpu();
    let start = Instant::now();
    pump_for(&mut fleet, duration, &mut deliveries)?;
    figures(group, before, deliveries, start.elapsed())
}

/// One of `members` says `rate` lines a second for `duration`, which all hear.
pub fn talk(
    endpoint: &Endpoint,
    group: &Group,
    members: usize,
    rate: u32,
    duration: Duration,
) -> io::Result<Figures> {
    let mut fleet = Fleet::new()?;
    for _ in 0..members {
        fleet.join(endpoint, "/", "")?;
    }
    let mut frame = Vec::new();
    ws::append_frame(&mut frame, ws::TEXT, &[b'x'; 63]);
    fleet.send(0, &frame)?;
    let mut deliveries = 0_u64;
    pump_until(&mut fleet, members as u64, &mut deliveries)?;
    deliveries = 0;
    let before = group.cpu();
    let start = Instant::now();
    let mut said = 0_u32;
    while start.elapsed() < duration {
        fleet.send(said as usize % members, &frame)?;
        said += 1;
        let next = Duration::from_secs(1) * said / rate;
        while start.elapsed() < next {
            fleet.pump(next.saturating_sub(start.elapsed()), |_, _| deliveries += 1)?;
        }
    }
    let expected = u64::from(said) * members as u64;
    pump_until(&mut fleet, expected, &mut deliveries)?;
    let mut figures = figures(group, before, deliveries, start.elapsed())?;
    figures.set("lost", expected as f64 - deliveries as f64);
    Ok(figures)
}

fn pump_for(fleet: &mut Fleet, duration: Duration, deliveries: &mut u64) -> io::Result<()> {
    let end = Instant::now() + duration;
    let mut last = Instant::now();
    while Instant::now() < end {
        let before = *deliveries;
        fleet.pump(Duration::from_millis(100), |_, _| *deliveries += 1)?;
        if *deliveries > before {
            last = Instant::now();
        } else if last.elapsed() > PATIENCE {
            return Err(io::Error::other("stalled: nothing moves any more"));
        }
    }
    Ok(())
}

fn pump_until(fleet: &mut Fleet, expected: u64, deliveries: &mut u64) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while *deliveries < expected && Instant::now() < deadline {
        fleet.pump(Duration::from_millis(100), |_, _| *deliveries += 1)?;
    }
    Ok(())
}

fn figures(
    group: &Group,
    before: crate::proc::Cpu,
    deliveries: u64,
    elapsed: Duration,
) -> io::Result<Figures> {
    if deliveries == 0 {
        return Err(io::Error::other("stalled: nothing came"));
    }
    let (all, server) = group.cpu().each_since(before, deliveries);
    let mut figures = Figures::default();
    figures.set("deliveries/s", deliveries as f64 / elapsed.as_secs_f64());
    figures.set("CPU us/delivery", all);
    figures.set("server CPU us/delivery", server);
    Ok(figures)
}

/// A program writes `lines` numbered lines as soon as somebody says a word: one client reads at once, one after a nap.
pub fn burst(endpoint: &Endpoint, lines: usize) -> io::Result<Figures> {
    let (mut fast, slow) = (Client::connect(endpoint)?, Client::connect(endpoint)?);
    fast.send(ws::TEXT, b"go")?;
    let (fast, slow) = thread::scope(|scope| {
        let slow = scope.spawn(move || {
            thread::sleep(NAP);
            lines_of(slow, lines)
        });
        (lines_of(fast, lines), slow.join())
    });
    let slow = slow.map_err(|_| io::Error::other("the reader panicked"))?;
    let lost = |seen: usize| (lines - seen) as f64;
    let mut figures = Figures::default();
    figures.set(LOST_FAST, lost(fast));
    figures.set(LOST_SLOW, lost(slow));
    Ok(figures)
}

/// Lines of a burst that did not come.
pub const LOST_FAST: &str = "lost, fast reader";
/// The same, of one that slept first.
pub const LOST_SLOW: &str = "lost, slow reader";

/// How many of the numbers came before the last one, or before nothing came any more: a server may end the session, too.
fn lines_of(mut client: Client, lines: usize) -> usize {
    let mut seen = 0;
    while let Ok(line) = client.receive() {
        let number = std::str::from_utf8(line)
            .ok()
            .and_then(|text| text.trim_end().parse::<usize>().ok());
        if let Some(number) = number {
            seen += 1;
            if number + 1 == lines {
                break;
            }
        }
    }
    seen
}
