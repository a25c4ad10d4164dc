//! A chat room: one speaks, all hear. Counts what it costs, and whether each line came once and in one order to all.

use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::chat::Wire;
use crate::client::{Endpoint, Fleet, PATIENCE, request};
use crate::figures::Figures;
use crate::load::roundtrip::nanos;
use crate::proc::{Cpu, Group};

/// Time for all to have joined and heard the first line.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Who is there and how much is said.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Rooms.
    pub rooms: usize,
    /// People in each.
    pub members: usize,
    /// People who come at once; the next do when these are in. `None`: all.
    pub wave: Option<usize>,
    /// Lines a second in all; `None`: each person says the next as soon as they have heard their last.
    pub rate: Option<u32>,
    /// The protocol.
    pub wire: Wire,
    /// How long.
    pub duration: Duration,
}

impl Shape {
    /// The room of a person.
    fn room(&self, person: usize) -> String {
        format!("room{:04}", person / self.members)
    }
}

/// A line's marks: `~PHASE~SENDER~NUMBER~TIME~`, each of a fixed width.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// Not a line that is said to see whether all are there.
    pub measured: bool,
    /// Who says it.
    pub sender: usize,
    /// Which it is.
    pub number: usize,
    /// When.
    pub nanos: u64,
}

impl Mark {
    const LEN: usize = 1 + 1 + 1 + 5 + 1 + 8 + 1 + 15 + 1;

    /// What is said.
    pub fn text(self) -> String {
        let phase = u8::from(self.measured);
        format!(
            "~{phase}~{:05}~{:08}~{:015}~",
            self.sender, self.number, self.nanos
        )
    }

    /// Finds it in what somebody got.
    pub fn find(payload: &[u8]) -> Option<Self> {
        let at = memchr::memchr(b'~', payload)?;
        let mark = std::str::from_utf8(payload.get(at..at + Self::LEN)?).ok()?;
        Some(Self {
            measured: mark.get(1..2)? == "1",
            sender: mark.get(3..8)?.parse().ok()?,
            number: mark.get(9..17)?.parse().ok()?,
            nanos: mark.get(18..33)?.parse().ok()?,
        })
    }
}

/// What one person has heard.
#[derive(Debug, Clone, Default)]
struct Ear {
    welcomed: bool,
    probed: bool,
    /// One bit for each line of the room.
    heard: Vec<u64>,
    count: usize,
    twice: usize,
    /// Depends on the order: equal for all who heard the same.
    order: u64,
}

impl Ear {
    fn take(&mut self, mark: Mark) {
        let (word, bit) = (mark.number / 64, 1 << (mark.number % 64));
        if self.heard.len() <= word {
            self.heard.resize(word + 1, 0);
        }
        if self.heard[word] & bit == 0 {
            self.heard[word] |= bit;
            self.count += 1;
        } else {
            self.twice += 1;
        }
        let mixed = self.order.rotate_left(5) ^ mark.number as u64;
        self.order = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

struct Party {
    shape: Shape,
    start: Instant,
    ears: Vec<Ear>,
    /// Number of the last line that each person heard of themselves.
    own: Vec<Option<usize>>,
    /// People whose line has come back and who may speak again.
    ready: Vec<usize>,
    /// Lines said in each room.
    said: Vec<usize>,
    latencies: Vec<u64>,
    disorder: usize,
}

impl Party {
    fn hear(&mut self, index: usize, payload: &[u8]) {
        let Some(mark) = Mark::find(payload) else {
            self.ears[index].welcomed |= self.shape.wire.is_welcome(payload);
            return;
        };
        let ear = &mut self.ears[index];
        if !mark.measured {
            ear.probed = true;
            return;
        }
        ear.take(mark);
        self.latencies
            .push(nanos(self.start.elapsed()).saturating_sub(mark.nanos));
        if mark.sender == index {
            self.disorder += usize::from(self.own[index] >= Some(mark.number));
            self.own[index] = Some(mark.number);
            self.ready.push(index);
        }
    }

    fn say(&mut self, fleet: &mut Fleet, sender: usize, measured: bool) -> io::Result<()> {
        let said = &mut self.said[sender / self.shape.members];
        let mark = Mark {
            measured,
            sender,
            number: *said,
            nanos: nanos(self.start.elapsed()),
        };
        *said += usize::from(measured);
        let room = self.shape.room(sender);
        fleet.send(sender, &self.shape.wire.say(&room, &mark.text()))
    }

    /// All join; done when each has heard a line that was said after all had been welcomed.
    fn gather(&mut self, endpoint: &Endpoint) -> io::Result<Fleet> {
        let mut fleet = Fleet::new()?;
        let people = self.ears.len();
        for first in (0..people).step_by(self.shape.wave.unwrap_or(people)) {
            let end = self
                .shape
                .wave
                .map_or(people, |wave| people.min(first + wave));
            self.join(&mut fleet, endpoint, first..end)?;
        }
        for room in 0..self.shape.rooms {
            self.say(&mut fleet, room * self.shape.members, false)?;
        }
        self.until(&mut fleet, people, "the first line", |ear| ear.probed)?;
        Ok(fleet)
    }

    fn join(
        &mut self,
        fleet: &mut Fleet,
        endpoint: &Endpoint,
        people: Range<usize>,
    ) -> io::Result<()> {
        let (wire, end) = (self.shape.wire, people.end);
        let requested: Vec<_> = people
            .map(|person| {
                let path = wire.path(&self.shape.room(person));
                (person, request(endpoint, &path, &wire.fields(person)))
            })
            .collect();
        for (person, one) in requested {
            let room = self.shape.room(person);
            fleet.add(one?, |client| wire.enter(client, &room, person))?;
        }
        fleet.pump_early(|index, payload| self.hear(index, payload))?;
        self.until(fleet, end, "a welcome", |ear| ear.welcomed)
    }

    /// Until the first `people` have.
    fn until(
        &mut self,
        fleet: &mut Fleet,
        people: usize,
        what: &str,
        done: fn(&Ear) -> bool,
    ) -> io::Result<()> {
        let deadline = Instant::now() + JOIN_TIMEOUT;
        while !self.ears[..people].iter().all(done) {
            if Instant::now() > deadline {
                let missing = self.ears[..people].iter().filter(|ear| !done(ear)).count();
                return Err(io::Error::other(format!("{missing} did not get {what}")));
            }
            fleet.pump(Duration::from_millis(100), |index, payload| {
                self.hear(index, payload);
            })?;
        }
        Ok(())
    }

    fn talk(&mut self, fleet: &mut Fleet, start: Instant) -> io::Result<()> {
        let mut turn = 0_usize;
        if self.shape.rate.is_none() {
            self.ready = (0..self.ears.len()).collect();
        }
        while start.elapsed() < self.shape.duration {
            let mut timeout = Duration::from_millis(100);
            if let Some(rate) = self.shape.rate {
                let turns = u32::try_from(turn).unwrap_or(u32::MAX);
                let due = start + Duration::from_secs(1) * turns / rate;
                timeout = due.saturating_duration_since(Instant::now());
                if timeout.is_zero() {
                    // Room after room; in each, person after person.
                    let (room, person) = (turn % self.shape.rooms, turn / self.shape.rooms);
                    let sender = room * self.shape.members + person % self.shape.members;
                    self.say(fleet, sender, true)?;
                    turn += 1;
                    continue;
                }
            } else {
                for sender in std::mem::take(&mut self.ready) {
                    self.say(fleet, sender, true)?;
                }
            }
            fleet.pump(timeout, |index, payload| self.hear(index, payload))?;
        }
        Ok(())
    }

    fn expected(&self) -> usize {
        self.said.iter().sum::<usize>() * self.shape.members
    }

    fn heard(&self) -> usize {
        self.ears.iter().map(|ear| ear.count).sum()
    }

    /// Hears what is still under way.
    fn fall_silent(&mut self, fleet: &mut Fleet) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.heard() < self.expected() && Instant::now() < deadline {
            fleet.pump(Duration::from_millis(100), |index, payload| {
                self.hear(index, payload);
            })?;
        }
        Ok(())
    }

    /// People who heard the lines of their room in another order than the first in it.
    fn dissenters(&self) -> usize {
        let rooms = self.ears.chunks(self.shape.members);
        rooms
            .map(|room| room.iter().filter(|ear| ear.order != room[0].order).count())
            .sum()
    }
}

/// Fills the rooms, talks for a while, and counts.
pub fn run(endpoint: &Endpoint, group: &Group, shape: Shape) -> io::Result<Figures> {
    let people = shape.rooms * shape.members;
    let mut party = Party {
        shape,
        start: Instant::now(),
        ears: vec![Ear::default(); people],
        own: vec![None; people],
        ready: Vec::new(),
        said: vec![0; shape.rooms],
        latencies: Vec::new(),
        disorder: 0,
    };
    let empty = group.memory();
    let joining = group.cpu();
    let mut fleet = party.gather(endpoint)?;
    let gathered = party.start.elapsed();
    let before = group.cpu();
    let start = Instant::now();
    party.talk(&mut fleet, start)?;
    let (talked, after) = (start.elapsed(), group.cpu());
    let counted = party.latencies.len();
    party.fall_silent(&mut fleet)?;
    let full = group.memory();

    let mut figures = Figures::default();
    let each = |now: f64, then: f64| (now - then) / people as f64;
    figures.set("all joined s", gathered.as_secs_f64());
    figures.set("CPU us/join", before.each_since(joining, people as u64).0);
    set_deliveries(&mut figures, counted, talked, (before, after));
    figures.set_latencies(&mut party.latencies);
    figures.set("lost", (party.expected() - party.heard()) as f64);
    figures.set(
        "twice",
        party.ears.iter().map(|ear| ear.twice).sum::<usize>() as f64,
    );
    figures.set("out of order", (party.dissenters() + party.disorder) as f64);
    figures.set("handler private KiB", full.handler_private);
    figures.set("processes/person", each(full.handlers, empty.handlers));
    figures.set(
        "server PSS KiB/person",
        each(full.server_pss, empty.server_pss),
    );
    figures.set("kernel KiB/person", each(full.kernel, empty.kernel));
    Ok(figures)
}

fn set_deliveries(
    figures: &mut Figures,
    count: usize,
    talked: Duration,
    (before, after): (Cpu, Cpu),
) {
    let (all, server) = after.each_since(before, count.max(1) as u64);
    figures.set("deliveries/s", count as f64 / talked.as_secs_f64());
    figures.set("CPU us/delivery", all);
    figures.set("server CPU us/delivery", server);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_either_protocol() {
        let mark = Mark {
            measured: true,
            sender: 12_345,
            number: 678,
            nanos: 90,
        };
        let text = mark.text();
        assert_eq!(text.len(), Mark::LEN);
        for line in [
            format!("[10:15:30] bob> {text}"),
            format!("{{\"type\":\"say\",\"text\":\"{text}\"}}"),
        ] {
            let found = Mark::find(line.as_bytes()).unwrap();
            assert_eq!((found.sender, found.number, found.nanos), (12_345, 678, 90));
            assert!(found.measured);
        }
        assert!(Mark::find(b"[10:15:30] bob> ~").is_none());
    }

    #[test]
    fn an_ear_tells_repetition_and_order() {
        let mark = |number| Mark {
            measured: true,
            sender: 0,
            number,
            nanos: 0,
        };
        let mut ears = [Ear::default(), Ear::default()];
        for number in [0, 70] {
            ears[0].take(mark(number));
        }
        for number in [70, 0, 0] {
            ears[1].take(mark(number));
        }
        assert_eq!((ears[0].count, ears[0].twice), (2, 0));
        assert_eq!((ears[1].count, ears[1].twice), (2, 1));
        assert_ne!(ears[0].order, ears[1].order);
    }
}
