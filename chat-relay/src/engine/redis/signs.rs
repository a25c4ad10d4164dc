//! Signs of life: what this machine gives, and what is made of those of the others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chat_store::record::RecordId;

use super::cursor::Cursor;
use super::entry::TICK;
use super::link::Link;
use super::script::{self, Offer, Verdict};
use super::shared::{Setup, Shared, Thread};
use super::trouble::{Result, Trouble};
use crate::journal;

/// Between two signs that this machine is there.
const TICK_EVERY: Duration = Duration::from_secs(5);
/// How long nothing may be heard of a machine before its people are let go, and its name may be another's.
pub const DEAD_AFTER: Duration = Duration::from_secs(15);
/// Between two looks whether the others are there.
const LOOK_FOR_OTHERS: Duration = Duration::from_millis(100);

/// When they are due, and whose are waited for.
pub struct Signs<'a> {
    shared: &'a Shared,
    tick_at: Instant,
    /// The machine was down: what it has lost the others have, and what is said here next is to stand behind that.
    was_down: bool,
    /// It was, and the others have come since.
    are_others_here: bool,
}

impl<'a> Signs<'a> {
    /// Those of a machine that has come as far as `cursor`.
    pub fn new(shared: &'a Shared, cursor: &Cursor) -> Self {
        Self {
            shared,
            tick_at: Instant::now(),
            // A new one has lost nothing.
            was_down: cursor.was_down() && !shared.setup.machine.former.is_empty(),
            are_others_here: false,
        }
    }

    /// Whether each machine that may be there has given this engine what it surely has, since this one was down.
    pub fn are_others_here(&self) -> bool {
        self.are_others_here
    }

    /// Says that there is something in doubt here, or no more: before the sign by which others know what is given.
    ///
    /// # Errors
    /// The connection is not to be used any more.
    pub fn say_doubt(&self, link: &mut Link, is_there: bool) -> Result<()> {
        let setup = &self.shared.setup;
        let (head, field) = (setup.keys.head(), in_doubt(&setup.machine.incarnation));
        let mut write = redis::cmd(if is_there { "HSET" } else { "HDEL" });
        write.arg(head).arg(field);
        if is_there {
            write.arg("");
        }
        link.ask::<()>(&write)
    }

    /// When the next one is due.
    pub fn next(&self) -> Instant {
        self.tick_at
    }

    /// Gives one if it is time.
    ///
    /// # Errors
    /// As [`Signs::give`].
    pub fn give_if_due(&mut self, link: &mut Link) -> Result<()> {
        if Instant::now() < self.tick_at {
            return Ok(());
        }
        self.give(link)
    }

    /// Gives a sign that this machine is there, and lets the people of those go that give none.
    ///
    /// # Errors
    /// The connection is not to be used any more: this machine had been taken for dead, for one.
    pub fn give(&mut self, link: &mut Link) -> Result<()> {
        self.tick_at = Instant::now() + TICK_EVERY;
        self.tick(link)?;
        let setup = &self.shared.setup;
        let bounds = (self.shared.floor(), setup.keep);
        for node in script::reap(link, &setup.keys, DEAD_AFTER, bounds)? {
            journal::note(format_args!(
                "nothing has been heard of {node} for {} s: its people have left",
                DEAD_AFTER.as_secs()
            ));
        }
        Ok(())
    }

    fn tick(&self, link: &mut Link) -> Result<()> {
        let setup = &self.shared.setup;
        let own = (&setup.machine, &*setup.machine.incarnation);
        let bounds = (self.shared.floor(), setup.keep);
        let tick = Offer {
            kind: TICK.to_owned(),
            from: setup.machine.incarnation.clone(),
            attrs: RecordId::now().to_string(),
            text: self.shared.floor().to_string(),
            ..Offer::default()
        };
        let verdicts = script::append(link, &setup.keys, own, bounds, &[tick])?;
        self.shared.say_full(false);
        if matches!(verdicts[..], [Verdict::Reaped(_)]) {
            // Who connects anew brings the table of members into line with who is here.
            let why =
                "nothing had been heard of this machine for a while: it tells again who is here";
            return Err(Trouble::Away(why.to_owned()));
        }
        Ok(())
    }

    /// After the machine was down, waits until the others have given the engine so much of what it has lost, too: not
    /// longer than it takes to find out that they are dead.
    ///
    /// # Errors
    /// As [`Signs::give`].
    pub fn wait_for_others(
        &mut self,
        link: &mut Link,
        generation: u64,
        given: Given,
    ) -> Result<()> {
        self.are_others_here &= given == Given::All;
        if !self.was_down {
            return Ok(());
        }
        let shared = self.shared;
        let end = Instant::now() + DEAD_AFTER;
        let since = link.time()?;
        let mut is_told = false;
        while shared.is_current(generation) {
            let (head, now) = (head(link, &shared.setup)?, link.time()?);
            let others = others_to_come(&head, now, &shared.setup, (since, given));
            if others == 0 || Instant::now() > end {
                match given {
                    Given::Sure => self.are_others_here = others == 0 && !was_emptied(&head, now),
                    Given::All => self.was_down = false,
                }
                break;
            }
            if !std::mem::replace(&mut is_told, true) {
                let why = "this machine was down: what it has lost comes from the others first";
                let why = Trouble::Away(why.to_owned());
                shared.say(generation, |status| status.away(&why));
            }
            shared.pause(LOOK_FOR_OTHERS);
            shared.beat(Thread::Publisher);
            self.give_if_due(link)?;
        }
        Ok(())
    }
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Each machine has given all but what was in doubt there, and says so by a sign of life.
    Sure,
    /// That, too.
    All,
}

/// How many other machines were heard of less than [`DEAD_AFTER`] ago, and have not given the engine so much of what it
/// had lost, as they would say since then (by the engine's clock).
fn others_to_come(
    head: &HashMap<String, String>,
    now: u64,
    setup: &Setup,
    (since, given): (u64, Given),
) -> usize {
    let ticks = head.iter().filter_map(|(field, at)| {
        let node = field.strip_prefix("tick ")?;
        Some((node, at.parse::<u64>().unwrap_or_default()))
    });
    let others = ticks.filter(|(node, at)| {
        let is_alive = now.saturating_sub(*at) < micros(DEAD_AFTER);
        let has_given = match given {
            Given::Sure => *at > since && !head.contains_key(&format!("mends {node}")),
            Given::All => !head.contains_key(&in_doubt(node)),
        };
        *node != setup.machine.incarnation && is_alive && !has_given
    });
    others.count()
}

/// Whether the engine had lost everything a moment ago, and so does not know yet which machines there are.
fn was_emptied(head: &HashMap<String, String>, now: u64) -> bool {
    let at = head.get("emptied").and_then(|at| at.parse::<u64>().ok());
    at.is_some_and(|at| now.saturating_sub(at) < micros(DEAD_AFTER))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn head(link: &mut Link, setup: &Setup) -> Result<HashMap<String, String>> {
    let mut question = redis::cmd("HGETALL");
    link.ask(question.arg(setup.keys.head()))
}

/// The head's field of a machine that has something in doubt.
fn in_doubt(node: &str) -> String {
    format!("doubts {node}")
}
