//! What the relay's threads have in common while an engine puts records in order.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chat_store::cluster::{Answer, Answers};
use chat_store::record::RecordId;

use super::link::Access;
use super::script::{Keys, Machine};
use super::status::{Counters, Status};
use super::trouble::Trouble;
use super::waiting::{Told, Waiting};
use crate::journal;

/// Between two attempts to connect: while another engine is being chosen, which takes some seconds, and people wait.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// After so many it has not been chosen, and nobody waits any more.
const SHORT_PAUSES: u32 = 100;
/// Between two attempts from then on.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// How long people wait for another engine to be chosen, since the last one answered, before they are told that this
/// machine is cut off: where one dies, another is in charge by then.
const PATIENCE: Duration = Duration::from_millis(5500);
/// How long a thread may do one thing: connecting, and looking through many logs, take a while.
const STUCK: Duration = Duration::from_secs(60);

/// The two that do the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread {
    /// Who gives what is submitted to the engine.
    Publisher,
    /// Who writes what it has put in order.
    Reader,
}

/// What chat.ini says.
#[derive(Debug)]
pub struct Setup {
    /// Where the engine is.
    pub access: Access,
    /// What the site's things are called there.
    pub keys: Keys,
    /// Which machine this is.
    pub machine: Machine,
    /// The last submission of what this machine was before: nothing up to it is given.
    pub former_last: RecordId,
    /// Copies that must have an entry before anybody is shown it.
    pub replicas: u32,
    /// How long the engine keeps entries.
    pub keep: Duration,
    /// The longest wait of who submits something.
    pub wait_limit: Duration,
    /// `run/relay/`.
    pub run: PathBuf,
}

/// What the threads have in common.
#[derive(Debug)]
pub struct Shared {
    /// What chat.ini says.
    pub setup: Setup,
    /// Which engine it is, counted: whoever meets trouble counts on, and all connect anew.
    generation: AtomicU64,
    /// The last one whose losses have been made up for.
    repaired: AtomicU64,
    stopping: AtomicBool,
    /// The engine's memory is full.
    full: AtomicBool,
    /// Somebody writes what an engine gives.
    reading: AtomicBool,
    /// When what an engine gave was on enough copies last, in milliseconds since `began`.
    answered: AtomicU64,
    /// When each thread did something last, in seconds since `began`.
    beats: [AtomicU64; 2],
    began: Instant,
    /// The greatest id that has been written here.
    floor: AtomicU64,
    waiting: Mutex<Waiting>,
    answers: Mutex<Answers>,
    /// How it stands.
    pub status: Mutex<Status>,
    /// What was done.
    pub counters: Counters,
    changed: Condvar,
    lock: Mutex<()>,
}

impl Shared {
    /// At the start.
    pub fn new(setup: Setup, floor: RecordId) -> Self {
        Self {
            status: Mutex::new(Status::new(&setup)),
            setup,
            generation: AtomicU64::new(1),
            repaired: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            full: AtomicBool::new(false),
            reading: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            beats: Default::default(),
            began: Instant::now(),
            floor: AtomicU64::new(floor.as_micros()),
            waiting: Mutex::default(),
            answers: Mutex::default(),
            counters: Counters::default(),
            changed: Condvar::new(),
            lock: Mutex::new(()),
        }
    }

    /// Which engine it is now.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Whether a connection of that generation is to be used on.
    pub fn is_current(&self, generation: u64) -> bool {
        self.generation() == generation && !self.is_stopping()
    }

    /// Nobody uses a connection of that generation any more.
    pub fn leave(&self, generation: u64, trouble: &Trouble) {
        let next = generation + 1;
        let (was, is) = (Ordering::SeqCst, Ordering::SeqCst);
        // Under the lock: who has connected anew says so under it, too.
        let mut status = locked(&self.status);
        if self
            .generation
            .compare_exchange(generation, next, was, is)
            .is_ok()
        {
            self.counters.reconnects.fetch_add(1, Ordering::Relaxed);
            let answered = Duration::from_millis(self.answered.load(Ordering::Relaxed));
            status.away_until(trouble, self.began + answered + PATIENCE);
            locked(&self.waiting).begin_again();
        }
        drop(status);
        self.changed.notify_all();
    }

    /// Nothing waits to be written here: an engine has answered, and its copies have what it said.
    pub fn answered(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.answered.store(now, Ordering::Relaxed);
    }

    /// Whether people need not wait for an engine any more.
    pub fn is_given_up(&self) -> bool {
        locked(&self.status).is_given_up()
    }

    /// Says how it stands, unless that is another engine by now.
    pub fn say(&self, generation: u64, what: impl FnOnce(&mut Status)) {
        let mut status = locked(&self.status);
        if self.is_current(generation) {
            what(&mut status);
        }
    }

    /// Begins to write what an engine of that generation gives; false: it is another one by now.
    pub fn begin_reading(&self, generation: u64) -> bool {
        self.reading.store(true, Ordering::SeqCst);
        let is_current = self.is_current(generation);
        if !is_current {
            self.end_reading();
        }
        is_current
    }

    /// Nothing more of it is written.
    pub fn end_reading(&self) {
        self.reading.store(false, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Waits until nothing more is written of an engine that was left: what stands in the logs is compared with the
    /// next one.
    pub fn wait_for_reader(&self) {
        while self.reading.load(Ordering::SeqCst) && !self.is_stopping() {
            self.pause(FIRST_PAUSE);
        }
    }

    /// What the engine of that generation had lost is there again.
    pub fn repaired(&self, generation: u64) {
        self.repaired.fetch_max(generation, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Waits a little until the engine has what it had lost; its generation then.
    pub fn wait_for_repair(&self) -> Option<u64> {
        let repaired = self.repaired.load(Ordering::SeqCst);
        if self.is_current(repaired) {
            return Some(repaired);
        }
        self.pause(FIRST_PAUSE);
        None
    }

    /// A thread does something.
    pub fn beat(&self, thread: Thread) {
        self.beats[thread as usize].store(self.began.elapsed().as_secs(), Ordering::Relaxed);
    }

    /// Whether both threads have done something just now: neither is stuck.
    pub fn is_alive(&self) -> bool {
        let now = self.began.elapsed().as_secs();
        let is_alive =
            |beat: &AtomicU64| now.saturating_sub(beat.load(Ordering::Relaxed)) < STUCK.as_secs();
        self.beats.iter().all(is_alive)
    }

    /// Whether the engine's memory is full: it gives what it has, and takes nothing.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::SeqCst)
    }

    /// The engine's memory is full, or no longer.
    pub fn say_full(&self, is_full: bool) {
        if self.full.swap(is_full, Ordering::SeqCst) != is_full {
            let words = if is_full {
                "the engine's memory is full (maxmemory): nothing is taken"
            } else {
                "the engine's memory has room again"
            };
            journal::note(words);
        }
    }

    /// Whether it is to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Ends it.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Waits before the next attempt, longer when many have failed.
    pub fn pause_after(&self, failed: u32) {
        self.pause(if failed < SHORT_PAUSES {
            FIRST_PAUSE
        } else {
            LONG_PAUSE
        });
    }

    /// Waits that long, or until something changes.
    pub fn pause(&self, time: Duration) {
        let end = Instant::now() + time;
        let mut guard = locked(&self.lock);
        while !self.is_stopping() && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            let waited = self.changed.wait_timeout(guard, left);
            let (back, timed) = waited.unwrap_or_else(PoisonError::into_inner);
            guard = back;
            if !timed.timed_out() {
                return;
            }
        }
    }

    /// The greatest id that has been written here.
    pub fn floor(&self) -> RecordId {
        RecordId::from_micros(self.floor.load(Ordering::SeqCst))
    }

    /// So far it has been written here.
    pub fn raise_floor(&self, id: RecordId) {
        self.floor.fetch_max(id.as_micros(), Ordering::SeqCst);
    }

    /// Somebody waits for that submission.
    pub fn expect(&self, number: RecordId, to: String) {
        locked(&self.waiting).expect(number, to);
    }

    /// Tells all who wait.
    pub fn tell_all(&self, answer: Answer) {
        let all = locked(&self.waiting).tell_all(answer);
        self.answer_each(all);
    }

    /// Nobody waits any more for what is older.
    pub fn forget_before(&self, number: RecordId) {
        locked(&self.waiting).forget_before(number);
    }

    /// Tells who waits for that submission, as soon as this machine has read so far.
    pub fn tell_at(&self, id: RecordId, number: RecordId, answer: Answer) {
        locked(&self.waiting).answer_at(id, number, answer);
        self.tell_due();
    }

    /// Tells who waits for that submission.
    pub fn tell(&self, number: RecordId, answer: Answer) {
        let to = locked(&self.waiting).take(number);
        self.answer_each(to.map(|to| Told { to, number, answer }));
    }

    /// So far the engine has been read that is there now.
    pub fn read_up_to(&self, id: RecordId) {
        locked(&self.waiting).read_up_to(id);
    }

    /// Tells who waits for what has been read by now.
    pub fn tell_due(&self) {
        let due = locked(&self.waiting).due();
        self.answer_each(due);
    }

    fn answer_each(&self, all: impl IntoIterator<Item = Told>) {
        for Told { to, number, answer } in all {
            if matches!(answer, Answer::Refused(_)) {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
            }
            // Who waits tries again after a while.
            let _ = locked(&self.answers).answer(&self.setup.run, &to, number, answer);
        }
    }
}

/// What a lock guards. A thread that panicked has left it whole: each change is one step.
pub fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
