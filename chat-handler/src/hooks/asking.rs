//! A list of programs that are asked one after the other, each about the text that those before it have left.

use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::call::Call;
use super::question::{About, Question};
use super::reply::{Action, Fault, Reply};
use super::{Fail, Hook, List, outage};

/// Between two looks where no descriptor tells when to look.
const PAUSE: Duration = Duration::from_millis(2);
/// Bytes of what tells one question from another.
const ID_BYTES: usize = 8;

/// What is to be done with what was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is taken; with another text, if there is one.
    Taken(Option<String>),
    /// It is not taken, with the reason; empty: none is given.
    Refused(String),
    /// A program has taken it; what its sender is told, or nothing.
    Diverted(String),
    /// What a command of the site says.
    Answered {
        /// In one line or several.
        text: String,
        /// For everybody in the room.
        to_room: bool,
    },
    /// It could not be asked about, and is not taken for that.
    Unasked,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done.
    pub outcome: Outcome,
    /// For so long nothing more is to be taken from the sender.
    pub delay: Duration,
    /// What the administrator is to know.
    pub notes: Vec<String>,
}

/// A list of programs that are asked.
#[derive(Debug)]
pub struct Asking {
    list: List,
    /// Those that are asked already.
    asked: usize,
    question: Question,
    /// The most characters of a new text.
    most: usize,
    /// Where it is marked which of them fail.
    run: PathBuf,
    call: Option<Call>,
    /// The one that is asked now has until then.
    deadline: Instant,
    is_changed: bool,
    delay: Duration,
    notes: Vec<String>,
}

impl Asking {
    /// Nobody is asked yet: [`Asking::step`] begins. `most`: characters of a message; `run`: the run directory.
    pub fn new(list: List, question: Question, most: usize, run: &Path) -> Self {
        Self {
            list,
            asked: 0,
            question,
            most,
            run: run.to_owned(),
            call: None,
            deadline: Instant::now(),
            is_changed: false,
            delay: Duration::ZERO,
            notes: Vec::new(),
        }
    }

    /// Does what can be done without waiting. `None`: not all have answered.
    pub fn step(&mut self, now: Instant) -> Option<Decision> {
        while let Some(hook) = self.list.hooks.get(self.asked).cloned() {
            let replied = match self.call.take() {
                Some(call) => self.go_on(call, now),
                None => self.begin(&hook, now),
            };
            match replied {
                Ok(None) => return None,
                Ok(Some(reply)) => {
                    self.notes.extend(outage::works(&self.run, &hook));
                    self.asked += 1;
                    if let Some(outcome) = self.heed(reply) {
                        return Some(self.decide(outcome));
                    }
                }
                Err(fault) => {
                    self.notes.extend(outage::failed(&self.run, &hook, &fault));
                    self.asked += 1;
                    if self.list.fail == Fail::Closed {
                        return Some(self.decide(Outcome::Unasked));
                    }
                }
            }
        }
        let text = self.question.text.take().filter(|_| self.is_changed);
        Some(self.decide(Outcome::Taken(text)))
    }

    fn begin(&mut self, hook: &Hook, now: Instant) -> Result<Option<Reply>, Fault> {
        self.deadline = now + self.list.timeout;
        let mut bytes = [0; ID_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Fault::Unreachable(error.to_string()))?;
        let id = format!("{:016x}", u64::from_ne_bytes(bytes));
        let file = self.question.file.as_ref().map(|file| file.path.as_str());
        let line = self.question.line(&id);
        let about = (self.most, self.question.ask == About::Command);
        let call = Call::start(hook, (id, line), file, about)?;
        self.go_on(call, now)
    }

    fn go_on(&mut self, mut call: Call, now: Instant) -> Result<Option<Reply>, Fault> {
        let replied = call.step()?;
        if replied.is_none() {
            if now >= self.deadline {
                return Err(Fault::TooSlow);
            }
            self.call = Some(call);
        }
        if let Some(reply) = &replied {
            self.check(reply)?;
        }
        Ok(replied)
    }

    /// Commands are answered, and nothing else is.
    fn check(&self, reply: &Reply) -> Result<(), Fault> {
        let is_command = self.question.ask == About::Command;
        let reason = match reply.action {
            Action::Answer { .. } if !is_command => "action answer is for commands",
            Action::Replace(_) if is_command => "there is nothing to replace",
            _ => return Ok(()),
        };
        Err(Fault::NotUnderstood(reason.to_owned()))
    }

    /// What a reply means for all of it; `None`: the next one is asked.
    fn heed(&mut self, reply: Reply) -> Option<Outcome> {
        self.delay = self.delay.max(reply.delay);
        match reply.action {
            Action::Accept => None,
            Action::Replace(text) => {
                // What has no text cannot get another one.
                if self.question.text.is_some() {
                    self.question.text = Some(text);
                    self.is_changed = true;
                }
                None
            }
            Action::Refuse => Some(Outcome::Refused(reply.message)),
            Action::Divert => Some(Outcome::Diverted(reply.message)),
            Action::Answer { text, to_room } => Some(Outcome::Answered { text, to_room }),
        }
    }

    fn decide(&mut self, outcome: Outcome) -> Decision {
        Decision {
            outcome,
            delay: self.delay,
            notes: std::mem::take(&mut self.notes),
        }
    }

    /// When [`Asking::step`] is to be called at the latest, if no descriptor says so before.
    pub fn due_at(&self, now: Instant) -> Instant {
        match &self.call {
            Some(call) if !call.is_blind() => self.deadline,
            _ => self.deadline.min(now + PAUSE),
        }
    }

    /// The descriptor to watch, edge-triggered for both directions, if it is a new one.
    pub fn take_unwatched(&mut self) -> Option<BorrowedFd<'_>> {
        self.call.as_mut().and_then(Call::take_unwatched)
    }

    /// Waits for something to happen, until it is due.
    fn wait(&self) {
        let left = self
            .due_at(Instant::now())
            .saturating_duration_since(Instant::now());
        let Some(call) = &self.call else { return };
        let Some(stream) = call.stream() else {
            return std::thread::sleep(left.min(PAUSE));
        };
        let mut flags = PollFlags::IN;
        if call.is_writing() {
            flags |= PollFlags::OUT;
        }
        let limit = Timespec::try_from(left).unwrap_or_default();
        // Interrupted or not: the next step finds out.
        let _ = poll(&mut [PollFd::from_borrowed_fd(stream, flags)], Some(&limit));
    }
}

/// Asks, and waits for all of them: at most the list's time limit each.
pub fn consult(list: List, question: Question, most: usize, run: &Path) -> Decision {
    let mut asking = Asking::new(list, question, most, run);
    loop {
        if let Some(decision) = asking.step(Instant::now()) {
            return decision;
        }
        asking.wait();
    }
}
