//! Saying something: the same for one message, a batch of them, and a person's conversation.

use std::borrow::Cow;

use chat_handler::hooks::{About, Outcome, Question, consult};
use chat_handler::identity::Person;
use chat_handler::occupant::Slow;
use chat_handler::settings::Permission;
use chat_store::bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::history::{Readable, holds};
use chat_store::log::room_log::{AppendError, RoomLog, Stored};
use chat_store::log::rooms;
use chat_store::moderation::{self, Right};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::quota;
use chat_store::record::{Draft, Kind, Record, RecordId, attrs, tidy};
use chat_store::state;
use serde::Deserialize;

use super::Refusal;
use super::call::Call;
use crate::api::found::Found;

/// What is to be said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) text: String,
    #[serde(default)]
    pub(super) kind: Form,
    /// The name that a program speaks under.
    #[serde(rename = "as")]
    pub(super) from: Option<String>,
}

/// How it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    #[default]
    Say,
    Me,
}

impl Call<'_> {
    /// Says it in a room, which is made if a program is the first to speak there.
    pub(super) fn say(
        &mut self,
        room: &str,
        words: &Words,
        key: Option<&str>,
    ) -> Result<Stored, Refusal> {
        let found = self.found_called(room)?;
        self.may_speak(&found, key)?;
        self.append(&found.dirs, &found.room, words, key)
    }

    /// Whether they may. Whoever has the scope may; a person as in the chat.
    fn may_speak(&self, found: &Found, key: Option<&str>) -> Result<(), Refusal> {
        let (dirs, room) = (&found.dirs, &found.room);
        let is_there = rooms::exists(dirs, room)?;
        let nick = self.nick(None)?;
        let Some(person) = &self.caller()?.person else {
            let most = self.settings.limits.max_rooms;
            if !is_there && rooms::all(dirs)?.len() >= most {
                return Err(Refusal::NotAllowed(
                    "there are as many rooms as there may be".to_owned(),
                ));
            }
            return Ok(());
        };
        if !is_there {
            return Err(Refusal::NoRoom);
        }
        self.permits(Permission::Speak, room)?;
        let asks = moderation::Person {
            nick: &nick,
            account: person.account.as_deref(),
            number: None,
            address: None,
            moderates_all: person.moderator,
        };
        if let Err(denied) = moderation::may(dirs, room, &asks, Right::Speak)? {
            return Err(Refusal::NotAllowed(format!(
                "you may not speak here: {}",
                denied.reason()
            )));
        }
        self.waited(found, person, key)
    }

    /// Whether a person may speak again in a room that is slow: as in the chat, on whichever way they spoke last.
    fn waited(&self, found: &Found, person: &Person, key: Option<&str>) -> Result<(), Refusal> {
        let (dirs, room) = (&found.dirs, &found.room);
        if state::slow(dirs, room)? == 0 || self.moderates(found, person)? {
            return Ok(());
        }
        let account = self.caller()?.account();
        let wrote = |record: &Record<'_>| {
            let of = record.attr(attrs::ACCOUNT);
            of.is_some_and(|of| of == account.as_str())
        };
        match Slow::of(dirs, room, wrote)?.left(key) {
            0 => Ok(()),
            seconds => Err(Refusal::Pace(seconds)),
        }
    }

    /// The name that is spoken under: a person's own; a program's choice.
    fn nick(&self, wished: Option<&str>) -> Result<Nick, Refusal> {
        let invalid = |error: chat_store::name::NameError| Refusal::Invalid(error.to_string());
        match (&self.caller()?.person, wished) {
            (Some(_), Some(_)) => Err(Refusal::NotAllowed(
                "a person speaks under their own name; leave out \"as\"".to_owned(),
            )),
            (Some(person), None) => {
                let names = [person.name.as_deref(), person.account.as_deref()];
                let mut nicks = names
                    .into_iter()
                    .flatten()
                    .filter_map(|name| Nick::parse(name).ok());
                nicks.next().ok_or_else(|| {
                    Refusal::Invalid("your name cannot be one in the chat".to_owned())
                })
            }
            (None, wished) => Nick::parse(wished.unwrap_or(SERVER)).map_err(invalid),
        }
    }

    /// Puts it into the log, once for each key.
    pub(super) fn append(
        &mut self,
        dirs: &Dirs,
        room: &RoomName,
        words: &Words,
        key: Option<&str>,
    ) -> Result<Stored, Refusal> {
        let limits = &self.settings.limits;
        let text = tidy(&words.text);
        if text.trim().is_empty() {
            return Err(Refusal::Invalid("there is nothing to say".to_owned()));
        }
        if text.chars().count() > limits.max_message {
            let text = format!("a message has at most {} characters", limits.max_message);
            return Err(Refusal::Invalid(text));
        }
        if limits
            .disk_max
            .is_some_and(|most| quota::is_used_up(dirs, most))
        {
            return Err(Refusal::Full);
        }
        let (from, account) = (self.nick(words.from.as_deref())?, self.caller()?.account());
        let color = self
            .caller()?
            .person
            .as_ref()
            .and_then(|person| person.color.clone());
        let kind = match words.kind {
            Form::Say => Kind::Say,
            Form::Me => Kind::Me,
        };
        let text = self.asked(dirs, room, (words.kind, &from, &account), &text, key)?;
        let draft = Draft {
            msgid: key,
            account: Some(&account),
            color: color.as_ref().map(chat_handler::color::Color::as_str),
            ..Draft::new(kind, from.as_str(), &text)
        };
        dirs.create()?;
        let mut log = RoomLog::new(dirs, room);
        let stored = log.append_once(&draft).map_err(unsaved)?;
        if let Stored::Already(id) = stored {
            is_the_same(dirs, room, id, &text)?;
            // Whoever appended it may have died before it was safe.
            log.sync_found()?;
        } else {
            log.sync()?;
        }
        // Also of one that was there already: whoever appended it may have died before.
        let _ = bell::ring_at(&dirs.bell(room));
        Ok(stored)
    }
}

impl Call<'_> {
    /// What is to be said after the site's programs (`MESSAGE_HOOKS`) were asked.
    fn asked<'t>(
        &mut self,
        dirs: &Dirs,
        room: &RoomName,
        (form, from, account): (Form, &Nick, &str),
        text: &'t str,
        key: Option<&str>,
    ) -> Result<Cow<'t, str>, Refusal> {
        let hooks = &self.settings.hooks;
        let list = hooks.list(About::Message);
        if list.hooks.is_empty() || (room.is_closed() && !hooks.private) {
            return Ok(Cow::Borrowed(text));
        }
        let question = Question {
            ask: About::Message,
            kind: if form == Form::Me { "me" } else { "say" },
            room: room.to_string(),
            from: from.to_string(),
            account: Some(account.to_owned()),
            text: Some(text.to_owned()),
            msgid: key.map(str::to_owned),
            ..Question::default()
        };
        let decision = consult(list, question, self.settings.limits.max_message, &dirs.run);
        for note in &decision.notes {
            (self.explain)(note);
        }
        match decision.outcome {
            Outcome::Taken(None) => Ok(Cow::Borrowed(text)),
            Outcome::Taken(Some(other)) => Ok(Cow::Owned(other)),
            Outcome::Refused(reason) | Outcome::Diverted(reason) => Err(Refusal::Refused(reason)),
            Outcome::Unasked | Outcome::Answered { .. } => Err(Refusal::Busy),
        }
    }
}

/// A key belongs to one message; what was taken back since cannot be compared.
fn is_the_same(dirs: &Dirs, room: &RoomName, id: RecordId, text: &str) -> Result<(), Refusal> {
    let log = Readable {
        dirs,
        room,
        since: RecordId::ZERO,
        viewer: None,
    };
    let is_there = holds(log, id, |_| true)?;
    let is_same =
        |record: &chat_store::record::Record<'_>| record.is_redacted() || record.text == text;
    if is_there && !holds(log, id, is_same)? {
        return Err(Refusal::KeyReused);
    }
    Ok(())
}

pub(super) fn unsaved(error: AppendError) -> Refusal {
    match error {
        AppendError::Busy => Refusal::Busy,
        AppendError::DiskFull | AppendError::SpaceUsedUp => Refusal::Full,
        error => Refusal::Storage(std::io::Error::other(error.to_string())),
    }
}
