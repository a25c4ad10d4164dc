//! What has been put in order, written to this machine's rooms.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chat_store::cluster::Answer;
use chat_store::record::RecordId;

use super::cursor::{Cursor, earlier};
use super::entry::{self, Fields, Read};
use super::keep::Keeper;
use super::link::Link;
use super::shared::{Shared, Thread, locked};
use super::signs::DEAD_AFTER;
use super::status::Status;
use super::stream::Stream;
use super::trouble::{Result, Trouble};
use crate::journal;
use crate::machines::Machines;
use crate::members::Row;
use crate::rooms::{Applied, Entry, Rooms};

/// Between two looks after files.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// How long it may take the disk to have what was written before that is waited for: an engine gives again what a power
/// cut took, of some minutes.
const LATE: Duration = Duration::from_secs(10);
/// Between two attempts to write what could not be written.
const WRITE_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks whether a gap has been closed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How far before the place where reading begins it is looked what a log has.
const GUARD: Duration = Duration::from_secs(600);

/// What the thread has.
pub struct Reader<'a> {
    shared: &'a Shared,
    keeper: &'a Keeper,
    rooms: &'a mut Rooms,
    cursor: Cursor,
    /// What was there before this connection: complete up to here.
    complete: RecordId,
    syncs: bool,
    /// When it was looked after files last.
    looked: Instant,
    /// When the disk had all that was written, or was given the rest.
    kept: Instant,
    tick_seen: Instant,
    machines: Machines,
    trouble: Option<String>,
}

impl<'a> Reader<'a> {
    /// From where this machine's rooms end.
    pub fn new(
        shared: &'a Shared,
        keeper: &'a Keeper,
        rooms: &'a mut Rooms,
        cursor: Cursor,
        syncs: bool,
    ) -> Self {
        Self {
            shared,
            keeper,
            rooms,
            complete: cursor.at,
            cursor,
            syncs,
            looked: Instant::now(),
            kept: Instant::now(),
            tick_seen: Instant::now(),
            machines: Machines::default(),
            trouble: None,
        }
    }

    /// Writes what is put in order, until the end.
    pub fn run(&mut self) {
        let mut failed = 0;
        while !self.shared.is_stopping() {
            self.shared.beat(Thread::Reader);
            let Some(generation) = self.shared.wait_for_repair() else {
                continue;
            };
            if !self.shared.begin_reading(generation) {
                continue;
            }
            let followed = self.follow(generation, &mut failed);
            self.shared.end_reading();
            match followed {
                Ok(()) => {}
                // It is the right engine, and what was said is to come from elsewhere.
                Err(trouble @ Trouble::Gap(_)) => {
                    self.shared.say(generation, |status| status.away(&trouble));
                    self.shared.pause(LOOK_AGAIN);
                }
                Err(trouble) => {
                    self.shared.leave(generation, &trouble);
                    self.shared.pause_after(failed);
                    failed += 1;
                }
            }
        }
        self.keep_all();
    }

    /// Brings what is known of the other machines' people into line with the engine's table of members.
    fn reconcile(&mut self, link: &mut Link) -> Result<()> {
        let mut question = redis::cmd("HGETALL");
        question.arg(self.shared.setup.keys.members());
        let all: BTreeMap<String, String> = link.ask(&question)?;
        let rows: Vec<_> = all
            .iter()
            .filter_map(|(key, row)| Row::parse(key, row))
            .collect();
        if let Err(error) = self.rooms.reconcile(&rows) {
            journal::note(format_args!("the members on other machines: {error}"));
        }
        Ok(())
    }

    /// Reads from one engine for as long as it is the one.
    fn follow(&mut self, generation: u64, failed: &mut u32) -> Result<()> {
        let shared = self.shared;
        let mut stream = Stream::open(&shared.setup)?;
        self.complete = self.cursor.at;
        self.look_for_gap(stream.link())?;
        let wanted = self.last_id(stream.link())?;
        let mut at = self.cursor.start();
        stream.go_to(at);
        shared.read_up_to(at);
        self.rooms.begin_again(earlier(at, GUARD), self.complete);
        self.tick_seen = Instant::now();
        let mut is_ready = false;
        while shared.is_current(generation) {
            shared.beat(Thread::Reader);
            let entries = stream.read(shared, generation)?;
            let is_idle = entries.is_empty();
            for (id, fields) in entries {
                at = id;
                self.take(id, fields, generation)?;
            }
            self.ring();
            shared.tell_due();
            shared.answered();
            if !is_ready && (is_idle || at >= wanted) && shared.is_current(generation) {
                is_ready = true;
                *failed = 0;
                self.cursor.caught_up();
                self.reconcile(stream.link())?;
                shared.say(generation, Status::reads);
            }
            if self.looked.elapsed() >= KEEP_EVERY {
                self.keep();
            }
            if shared.is_full() {
                self.tick_seen = Instant::now();
            }
            if self.tick_seen.elapsed() > DEAD_AFTER {
                return Err(Trouble::Away(
                    "nothing that this machine gives to the engine comes back".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// The last id of the stream.
    fn last_id(&self, link: &mut Link) -> Result<RecordId> {
        let mut question = redis::cmd("HGET");
        question.arg(self.shared.setup.keys.head()).arg("last");
        let last: Option<u64> = link.ask(&question)?;
        Ok(RecordId::from_micros(last.unwrap_or_default()))
    }

    fn take(&mut self, id: RecordId, fields: Fields, generation: u64) -> Result<()> {
        match entry::read(fields) {
            Read::Entry(entry) => self.write(id, &entry, generation)?,
            Read::Tick {
                node,
                sent,
                applied,
            } => {
                self.machines.seen(&node, id, &applied);
                if node == self.shared.setup.machine.incarnation {
                    self.tick_seen = Instant::now();
                    let lag = RecordId::now().as_micros().saturating_sub(sent.as_micros());
                    locked(&self.shared.status).tick_seen(lag);
                }
            }
            Read::Since(since) if since > self.complete => return Err(self.gap(since)),
            Read::Since(_) => {}
            Read::Unknown => {
                journal::note(format_args!(
                    "the entry {id} is nothing that this version knows"
                ));
            }
        }
        self.cursor.at = self.cursor.at.max(id);
        self.shared.raise_floor(id);
        self.shared.read_up_to(id);
        Ok(())
    }

    /// Writes an entry, as soon as that can be done: what follows it must stand behind it.
    fn write(&mut self, id: RecordId, entry: &Entry, generation: u64) -> Result<()> {
        let shared = self.shared;
        let counters = &shared.counters;
        let count =
            |counter: &std::sync::atomic::AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        loop {
            let answer = match self.rooms.apply(Some(id), entry) {
                Ok(Applied::New(written)) => {
                    count(&counters.applied);
                    if written != id {
                        count(&counters.late);
                    }
                    Answer::Stored(written)
                }
                Ok(Applied::Again(written)) => Answer::Again(written),
                Ok(Applied::Refused(why)) => Answer::Refused(why),
                Ok(Applied::Known) => {
                    count(&counters.skipped);
                    Answer::Stored(id)
                }
                Err(error) => {
                    let text = format!("{}: {error} ({error:?})", entry.room);
                    if self.trouble.as_ref() != Some(&text) {
                        journal::note(&text);
                    }
                    self.ring();
                    let trouble = Trouble::Away(text.clone());
                    self.trouble = Some(text);
                    locked(&shared.status).away(&trouble);
                    shared.pause(WRITE_AGAIN);
                    shared.beat(Thread::Reader);
                    if !shared.is_current(generation) {
                        return Err(trouble);
                    }
                    continue;
                }
            };
            if self.trouble.take().is_some() {
                // Connected anew, and so all is as it should be.
                shared.leave(
                    generation,
                    &Trouble::Away("what could not be written can be".to_owned()),
                );
            }
            if !entry.quiet && entry.origin.node == shared.setup.machine.incarnation {
                // Its people are woken with the batch; who waits reads the log itself.
                shared.raise_floor(id);
                shared.tell(entry.origin.number, answer);
            }
            return Ok(());
        }
    }

    /// Whether the stream still has what has not been read.
    fn look_for_gap(&mut self, link: &mut Link) -> Result<()> {
        let setup = &self.shared.setup;
        let accept = setup.run.join("accept-gap");
        let mut question = redis::cmd("HGET");
        question.arg(setup.keys.head()).arg("since");
        let since: Option<u64> = link.ask(&question)?;
        let mut since = RecordId::from_micros(since.unwrap_or_default());
        since = since.max(self.oldest_kept(link)?);
        if since <= self.cursor.at {
            return Ok(());
        }
        if accept.exists() {
            journal::note(format_args!(
                "what was said from {} to {since} stays missing on this machine",
                self.cursor.at
            ));
            (self.cursor.at, self.complete) = (since, since);
            let _ = std::fs::remove_file(&accept);
            return Ok(());
        }
        Err(self.gap(since))
    }

    /// The first entry, if what was before it has been cut off; else zero.
    fn oldest_kept(&self, link: &mut Link) -> Result<RecordId> {
        let mut question = redis::cmd("XINFO");
        question.arg("STREAM").arg(self.shared.setup.keys.stream());
        let about: HashMap<String, redis::Value> = match link.ask(&question) {
            Ok(about) => about,
            // There is no stream yet.
            Err(Trouble::Away(why)) if why.contains("no such key") => return Ok(RecordId::ZERO),
            Err(trouble) => return Err(trouble),
        };
        let number = |key: &str| match about.get(key) {
            Some(redis::Value::Int(number)) => Ok(*number),
            _ => Err(Trouble::odd("XINFO")),
        };
        if number("length")? == number("entries-added")? {
            return Ok(RecordId::ZERO);
        }
        let mut question = redis::cmd("XRANGE");
        question
            .arg(self.shared.setup.keys.stream())
            .arg("-")
            .arg("+")
            .arg("COUNT")
            .arg(1);
        let first: Vec<(String, Fields)> = link.ask(&question)?;
        let first = first
            .first()
            .and_then(|(id, _)| id.split('-').next()?.parse().ok());
        Ok(RecordId::from_micros(first.unwrap_or_default()))
    }

    fn gap(&mut self, since: RecordId) -> Trouble {
        self.cursor.at = self.complete;
        self.keep_all();
        Trouble::Gap(format!(
            "the engine has nothing older than {since}, and this machine ends at {}: copy the rooms of another \
             machine (chatctl cluster backfill), or go on without (chatctl cluster accept-gap)",
            self.complete
        ))
    }

    fn ring(&mut self) {
        if let Err(error) = self.rooms.ring() {
            journal::note(format_args!("a bell: {error}"));
        }
    }

    /// Has what was written kept, if the disk has what was written before.
    fn keep(&mut self) {
        self.looked = Instant::now();
        // What a log has is looked up in it again when it is opened again.
        self.rooms.guard(earlier(self.cursor.at, GUARD + GUARD));
        if let Err(error) = self.machines.keep(&self.shared.setup.run) {
            journal::note(format_args!("run/relay/nodes: {error}"));
        }
        if self.keeper.is_idle() {
            self.give();
        } else if self.kept.elapsed() > LATE {
            self.keep_all();
        }
    }

    /// Waits until the disk has all that was written.
    fn keep_all(&mut self) {
        self.give();
        self.keeper.finish();
        self.kept = Instant::now();
    }

    fn give(&mut self) {
        self.kept = Instant::now();
        let logs = if self.syncs {
            self.rooms.take_unsynced()
        } else {
            Ok(Vec::new())
        };
        match logs {
            Ok(logs) => self.keeper.give(logs, self.cursor.take()),
            // The logs are given the next time, and the place behind them.
            Err(error) => journal::note(format_args!("spool/orders.log: {error}")),
        }
    }
}
