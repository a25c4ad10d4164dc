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
    /// The entries behind it are asked for already.
    is_asked: bool,
    /// They have come already.
    ahead: Option<Vec<Raw>>,
}

impl Stream {
    /// A connection to the engine that was found last.
    ///
    /// # Errors
    /// As [`Link::open_found`].
    pub fn open(setup: &Setup) -> Result<Self> {
        let link = Link::open_found(&setup.access, ALL)?;
        link.be_patient(WAIT)?;
        Ok(Self {
            link,
            at: RecordId::ZERO,
            is_asked: false,
            ahead: None,
        })
    }

    /// Begins behind `at`.
    pub fn go_to(&mut self, at: RecordId) {
        self.at = at;
    }

    /// For other questions, before [`Self::read`] is told to ask ahead.
    pub fn link(&mut self) -> &mut Link {
        debug_assert!(
            !self.is_asked,
            "the next answer is to what was asked before"
        );
        &mut self.link
    }

    /// The next entries, if there are any within a while. With `ahead` those behind them are asked for together with
    /// the copies: one way to the engine and back for each batch.
    ///
    /// # Errors
    /// The connection is of no use any more.
    pub fn read(&mut self, shared: &Shared, generation: u64, ahead: bool) -> Result<Vec<Raw>> {
        let entries = if let Some(entries) = self.ahead.take() {
            entries
        } else {
            if !self.is_asked {
                self.link.send(&[&self.next(&shared.setup)])?;
            }
            self.receive()?
        };
        if let Some((last, _)) = entries.last() {
            self.at = *last;
            self.confirm(shared, generation, ahead)?;
        }
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
        self.is_asked = false;
        let streams: Option<Answered> = self.link.receive()?;
        let entries = streams
            .into_iter()
            .flatten()
            .flat_map(|(_, entries)| entries);
        entries
            .map(|(id, fields)| {
                let micros = id.split('-').next().and_then(|digits| digits.parse().ok());
                let id = micros.ok_or_else(|| Trouble::odd("XREAD"))?;
                Ok((RecordId::from_micros(id), fields))
            })
            .collect()
    }

    /// Waits until enough copies have what has been read: what one engine alone has may be lost with it, and whoever
    /// has seen it would have seen what never was.
    fn confirm(&mut self, shared: &Shared, generation: u64, ahead: bool) -> Result<()> {
        let setup = &shared.setup;
        if setup.replicas == 0 {
            return Ok(());
        }
        let began = Instant::now();
        // WAIT is for what this connection has written.
        let mut write = cmd("HSET");
        write
            .arg(setup.keys.key("pos"))
            .arg(&setup.machine.incarnation);
        write.arg(self.at.as_micros());
        let mut wait = cmd("WAIT");
        wait.arg(setup.replicas).arg(millis(CONFIRM));
        if ahead {
            self.link.send(&[&write, &wait, &self.next(setup)])?;
            self.is_asked = true;
        } else {
            self.link.send(&[&write, &wait])?;
        }
        let written = self.link.receive::<()>();
        let mut copies: u32 = self.link.receive()?;
        match written {
            // Nothing can be written; nothing new comes either, and what is there is waited for all the same.
            Err(Trouble::Full) => {
                self.receive_ahead()?;
                let mut touch = cmd("EXPIRE");
                self.link
                    .ask::<()>(touch.arg(setup.keys.head()).arg(u32::MAX))?;
                copies = self.link.ask(&wait)?;
            }
            written => written?,
        }
        loop {
            shared.beat(Thread::Reader);
            if copies >= setup.replicas {
                break;
            }
            if !shared.is_current(generation) {
                return Err(Trouble::Away("the engine is another one now".to_owned()));
            }
            if began.elapsed() > CONFIRM_AT_MOST {
                return Err(Trouble::Away(format!(
                    "{}: only {copies} of ENGINE_REPLICAS={} copies have what was said",
                    self.link.place, setup.replicas
                )));
            }
            self.receive_ahead()?;
            copies = self.link.ask(&wait)?;
        }
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        shared.counters.wait_us.fetch_add(micros, Ordering::Relaxed);
        Ok(())
    }

    /// Takes what was asked for, so that something else can be asked.
    fn receive_ahead(&mut self) -> Result<()> {
        if self.is_asked {
            self.ahead = Some(self.receive()?);
        }
        Ok(())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(0)
}
