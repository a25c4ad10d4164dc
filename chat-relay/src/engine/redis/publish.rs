//! What is submitted on this machine, given to the engine.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chat_store::cluster::{Answer, Refused, Submission};
use chat_store::fs::dirs::Dirs;
use chat_store::log::tail::Progress;
use chat_store::record::RecordId;

use super::cursor::{Cursor, Doubt};
use super::entry;
use super::keep::Keeper;
use super::link::Link;
use super::repair;
use super::script::{self, ALL, Offer, Verdict};
use super::shared::{Shared, Thread};
use super::signs::{DEAD_AFTER, Given, Signs};
use super::trouble::{Result, Trouble};
use crate::journal;
use crate::relay::is_expired;
use crate::spool::Spool;
use crate::targets;

/// Submissions that are given at a time.
const BATCH: usize = 64;
/// Submissions that are kept while the engine's memory is full: nobody waits for them, and they are true all the same.
const MOST_KEPT: usize = 1024;
/// Ids that are known of what was given: of more than an engine loses that has copies, or syncs its file every second.
const MOST_IDS: usize = 4096;
/// Between two looks whether the engine is still the one that takes writes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the thread has.
pub struct Publisher<'a> {
    shared: &'a Shared,
    dirs: &'a Dirs,
    keeper: &'a Keeper,
    spool: &'a mut Spool,
    queue: VecDeque<Submission>,
    /// All of the spool has been read since it was waited for: what comes later rings.
    is_read: bool,
    /// The greatest number that an engine has ever taken.
    taken: RecordId,
    /// The greatest number that was on its way when a connection was lost: that engine may have taken it, and others
    /// have it.
    offered: RecordId,
    /// Under which ids an engine has put in order what it took last, by number: it may be given to the next one before
    /// those who have shown it give it.
    ids: BTreeMap<RecordId, RecordId>,
    /// Who submitted what is up to here was told that it was not taken.
    refused: RecordId,
    /// Where the logs may have holes. An engine takes what it has lost by the numbers of each machine: what stands behind
    /// a hole would keep out what others have of it, so they come first.
    doubt: Option<Doubt>,
    /// This engine has that, too.
    is_rest_given: bool,
    signs: Signs<'a>,
    /// When the engine was connected to last.
    connected: Instant,
    looked: Instant,
}

impl<'a> Publisher<'a> {
    /// From where the spool was left.
    pub fn new(
        shared: &'a Shared,
        keeper: &'a Keeper,
        dirs: &'a Dirs,
        spool: &'a mut Spool,
        cursor: &Cursor,
    ) -> Self {
        Self {
            shared,
            keeper,
            dirs,
            taken: spool.kept(),
            spool,
            ids: BTreeMap::new(),
            offered: RecordId::ZERO,
            refused: RecordId::ZERO,
            queue: VecDeque::new(),
            is_read: false,
            doubt: cursor.doubt(),
            is_rest_given: false,
            signs: Signs::new(shared, cursor),
            connected: Instant::now(),
            looked: Instant::now(),
        }
    }

    /// Gives what is submitted to whichever engine there is, until the end.
    ///
    /// # Errors
    /// Those of reading the spool.
    pub fn run(&mut self) -> io::Result<()> {
        let mut failed = 0;
        while !self.shared.is_stopping() {
            let generation = self.shared.generation();
            self.shared.beat(Thread::Publisher);
            match self.connect(generation) {
                Ok(mut link) => {
                    failed = 0;
                    while self.shared.is_current(generation) {
                        self.shared.beat(Thread::Publisher);
                        match self.publish(&mut link) {
                            Ok(done) => done?,
                            Err(trouble) => self.shared.leave(generation, &trouble),
                        }
                    }
                }
                Err(trouble) => {
                    self.shared.leave(generation, &trouble);
                    if self.shared.is_given_up() {
                        self.refuse_waiting()?;
                    }
                    self.shared.pause_after(failed);
                    failed += 1;
                }
            }
        }
        Ok(())
    }

    /// Connects, and makes up for what the engine has lost.
    fn connect(&mut self, generation: u64) -> Result<Link> {
        let mut link = Link::open(&self.shared.setup.access, ALL)?;
        self.shared.wait_for_reader();
        let from = repair::repair(&mut link, self.shared, self.dirs, self.doubt, self.taken)?;
        self.queue.clear();
        let rewound = self.spool.rewind(from);
        rewound.map_err(|error| Trouble::Away(format!("the spool: {error}")))?;
        // What is only read is not left behind.
        self.spool.taken_up_to(self.taken);
        self.is_read = false;
        self.connected = Instant::now();
        self.is_rest_given = false;
        if self.doubt.is_some() {
            self.signs.say_doubt(&mut link, true)?;
        }
        self.signs.give(&mut link)?;
        let signs = &mut self.signs;
        signs.wait_for_others(&mut link, generation, Given::Sure)?;
        self.give_rest(&mut link)?;
        let signs = &mut self.signs;
        signs.wait_for_others(&mut link, generation, Given::All)?;
        self.shared.repaired(generation);
        self.shared
            .say(generation, |status| status.publishes(&link.place));
        Ok(link)
    }

    /// Gives what is in doubt once the others have given what they have: before anything that is said next, if they
    /// have come by now. It is in doubt until this machine has read what it lacks, too: another engine may follow soon.
    fn give_rest(&mut self, link: &mut Link) -> Result<()> {
        let is_late = self.connected.elapsed() > DEAD_AFTER;
        let is_time = is_late || self.signs.are_others_here() && !self.is_rest_given;
        if self.doubt.is_none() || !is_time {
            return Ok(());
        }
        repair::complete(link, self.shared, self.dirs)?;
        self.is_rest_given = true;
        if is_late {
            self.doubt = None;
        }
        self.signs.say_doubt(link, false)
    }

    /// One round: what has come, and what is due.
    fn publish(&mut self, link: &mut Link) -> Result<io::Result<()>> {
        if !self.is_read && self.queue.len() < BATCH {
            let mut read = Vec::new();
            match self.spool.read(&mut read) {
                Ok(progress) => self.is_read = progress == Progress::Idle,
                Err(error) => return Ok(Err(error)),
            }
            self.queue.extend(read);
        }
        self.drop_expired();
        let given = match self.give(link) {
            Err(Trouble::Full) => {
                self.refuse_all();
                false
            }
            given => given?,
        };
        match self.look_after(link) {
            Err(Trouble::Full) => self.shared.say_full(true),
            looked => looked?,
        }
        if !given || self.is_read && self.queue.is_empty() {
            let waited = self.spool.wait(self.next());
            self.is_read = false;
            return Ok(waited);
        }
        Ok(Ok(()))
    }

    /// Whoever submitted it was told that it had failed.
    fn drop_expired(&mut self) {
        let (limit, shared) = (self.shared.setup.wait_limit, self.shared);
        let (taken, refused) = (self.taken.max(self.offered), self.refused);
        self.queue.retain(|submission| {
            // What an engine has taken once, or may have, is followed by what stands behind it.
            let was_refused = submission.answer.is_some() && submission.number <= refused;
            let is_dropped =
                submission.number > taken && (was_refused || is_expired(submission, limit));
            if is_dropped {
                shared.expect(
                    submission.number,
                    submission.answer.clone().unwrap_or_default(),
                );
                shared.tell(submission.number, Answer::Refused(Refused::Expired));
            }
            !is_dropped
        });
    }

    /// Gives a batch; false: there was none.
    fn give(&mut self, link: &mut Link) -> Result<bool> {
        let count = self.queue.len().min(BATCH);
        if count == 0 {
            return Ok(false);
        }
        let taken = self.queue.iter().take(count);
        let batch: Vec<_> = taken.map(|it| self.offer(it)).collect();
        // Before it is given: it may be read before the answer is.
        for submission in self.queue.iter().take(count) {
            if let Some(to) = &submission.answer {
                self.shared.expect(submission.number, to.clone());
            }
        }
        let setup = &self.shared.setup;
        let own = (&setup.machine, &*setup.machine.incarnation);
        let bounds = (self.shared.floor(), setup.keep);
        let appended = script::append(link, &setup.keys, own, bounds, &batch);
        if appended.is_err()
            && !matches!(appended, Err(Trouble::Full))
            && let Some(last) = self.queue.get(count - 1)
        {
            self.offered = self.offered.max(last.number);
        }
        let verdicts = appended?;
        for (submission, verdict) in self.queue.drain(..count).zip(verdicts) {
            if is_taken(verdict) {
                self.taken = self.taken.max(submission.number);
            }
            if let Verdict::Ok(id) = verdict {
                self.ids.insert(submission.number, id);
            }
            tell(self.shared, &submission, verdict);
        }
        while self.ids.len() > MOST_IDS {
            self.ids.pop_first();
        }
        self.spool.taken_up_to(self.taken);
        Ok(true)
    }

    /// What is offered of a submission; what it is about is told so that all machines find it.
    fn offer(&self, submission: &Submission) -> Offer {
        let mut offer = entry::offer(submission);
        let Submission { room, kind, .. } = submission;
        let told = targets::tell(self.dirs, room, *kind, &mut offer.attrs, &submission.text);
        if let Err(error) = told {
            journal::note(format_args!("{room}: {error}"));
        }
        let at = self.ids.get(&submission.number).copied();
        offer.at = at.unwrap_or_default();
        offer
    }

    /// The engine's memory is full: who waits is told, what nobody waits for is given again later.
    fn refuse_all(&mut self) {
        let shared = self.shared;
        let mut kept = 0;
        self.queue.retain(|submission| {
            let is_kept = submission.answer.is_none() && kept < MOST_KEPT;
            kept += usize::from(is_kept);
            if !is_kept {
                shared.tell(submission.number, Answer::Refused(Refused::NoMemory));
            }
            is_kept
        });
    }

    /// No engine is there, and none is waited for: who waits can try another machine. What nobody waits for stays in the
    /// spool, where it is read again.
    fn refuse_waiting(&mut self) -> io::Result<()> {
        let why = Answer::Refused(Refused::Away);
        self.shared.tell_all(why);
        loop {
            let mut read = Vec::new();
            let progress = self.spool.read(&mut read)?;
            for submission in self.queue.drain(..).chain(read) {
                if submission.number > self.refused
                    && let Some(to) = submission.answer
                {
                    self.shared.expect(submission.number, to);
                    self.shared.tell(submission.number, why);
                    self.refused = submission.number;
                }
            }
            if progress == Progress::Idle {
                return Ok(());
            }
        }
    }

    /// What is due: a tick, a look after the other machines, a look at the engine, files.
    fn look_after(&mut self, link: &mut Link) -> Result<()> {
        let now = Instant::now();
        if now.duration_since(self.looked) >= LOOK_EVERY {
            self.looked = now;
            if let Some(place) = self.spool.take_place() {
                self.keeper.give(Vec::new(), Some(place));
            }
            if let Err(error) = self.spool.rotate_if_long() {
                journal::note(format_args!("the spool: {error}"));
            }
            let oldest = super::cursor::earlier(RecordId::now(), self.shared.setup.wait_limit * 2);
            self.shared.forget_before(oldest);
            link.check_role()?;
            self.give_rest(link)?;
        }
        self.signs.give_if_due(link)
    }

    /// When something is due.
    fn next(&self) -> Duration {
        let next = self.signs.next().min(self.looked + LOOK_EVERY);
        next.saturating_duration_since(Instant::now())
    }
}

/// Whether it may have been followed by something, so that it must not be missing when an engine loses it.
fn is_taken(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Taken | Verdict::Full | Verdict::NotMember)
}

/// Tells who waits what can be told before it stands in a log here.
fn tell(shared: &Shared, submission: &Submission, verdict: Verdict) {
    let number = submission.number;
    let refuse = |why| shared.tell(number, Answer::Refused(why));
    match verdict {
        Verdict::Ok(id) => {
            shared.counters.taken.fetch_add(1, Ordering::Relaxed);
            // What is a record is told by who writes it.
            if submission.quiet {
                shared.tell_at(id, number, Answer::Stored(id));
            }
        }
        Verdict::Left(id) => shared.tell_at(id, number, Answer::Stored(id)),
        Verdict::Held(id) | Verdict::Dup(id) => shared.tell_at(id, number, Answer::Again(id)),
        // By a connection that was lost before the answer came: it is told by who writes it, or sent again.
        Verdict::Seen | Verdict::Reaped(_) => {}
        Verdict::Taken => refuse(Refused::Taken),
        Verdict::Full => refuse(Refused::Full),
        Verdict::NotMember => refuse(Refused::NotMember),
    }
}
