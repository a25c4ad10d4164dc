//! The site's programs are asked before a request is done or a room is entered: one question at a time, and nothing
//! more is taken from the client until it is answered. What others say reaches it meanwhile.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use super::{Audience, Entry, Person};
use crate::hooks::{About, Asking, Decision, List, Outcome, Question, consult};
use crate::journal;
use crate::occupant::{self, Code, Refusal, Sink as _};
use chat_store::name::RoomName;

use super::stays::From;

/// A question that is being asked.
#[derive(Debug)]
pub(super) struct Pending {
    asking: Asking,
    /// What it is about is done when the request is taken once more; else when the room is entered.
    of_request: bool,
}

impl Person<'_> {
    /// Whether a program is being asked.
    pub fn is_asking(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether what is asked is about the request that was taken last.
    pub fn asks_about_request(&self) -> bool {
        self.pending.as_ref().is_some_and(|it| it.of_request)
    }

    /// Goes on asking. True: it is decided.
    pub fn ask_on(&mut self) -> bool {
        let Some(pending) = &mut self.pending else {
            return false;
        };
        let Some(decision) = pending.asking.step(Instant::now()) else {
            return false;
        };
        self.pending = None;
        self.decide(decision);
        true
    }

    /// The descriptor to watch, edge-triggered for both directions, if it is a new one.
    pub fn unwatched_hook(&mut self) -> Option<BorrowedFd<'_>> {
        self.pending.as_mut()?.asking.take_unwatched()
    }

    /// When [`Person::ask_on`] must be called at the latest.
    pub(super) fn asks_at(&self) -> Option<Instant> {
        let pending = self.pending.as_ref()?;
        Some(pending.asking.due_at(Instant::now()))
    }

    /// Begins to ask, the first program at once.
    pub(super) fn begin_asking(&mut self, question: Question, of_request: bool) {
        let settings = self.settings;
        let list = match &question.command {
            None => settings.hooks.list(question.ask),
            Some(name) => {
                let found = settings.commands.iter().find(|it| it.name == *name);
                found.map_or_else(List::nobody, |command| command.list(&settings.run_dir))
            }
        };
        let most = settings.limits.max_message;
        let asking = Asking::new(list, question, most, &settings.run_dir);
        self.pending = Some(Box::new(Pending { asking, of_request }));
    }

    fn decide(&mut self, decision: Decision) {
        for note in &decision.notes {
            journal::note(note);
        }
        self.decision = Some(decision);
    }

    /// Comes into a room, if the site's programs let them: waits for these, when there is nothing else to do yet.
    pub fn enter_asked(&mut self, entry: &Entry, to: &mut dyn Audience) -> bool {
        if let Some(question) = self.question_of(entry) {
            let (settings, most) = (self.settings, self.settings.limits.max_message);
            let list = settings.hooks.list(About::Entry);
            self.decide(consult(list, question, most, &settings.run_dir));
        }
        self.enter_decided(entry, to)
    }

    /// Whether somebody is asked before they come into the next room; begins to.
    pub(super) fn asks_first(&mut self) -> bool {
        if self.decision.is_none() && self.pending.is_none() {
            let question = self.entries.front().and_then(|it| self.question_of(it));
            match question {
                Some(question) => self.begin_asking(question, false),
                None => return false,
            }
        }
        self.decision.is_none() && !self.ask_on()
    }

    /// Comes into a room about which nobody was to be asked, or everybody was.
    pub(super) fn enter_decided(&mut self, entry: &Entry, to: &mut dyn Audience) -> bool {
        let Some(decision) = self.decision.take() else {
            return self.enter(entry, to);
        };
        self.connection.delay(decision.delay);
        let refusal = match decision.outcome {
            Outcome::Taken(_) => return self.enter(entry, to),
            Outcome::Refused(reason) | Outcome::Diverted(reason) => {
                Refusal::new(Code::Refused, &reason)
            }
            Outcome::Unasked | Outcome::Answered { .. } => Refusal::new(Code::Busy, ""),
        };
        let room = self.visit.many.then_some(&*entry.asked);
        From { room, to }.put(&refusal.event());
        false
    }

    /// What is to be asked before they come in; `None`: nothing.
    fn question_of(&self, entry: &Entry) -> Option<Question> {
        let hooks = &self.settings.hooks;
        let room = entry.room.as_ref().ok()?;
        let is_theirs = |room: &RoomName| !room.is_closed() || hooks.private;
        if hooks.entries.is_empty() || !is_theirs(room) || self.stays.find(room.as_str()).is_some()
        {
            return None;
        }
        let person = &self.visit.person;
        let wished = occupant::wished_nick(person, self.visit.nick.as_deref());
        Some(Question {
            ask: About::Entry,
            kind: "enter",
            room: room.to_string(),
            from: wished.to_string(),
            account: person.account.clone(),
            person: Some(self.number.as_str().to_owned()),
            moderator: person.moderator,
            address: Some(self.visit.address.to_owned()).filter(|address| !address.is_empty()),
            ..Question::default()
        })
    }
}
