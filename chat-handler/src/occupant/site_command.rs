//! Commands that a program of the site answers: `/weather Prague`.

use std::io;

use super::{Code, Turn};
use crate::command::cut;
use crate::hooks::{About, Outcome, Question};
use crate::settings::commands::SiteCommand;
use crate::wording::{Line, Own};
use chat_store::log::room_log::{AppendError, RoomLog, Stored};
use chat_store::record::{Draft, Kind};
use chat_store::{bell, quota, secret};

/// Lines of an answer that is for one person.
const MAX_LINES: usize = 100;

impl Turn<'_> {
    /// Those that are there for this person in this room.
    pub(super) fn site_commands(&self) -> impl Iterator<Item = &SiteCommand> {
        let (logged_in, moderates) = (self.it.me.account.is_some(), self.it.me.moderator);
        let all = self.it.hooked.commands().iter();
        all.filter(move |command| command.is_for(logged_in, moderates))
    }

    /// Does what was typed, if it is one of these.
    pub(super) fn run_site_command(&mut self, typed: &str) -> bool {
        if !self.it.hooked.commands().is_empty() {
            // They may have been dismissed since.
            self.it.look_up_role();
        }
        let (word, args) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let name = word.strip_prefix('/').unwrap_or(word);
        let found = self
            .site_commands()
            .find(|it| it.name.eq_ignore_ascii_case(name));
        let Some(command) = found.cloned() else {
            return false;
        };
        if self.has_voice() {
            self.answer_by(&command, args.trim());
        }
        true
    }

    fn answer_by(&mut self, command: &SiteCommand, args: &str) {
        let Some(decision) = self.it.hooked.take_decision() else {
            if self.was_answered(command) {
                return;
            }
            let me = &self.it.me;
            let question = Question {
                ask: About::Command,
                kind: "command",
                room: self.it.room.name.to_string(),
                from: me.nick.to_string(),
                account: me.account.clone(),
                person: Some(me.person.as_str().to_owned()),
                moderator: me.moderator,
                msgid: self.msgid.map(str::to_owned),
                command: Some(command.name.clone()),
                args: Some(args.to_owned()),
                ..Question::default()
            };
            self.it.hooked.put_question(question);
            return;
        };
        self.it.pace.borrow_mut().delay(decision.delay);
        match decision.outcome {
            Outcome::Taken(_) => self.ack(),
            Outcome::Refused(reason) => self.error(Code::Refused, Line::Refused(&reason)),
            Outcome::Unasked => self.error(Code::Busy, Line::Own(Own::NoAnswer(&command.name))),
            Outcome::Diverted(words) => self.tell_asker(&words),
            Outcome::Answered { text, .. } if text.trim().is_empty() => self.ack(),
            Outcome::Answered { text, to_room } => {
                if !to_room || !self.waited() {
                    self.tell_asker(&text);
                    return;
                }
                match self.say_for(command, &text) {
                    Ok(stored) => {
                        self.spoke_at(stored.id());
                        self.ack_as(None, matches!(stored, Stored::Already(_)));
                    }
                    Err(error) => self.not_saved(&error),
                }
            }
        }
    }

    /// What is for who asked alone.
    fn tell_asker(&mut self, text: &str) {
        self.reply(|turn| {
            let lines: Vec<_> = text.lines().take(MAX_LINES).map(Line::Said).collect();
            if !lines.is_empty() {
                turn.info_lines("answer", &lines);
            }
        });
    }

    /// Whether the room has had its answer to this very request, which was sent again; then it is acked.
    fn was_answered(&mut self, command: &SiteCommand) -> bool {
        let account = command.account();
        let id = self.id_of_answer();
        let draft = Draft {
            msgid: id.as_deref(),
            ..draft(command, &account, "")
        };
        let room = &self.it.room;
        // What cannot be read is found out when it is appended.
        let found = RoomLog::new(&room.dirs, &room.name).find_sent(&draft);
        let was_answered = matches!(found, Ok(Some(_)));
        if was_answered {
            self.ack_as(None, true);
        }
        was_answered
    }

    /// The id of what the room is answered to a request that has one: of theirs alone, whatever ids others choose.
    fn id_of_answer(&self) -> Option<String> {
        let asked = format!("{} {}", self.it.me.person.as_str(), self.msgid?);
        Some(secret::hash_of(&asked))
    }

    /// What is for the room, under the command's own name.
    fn say_for(&self, command: &SiteCommand, text: &str) -> io::Result<Stored> {
        let room = &self.it.room;
        let limits = &self.it.limits;
        if limits
            .disk_max
            .is_some_and(|max| quota::is_used_up(&room.dirs, max))
        {
            return Err(io::Error::other(AppendError::SpaceUsedUp));
        }
        let account = command.account();
        let id = self.id_of_answer();
        let draft = Draft {
            msgid: id.as_deref(),
            ..draft(command, &account, cut(text, limits.max_message))
        };
        let mut log = RoomLog::new(&room.dirs, &room.name);
        let stored = log.append_once(&draft).map_err(io::Error::other)?;
        // It is said; who is not woken looks by themselves.
        let _ = bell::ring_at(&room.dirs.bell(&room.name));
        log.sync()?;
        Ok(stored)
    }
}

fn draft<'a>(command: &'a SiteCommand, account: &'a str, text: &'a str) -> Draft<'a> {
    Draft {
        account: Some(account),
        ..Draft::new(Kind::Say, command.from.as_str(), text)
    }
}
