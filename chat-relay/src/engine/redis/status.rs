//! `run/relay/state`: how it stands with the engine, for chatctl, health and metrics; and `run/relay/up`, for handlers.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chat_store::fs::file;

use super::shared::Setup;
use super::trouble::Trouble;
use crate::{journal, spool};

/// What was done since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Submissions that were put in order.
    pub taken: AtomicU64,
    /// Submissions that were refused.
    pub refused: AtomicU64,
    /// Entries that were written here.
    pub applied: AtomicU64,
    /// Entries that stood here already.
    pub skipped: AtomicU64,
    /// Entries that were written under another id than theirs.
    pub late: AtomicU64,
    /// Records that an engine had lost and was given again.
    pub resubmitted: AtomicU64,
    /// Times that an engine was left.
    pub reconnects: AtomicU64,
    /// Microseconds that were waited for copies.
    pub wait_us: AtomicU64,
    /// Files of messages that came from other machines.
    pub files: AtomicU64,
    /// Files of messages that have not come yet: as many as there are now.
    pub files_missing: AtomicU64,
}

impl Counters {
    fn each(&self) -> [(&'static str, &AtomicU64); 10] {
        [
            ("taken", &self.taken),
            ("refused", &self.refused),
            ("applied", &self.applied),
            ("skipped", &self.skipped),
            ("late", &self.late),
            ("resubmitted", &self.resubmitted),
            ("reconnects", &self.reconnects),
            ("wait_us", &self.wait_us),
            ("files", &self.files),
            ("files_missing", &self.files_missing),
        ]
    }
}

/// Whether records are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    Away,
    Gap,
}

/// How it stands.
#[derive(Debug)]
pub struct Status {
    run: PathBuf,
    node: String,
    state: State,
    since: u64,
    why: String,
    engine: String,
    /// Both: who publishes, and who reads.
    publishes: bool,
    reads: bool,
    /// Away, and people are to wait until then: another engine may be in charge by that time.
    up_until: Option<Instant>,
    /// When the last own tick came back, in seconds since 1970, and how long that took, in microseconds.
    seen: Option<(u64, u64)>,
    written: String,
}

impl Status {
    /// At the start.
    pub fn new(setup: &Setup) -> Self {
        Self {
            run: setup.run.clone(),
            node: setup.machine.incarnation.clone(),
            state: State::Away,
            since: now(),
            why: "it has just been started".to_owned(),
            engine: "-".to_owned(),
            publishes: false,
            reads: false,
            up_until: None,
            seen: None,
            written: String::new(),
        }
    }

    /// Nothing can be put in order. Told once, as long as the reason stays.
    pub fn away(&mut self, trouble: &Trouble) {
        self.leave(trouble);
        self.up_until = None;
        self.say_up(false);
    }

    /// The same, which may be over soon: where it was up, what people say is refused from `until` on.
    pub fn away_until(&mut self, trouble: &Trouble, until: Instant) {
        if !matches!(trouble, Trouble::Away(_)) {
            self.away(trouble);
            return;
        }
        if self.state == State::Up {
            self.up_until = Some(until);
        } else if self.up_until.is_none() {
            // One that was killed may have left it.
            self.say_up(false);
        }
        self.leave(trouble);
        self.is_given_up();
    }

    /// Whether it is away, and not to be waited for.
    pub fn is_given_up(&mut self) -> bool {
        if self.up_until.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        if self.up_until.take().is_some() {
            self.say_up(false);
        }
        self.state != State::Up
    }

    fn leave(&mut self, trouble: &Trouble) {
        let state = match trouble {
            // The engine itself is as it should be.
            Trouble::Gap(_) => State::Gap,
            _ => State::Away,
        };
        self.publishes &= state == State::Gap;
        self.reads = false;
        let why = trouble.to_string().replace(['\n', '\r'], " ");
        if self.state == State::Up || self.why != why {
            journal::note(&why);
        }
        if self.state != state {
            (self.state, self.since) = (state, now());
        }
        self.why = why;
    }

    /// What is submitted is put in order by the engine at `place`.
    pub fn publishes(&mut self, place: &str) {
        place.clone_into(&mut self.engine);
        self.publishes = true;
        self.look();
    }

    /// What has been put in order is written here.
    pub fn reads(&mut self) {
        self.reads = true;
        self.look();
    }

    /// An own tick came back, that late.
    pub fn tick_seen(&mut self, lag: u64) {
        self.seen = Some((now(), lag));
    }

    /// Whether records are put in order.
    pub fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// Why not.
    pub fn why(&self) -> &str {
        &self.why
    }

    fn look(&mut self) {
        if self.publishes && self.reads && self.state != State::Up {
            (self.state, self.since) = (State::Up, now());
            self.up_until = None;
            journal::note(format_args!(
                "the engine at {} puts records in order",
                self.engine
            ));
            self.say_up(true);
        }
    }

    fn say_up(&self, is_up: bool) {
        if let Err(error) = spool::say_up(&self.run.join("up"), is_up) {
            journal::note(format_args!("{}: {error}", self.run.join("up").display()));
        }
    }

    /// Writes `run/relay/state`, if it has changed.
    ///
    /// # Errors
    /// Those of writing the file.
    pub fn write(&mut self, counters: &Counters) -> io::Result<()> {
        let drains = self.state == State::Up && self.run.join("drain").exists();
        let state = match self.state {
            _ if drains => "draining",
            State::Up => "up",
            State::Away => "away",
            State::Gap => "gap",
        };
        let mut text = format!(
            "state {state}\nsince {}\nnode {}\nengine {}\n",
            self.since, self.node, self.engine
        );
        if self.state != State::Up {
            let _ = writeln!(text, "why {}", self.why);
        }
        let _ = match self.seen {
            Some((seen, lag)) => {
                let (seconds, micros) = (lag / 1_000_000, lag % 1_000_000);
                writeln!(text, "lag {seconds}.{micros:06}\ntick_seen {seen}")
            }
            None => writeln!(text, "lag -\ntick_seen 0"),
        };
        for (name, counter) in counters.each() {
            let _ = writeln!(text, "{name} {}", counter.load(Ordering::Relaxed));
        }
        if text != self.written {
            file::swap(&self.run.join("state"), text.as_bytes())?;
            self.written = text;
        }
        Ok(())
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
