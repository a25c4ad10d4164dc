//! Commands that a program of the site answers: `/weather Prague`.

use super::{Code, Turn};
use crate::command::cut;
use crate::hooks::{About, Outcome, Question};
use crate::settings::commands::SiteCommand;
use crate::wording::{Line, Own};
use chat_store::bell;
use chat_store::log::room_log::RoomLog;
use chat_store::record::{Draft, Kind, RecordId};

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
                    Ok(id) => {
                        self.spoke_at(id);
                        self.ack();
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

    /// What is for the room, under the command's own name.
    fn say_for(&self, command: &SiteCommand, text: &str) -> std::io::Result<RecordId> {
        let room = &self.it.room;
        let account = command.account();
        let mut log = RoomLog::new(&room.dirs, &room.name);
        let draft = Draft {
            account: Some(&account),
            ..Draft::new(
                Kind::Say,
                command.from.as_str(),
                cut(text, self.it.limits.max_message),
            )
        };
        let id = log.append(&draft).map_err(std::io::Error::other)?;
        // It is said; who is not woken looks by themselves.
        let _ = bell::ring_at(&room.dirs.bell(&room.name));
        log.sync()?;
        Ok(id)
    }
}
