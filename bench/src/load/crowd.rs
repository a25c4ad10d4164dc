//! People in one room, spread over several machines.

use std::io;
use std::time::{Duration, Instant};

use crate::chat::Wire;
use crate::client::{Fleet, request};
use crate::load::room::Mark;
use crate::load::roundtrip::nanos;
use crate::machines::Site;
use crate::ws;

/// The room.
pub const ROOM: &str = "machines";
/// Time for all to have joined and heard the first line.
const JOIN_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest that is waited for what comes.
const PATIENCE: Duration = Duration::from_millis(100);

/// Somebody was told something.
#[derive(Debug, Clone, Copy)]
pub enum Told {
    /// Somebody's line, and when it was said.
    Line {
        /// Who said it.
        sender: usize,
        /// Which of all lines.
        number: usize,
        /// When, since the beginning.
        said: u64,
    },
    /// Their line of this number is kept.
    Ack(usize),
    /// Their line of this number is not taken now.
    Refused(usize),
}

/// Them.
#[derive(Debug)]
pub struct Crowd {
    wire: Wire,
    fleet: Fleet,
    machines: usize,
    start: Instant,
}

impl Crowd {
    /// `people` come in, in turn on each of the first `machines`; done when all have heard a line that was said after
    /// that.
    pub fn gather(site: &Site, people: usize, machines: usize) -> io::Result<Self> {
        let mut crowd = Self {
            wire: site.wire,
            fleet: Fleet::new()?,
            machines,
            start: Instant::now(),
        };
        let deadline = Instant::now() + JOIN_TIMEOUT;
        let mut welcomed = Vec::with_capacity(people);
        for person in 0..people {
            let endpoint = &site.endpoints[crowd.machine(person)];
            let requested = request(endpoint, &path(site.wire, person), site.wire.extra())?;
            let enter = |client: &mut _| site.wire.enter(client, ROOM, person);
            crowd.fleet.add(requested, enter)?;
            welcomed.push(false);
            // The first one makes the room. Of two who make it at two nodes of ejabberd in the same moment, each has a
            // room of their own.
            if person == 0 || person + 1 == people {
                crowd.welcome(&mut welcomed, deadline)?;
            }
        }
        let mut probed = vec![false; people];
        crowd.send(0, 0, false)?;
        while probed.contains(&false) {
            late(deadline, "the first line")?;
            crowd.fleet.pump(PATIENCE, |index, payload| {
                probed[index] |= Mark::find(payload).is_some();
            })?;
        }
        Ok(crowd)
    }

    /// Waits until those who have come are in.
    fn welcome(&mut self, welcomed: &mut [bool], deadline: Instant) -> io::Result<()> {
        let wire = self.wire;
        self.fleet.pump_early(|index, payload| {
            welcomed[index] |= wire.is_welcome(payload);
        })?;
        while welcomed.contains(&false) {
            late(deadline, "a welcome")?;
            self.fleet.pump(PATIENCE, |index, payload| {
                welcomed[index] |= wire.is_welcome(payload);
            })?;
        }
        Ok(())
    }

    /// The machine that a person is at.
    pub fn machine(&self, person: usize) -> usize {
        person % self.machines
    }

    /// Nanoseconds since they began to come.
    pub fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }

    /// Somebody says line `number`, under this number however often it is said.
    pub fn say(&mut self, sender: usize, number: usize) -> io::Result<()> {
        self.send(sender, number, true)
    }

    fn send(&mut self, sender: usize, number: usize, measured: bool) -> io::Result<()> {
        let mark = Mark {
            measured,
            sender,
            number,
            nanos: self.now(),
        };
        let text = mark.text();
        if self.wire != Wire::Json || !measured {
            return self.fleet.send(sender, &self.wire.say(ROOM, &text));
        }
        let payload = format!("{{\"type\":\"say\",\"text\":\"{text}\",\"msgid\":\"n{number}\"}}");
        let mut frame = Vec::with_capacity(256);
        ws::append_frame(&mut frame, ws::TEXT, payload.as_bytes());
        self.fleet.send(sender, &frame)
    }

    /// Waits until something has come, or for `timeout`; gives who was told it, what it is, and when it came.
    pub fn hear(
        &mut self,
        timeout: Duration,
        mut hear: impl FnMut(usize, Told, u64),
    ) -> io::Result<()> {
        let start = self.start;
        self.fleet.pump(timeout.min(PATIENCE), |index, payload| {
            if let Some(told) = told(payload) {
                hear(index, told, nanos(start.elapsed()));
            }
        })
    }
}

fn late(deadline: Instant, what: &str) -> io::Result<()> {
    if Instant::now() > deadline {
        return Err(io::Error::other(format!("somebody did not get {what}")));
    }
    Ok(())
}

fn path(wire: Wire, person: usize) -> String {
    match wire {
        Wire::Xmpp => wire.path(ROOM),
        _ => format!("/{ROOM}?format=json&nick=user{person:05}&client=client-{person:05}"),
    }
}

fn told(payload: &[u8]) -> Option<Told> {
    if let Some(mark) = Mark::find(payload) {
        return mark.measured.then_some(Told::Line {
            sender: mark.sender,
            number: mark.number,
            said: mark.nanos,
        });
    }
    let is = |what: &[u8]| payload.starts_with(what);
    let of: fn(usize) -> Told = if is(b"{\"type\":\"ack\"") {
        Told::Ack
    } else if is(b"{\"type\":\"error\"") {
        Told::Refused
    } else {
        return None;
    };
    let key = b"\"msgid\":\"n";
    let at = memchr::memmem::find(payload, key)? + key.len();
    let len = memchr::memchr(b'"', &payload[at..])?;
    let number = std::str::from_utf8(&payload[at..at + len]).ok()?;
    number.parse().ok().map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_and_a_refusal_are_of_a_line() {
        let ack = br#"{"type":"ack","msgid":"n17","id":"2026-11-21T10:15:33.500000Z"}"#;
        assert!(matches!(told(ack), Some(Told::Ack(17))));
        let error = br#"{"type":"error","code":"not_saved","text":"~","msgid":"n8"}"#;
        assert!(matches!(told(error), Some(Told::Refused(8))));
        assert!(told(br#"{"type":"join","from":"n8"}"#).is_none());
    }
}
