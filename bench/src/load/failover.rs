//! The engine that takes writes is killed while people talk: how long they wait.

use std::io;
use std::time::{Duration, Instant};

use crate::figures::{Figures, median};
use crate::load::crowd::{Crowd, Told};
use crate::machines::chat::Chat;
use crate::machines::{MACHINES, Part, engine};

/// The longest that anybody waited.
pub const WAIT: &str = "longest wait s";

/// Between two lines of one person.
const PACE: Duration = Duration::from_millis(200);
/// As the client library: a line that is not taken is said again after a second, then two, ...
const AGAIN: Duration = Duration::from_secs(1);
/// Before the first blow.
const CALM: Duration = Duration::from_secs(2);
/// Sentinel chooses no other within two failover-timeouts of conf/cluster/sentinel.conf after it has.
const BETWEEN: Duration = Duration::from_secs(6);
/// Longest time for all to go on.
const LIMIT: Duration = Duration::from_secs(60);
/// Without anything to hear.
const LOOK: Duration = Duration::from_millis(20);

/// Somebody and what they are saying.
#[derive(Debug, Clone, Copy)]
struct Person {
    number: Option<usize>,
    /// When they said it first.
    began: Instant,
    /// When they say it, or the next.
    due: Option<Instant>,
    refusals: u32,
}

struct Talk {
    crowd: Crowd,
    people: Vec<Person>,
    next: usize,
    acked: usize,
    refused: usize,
    longest: Duration,
}

impl Talk {
    fn go_on(&mut self) -> io::Result<()> {
        let now = Instant::now();
        for (index, person) in self.people.iter_mut().enumerate() {
            if person.due.is_none_or(|due| due > now) {
                continue;
            }
            person.due = None;
            let number = *person.number.get_or_insert_with(|| {
                self.next += 1;
                person.began = now;
                self.next
            });
            self.crowd.say(index, number)?;
        }
        let (people, acked, refused) = (&mut self.people, &mut self.acked, &mut self.refused);
        let longest = &mut self.longest;
        self.crowd.hear(LOOK, |index, told, _| {
            let person = &mut people[index];
            match told {
                Told::Ack(number) if person.number == Some(number) => {
                    *longest = (*longest).max(person.began.elapsed());
                    *acked += 1;
                    let due = Some(Instant::now() + PACE);
                    (person.number, person.due, person.refusals) = (None, due, 0);
                }
                Told::Refused(number) if person.number == Some(number) => {
                    person.due = Some(Instant::now() + AGAIN * 2_u32.pow(person.refusals.min(5)));
                    person.refusals += 1;
                    *refused += 1;
                }
                _ => {}
            }
        })
    }

    fn go_on_for(&mut self, duration: Duration) -> io::Result<()> {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            self.go_on()?;
        }
        Ok(())
    }

    /// Until everybody's line that was said before now is kept.
    fn until_kept(&mut self) -> io::Result<()> {
        let since = Instant::now();
        let is_waiting = |it: &Person| it.number.is_some() && it.began <= since;
        while self.people.iter().any(is_waiting) {
            if since.elapsed() > LIMIT {
                return Err(io::Error::other("somebody's line is not kept"));
            }
            self.go_on()?;
        }
        Ok(())
    }
}

/// `people` talk, and the engine is killed `blows` times.
pub fn run(chat: &mut Chat, people: usize, blows: usize) -> io::Result<Figures> {
    let crowd = Crowd::gather(&chat.site, people, MACHINES)?;
    let now = Instant::now();
    let mut talk = Talk {
        crowd,
        people: vec![
            Person {
                number: None,
                began: now,
                due: Some(now),
                refusals: 0,
            };
            people
        ],
        next: 0,
        acked: 0,
        refused: 0,
        longest: Duration::ZERO,
    };
    talk.go_on_for(CALM)?;
    let (mut waits, mut chosen) = (Vec::new(), Vec::new());
    for blow in 0..blows {
        let primary = engine::primary().ok_or_else(|| io::Error::other("no engine"))?;
        talk.longest = Duration::ZERO;
        let start = Instant::now();
        chat.site.kill(Part::Engine, primary)?;
        let mut another = None;
        while another.is_none() {
            talk.go_on_for(LOOK * 5)?;
            another = engine::primary().filter(|&it| it != primary);
            if start.elapsed() > LIMIT {
                return Err(io::Error::other("no other engine was chosen"));
            }
        }
        chosen.push(start.elapsed().as_secs_f64());
        talk.until_kept()?;
        talk.go_on_for(PACE * 2)?;
        talk.until_kept()?;
        waits.push(talk.longest.as_secs_f64());
        chat.start_engine(primary)?;
        if blow + 1 < blows {
            talk.go_on_for(BETWEEN.saturating_sub(start.elapsed()))?;
            while !engine::is_whole() {
                talk.go_on_for(LOOK * 5)?;
                if start.elapsed() > LIMIT {
                    return Err(io::Error::other("the engine does not come back"));
                }
            }
        }
    }
    let mut figures = Figures::default();
    figures.set(WAIT, waits.iter().copied().fold(0.0, f64::max));
    figures.set(
        "median of the longest waits s",
        median(&waits).unwrap_or(f64::NAN),
    );
    figures.set(
        "another chosen after s",
        median(&chosen).unwrap_or(f64::NAN),
    );
    figures.set("blows", blows as f64);
    figures.set("acked", talk.acked as f64);
    figures.set("refused, said again", talk.refused as f64);
    Ok(figures)
}
