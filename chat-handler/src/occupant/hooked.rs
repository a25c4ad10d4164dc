//! What the site's programs are asked before something of this person's is taken.
//!
//! Nobody waits here. The first time that a request comes to where it would be done, the question is left for the
//! connection, which asks; then the same request is applied once more, with the decision.

use super::{Code, Event, Occupant, Turn};
use crate::hooks::{About, Decision, Outcome, Question};
use crate::settings::Settings;
use crate::settings::commands::SiteCommand;
use crate::wording::Line;
use chat_store::name::RoomName;

/// Who is asked, the question that is to be asked, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Hooked {
    messages: bool,
    whispers: bool,
    names: bool,
    /// `[command NAME]` of this room.
    commands: Vec<SiteCommand>,
    question: Option<Box<Question>>,
    decision: Option<Box<Decision>>,
}

impl Hooked {
    /// `is_open`: whether everybody may come into the room.
    pub(super) fn new(settings: &Settings, room: &RoomName, is_open: bool) -> Self {
        let hooks = &settings.hooks;
        let here = settings.commands.iter().filter(|it| it.is_in(room));
        let may = is_open || hooks.private;
        Self {
            messages: may && !hooks.messages.is_empty(),
            whispers: hooks.private,
            names: may && !hooks.entries.is_empty(),
            commands: here.cloned().collect(),
            ..Self::default()
        }
    }

    /// Whether whispers are any of their business.
    pub(super) fn of_whispers(&self) -> bool {
        self.whispers
    }

    /// Slash commands of the site's own.
    pub(super) fn commands(&self) -> &[SiteCommand] {
        &self.commands
    }

    /// What was decided about the request that is applied.
    pub(super) fn take_decision(&mut self) -> Option<Box<Decision>> {
        self.decision.take()
    }

    /// Leaves a question for the connection.
    pub(super) fn put_question(&mut self, question: Question) {
        self.question = Some(Box::new(question));
    }

    /// What somebody types is not shown before it was looked at.
    pub(super) fn hides_previews(&self) -> bool {
        self.messages
    }
}

impl Turn<'_> {
    /// What of `text` is to be taken: all of it, unless somebody is asked and says otherwise. `None`: nothing, or nobody
    /// has said anything yet.
    pub(super) fn let_through(
        &mut self,
        kind: &'static str,
        text: String,
        about: impl FnOnce(&mut Question),
    ) -> Option<String> {
        if !self.it.hooked.messages {
            return Some(text);
        }
        self.ask(About::Message, kind, text, about)
    }

    /// The same of a name that they want to have.
    pub(super) fn lets_be_called(&mut self, name: &str) -> bool {
        let nobody = || String::new();
        !self.it.hooked.names
            || self
                .ask(About::Entry, "nick", nobody(), |question| {
                    name.clone_into(&mut question.from);
                    question.text = None;
                })
                .is_some()
    }

    fn ask(
        &mut self,
        ask: About,
        kind: &'static str,
        text: String,
        about: impl FnOnce(&mut Question),
    ) -> Option<String> {
        let Some(decision) = self.it.hooked.decision.take() else {
            let me = &self.it.me;
            let mut question = Question {
                ask,
                kind,
                room: self.it.room.name.to_string(),
                from: me.nick.to_string(),
                account: me.account.clone(),
                person: Some(me.person.as_str().to_owned()),
                moderator: me.moderator,
                text: Some(text),
                msgid: self.msgid.map(str::to_owned),
                ..Question::default()
            };
            about(&mut question);
            self.it.hooked.question = Some(Box::new(question));
            return None;
        };
        self.it.pace.borrow_mut().delay(decision.delay);
        match decision.outcome {
            Outcome::Taken(changed) => return Some(changed.unwrap_or(text)),
            Outcome::Refused(reason) => self.error(Code::Refused, Line::Refused(&reason)),
            Outcome::Unasked | Outcome::Answered { .. } => {
                self.error(Code::Busy, Line::Unasked);
            }
            Outcome::Diverted(words) => {
                if !words.is_empty() {
                    let line = Line::Said(&words);
                    let code = Code::Diverted;
                    self.sink.put(&Event::Notice { code, line });
                }
                self.ack();
            }
        }
        None
    }
}

impl Occupant {
    /// Whether somebody is asked before they say something here.
    pub(super) fn asks_about_messages(&self) -> bool {
        self.hooked.messages
    }

    /// What is to be asked before the request that was just applied is done.
    pub fn take_question(&mut self) -> Option<Box<Question>> {
        self.hooked.question.take()
    }

    /// Whether something was decided about the request that is applied.
    pub(super) fn is_decided(&self) -> bool {
        self.hooked.decision.is_some()
    }

    /// What was decided about the request that is applied next; `None`: nothing.
    pub fn set_decision(&mut self, decision: Option<Decision>) {
        self.hooked.decision = decision.map(Box::new);
    }
}
