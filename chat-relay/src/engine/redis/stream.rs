//! What the engine has put in order, read from its stream; whatever is given on is on enough copies.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chat_store::record::RecordId;
use redis::{Cmd, cmd};

use super::entry::Fields;
use super::link::Link;
use super::script::ALL;
use super::shared::{Setup, Shared, Thread};
use super::trouble::{Result, Trouble};

/// Entries that are read at a time.
const BATCH: usize = 200;
/// The longest wait for one.
const WAIT: Duration = Duration::from_millis(500);
/// The longest wait for copies before it is looked whether the engine is still the one.
const CONFIRM: Duration = Duration::from_millis(300);
/// The longest wait for them. An engine that is cut off from its copies goes on for a while, alone.
const CONFIRM_AT_MOST: Duration = Duration::from_secs(3);

/// An entry as it is read.
pub type Raw = (RecordId, Fields);

/// One connection's reading.
#[derive(Debug)]
pub struct Stream {
    link: Link,
    /// Read up to here.
    at: RecordId,
}

impl Stream {
    /// A connection to the engine that was found last.
    ///
    /// # Errors
    /// As [`Link::open_found`].
    pub fn open(setup: &Setup) -> Result<Self> {
        let mut link = Link::open_found(&setup.access, ALL)?;
        if setup.replicas > 0 {
            link.check_mode()?;
        }
        link.be_patient(WAIT + CONFIRM)?;
        Ok(Self {
            link,
            at: RecordId::ZERO,
        })
    }

    /// Begins behind `at`.
    pub fn go_to(&mut self, at: RecordId) {
        self.at = at;
    }

    /// For other questions.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// The next entries, if there are any within a while, as soon as enough copies have them: what one engine alone
    /// has may be lost with it, and whoever has seen it would have seen what never was.
    ///
    /// The copies are asked for in the same write. The engine looks at that as soon as it has given the entries: the
    /// copies' answers are on their way to it before ours could be, and one question of the engine to them is for all
    /// relays.
    ///
    /// # Errors
    /// The connection is of no use any more.
    pub fn read(&mut self, shared: &Shared, generation: u64) -> Result<Vec<Raw>> {
        let setup = &shared.setup;
        let next = self.next(setup);
        if setup.replicas == 0 {
            self.link.send(&[&next])?;
            return self.receive();
        }
        let wait = wait(setup);
        self.link.send(&[&next, &mark(setup), &wait])?;
        let entries = self.receive()?;
        let began = Instant::now();
        self.link.receive::<()>()?;
        let mut copies: u32 = self.link.receive()?;
        if entries.is_empty() {
            return Ok(entries);
        }
        while copies < setup.replicas {
            shared.beat(Thread::Reader);
            if !shared.is_current(generation) {
                return Err(Trouble::Away("the engine is another one now".to_owned()));
            }
            if began.elapsed() > CONFIRM_AT_MOST {
                return Err(Trouble::Away(format!(
                    "{}: only {copies} of ENGINE_REPLICAS={} copies have what was said",
                    self.link.place, setup.replicas
                )));
            }
            copies = self.link.ask(&wait)?;
        }
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        shared.counters.wait_us.fetch_add(micros, Ordering::Relaxed);
        Ok(entries)
    }

    fn next(&self, setup: &Setup) -> Cmd {
        let mut question = cmd("XREAD");
        question
            .arg("COUNT")
            .arg(BATCH)
            .arg("BLOCK")
            .arg(millis(WAIT));
        question.arg("STREAMS").arg(setup.keys.stream());
        question.arg(format!("{}-0", self.at.as_micros()));
        question
    }

    fn receive(&mut self) -> Result<Vec<Raw>> {
        type Answered = Vec<(String, Vec<(String, Fields)>)>;
        let streams: Option<Answered> = self.link.receive()?;
        let entries = streams
            .into_iter()
            .flatten()
            .flat_map(|(_, entries)| entries);
        let entries = entries.map(|(id, fields)| {
            let micros = id.split('-').next().and_then(|digits| digits.parse().ok());
            let id = micros.ok_or_else(|| Trouble::odd("XREAD"))?;
            Ok((RecordId::from_micros(id), fields))
        });
        let entries: Vec<Raw> = entries.collect::<Result<_>>()?;
        self.at = entries.last().map_or(self.at, |(last, _)| *last);
        Ok(entries)
    }
}

/// Something that goes to the copies behind the entries that were given: WAIT is for what this connection itself has
/// sent there last. Nobody hears that channel; unlike a key it is in no file of any engine, and an engine whose memory
/// is full takes it, too.
fn mark(setup: &Setup) -> Cmd {
    let mut mark = cmd("PUBLISH");
    mark.arg(setup.keys.key("mark")).arg("");
    mark
}

fn wait(setup: &Setup) -> Cmd {
    let mut wait = cmd("WAIT");
    wait.arg(setup.replicas).arg(millis(CONFIRM));
    wait
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(0)
}
