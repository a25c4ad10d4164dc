//! Commands whose answer is for the one who typed them.

use super::{Code, Event, Turn};
use crate::command::{self, USAGES};
use crate::settings::commands::SiteCommand;
use crate::wording::{Line, Own};
use chat_store::name::Nick;
use chat_store::people::presence;

/// Rooms in one answer to `/rooms`, the fullest first.
const MAX_ROOMS_SHOWN: usize = 50;

/// Names in one answer to `/who`.
const MAX_NAMES_SHOWN: usize = 500;

/// A line of help about a command of the site's own.
fn help_of(command: &SiteCommand) -> Line<'_> {
    Line::Own(Own::Help(&command.name, &command.arguments, &command.help))
}

impl Turn<'_> {
    pub(super) fn show_topic(&mut self) {
        let topic = self.it.topic();
        self.info("topic", Line::Topic(&topic));
    }

    pub(super) fn show_history(&mut self, count: Option<usize>) {
        let count = count.unwrap_or(self.it.last_messages);
        self.answer_history(None, None, Some(count));
    }

    pub(super) fn info(&mut self, command: &'static str, line: Line<'_>) {
        self.info_lines(command, &[line]);
    }

    pub(super) fn info_lines(&mut self, command: &'static str, lines: &[Line<'_>]) {
        self.sink.put(&Event::Info { command, lines });
    }

    pub(super) fn help(&mut self, of: Option<&str>) {
        if let Some(name) = of {
            let own = name.strip_prefix('/').unwrap_or(name);
            let is_it = |it: &&SiteCommand| it.name.eq_ignore_ascii_case(own);
            let own = self.site_commands().find(is_it).cloned();
            let line = match (command::usage_of(name), &own) {
                (Some(usage), _) => Line::Help(usage),
                (None, Some(command)) => help_of(command),
                (None, None) => Line::NotFound,
            };
            return self.info("help", line);
        }
        let moderator = self.it.me.moderator;
        let allowed = USAGES.iter().filter(|usage| moderator || !usage.moderators);
        let own: Vec<_> = self.site_commands().cloned().collect();
        let lines = allowed.map(Line::Help).chain(own.iter().map(help_of));
        let lines: Vec<_> = lines.collect();
        self.info_lines("help", &lines);
    }

    pub(super) fn who(&mut self) {
        let mut members = match presence::list(&self.it.room.dirs, &self.it.room.name) {
            Ok(members) => members,
            Err(error) => return self.report_trouble(&error.to_string()),
        };
        members.retain(|member| !member.color.is_empty());
        members.sort_unstable_by(|a, b| a.nick.cmp(&b.nick));
        let more = if members.len() > MAX_NAMES_SHOWN {
            ", ..."
        } else {
            ""
        };
        let names = members.iter().take(MAX_NAMES_SHOWN);
        let names: Vec<_> = names.map(|member| member.nick.as_str()).collect();
        self.info("who", Line::Here(&(names.join(", ") + more)));
    }

    pub(super) fn ignore(&mut self, name: &str) {
        match Nick::parse(name) {
            Ok(nick) if nick.key() == self.it.me.nick.key() => {
                self.error(Code::Usage, Line::Yourself);
            }
            Ok(nick) => {
                self.it.ignored.add(nick);
                self.show_ignored();
            }
            Err(error) => self.bad_name(&error),
        }
    }

    pub(super) fn unignore(&mut self, name: &str) {
        if let Ok(nick) = Nick::parse(name) {
            self.it.ignored.remove(&nick);
        }
        self.show_ignored();
    }

    pub(super) fn show_ignored(&mut self) {
        let names = self.it.ignored.names();
        self.info("ignore", Line::Ignoring(&names));
    }

    pub(super) fn rooms(&mut self) {
        let rooms = match presence::rooms(&self.it.room.dirs) {
            Ok(rooms) => rooms,
            Err(error) => return self.report_trouble(&error.to_string()),
        };
        if rooms.is_empty() {
            return self.info("rooms", Line::NoRooms);
        }
        let shown = rooms.iter().take(MAX_ROOMS_SHOWN);
        let lines: Vec<_> = shown
            .map(|(name, people)| Line::Room(name, *people))
            .collect();
        self.info_lines("rooms", &lines);
    }
}
