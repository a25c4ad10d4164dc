//! What people type: messages and `/commands`.

use std::collections::BTreeMap;

use super::{Flow, Room};
use crate::command::{self, Command, Refusal, USAGES};
use crate::dice::SystemChance;
use crate::wire::Bye;
use crate::wording::{Line, Worded};
use chat_store::name::{Nick, RoomName};
use chat_store::people::presence;
use chat_store::record::Kind;

/// Rooms in one answer to `/rooms`, the fullest first.
const MAX_ROOMS_SHOWN: usize = 50;

/// Names in one answer to `/who`.
const MAX_NAMES_SHOWN: usize = 500;

/// Whom one person can ignore.
const MAX_IGNORED: usize = 200;

impl Room {
    pub(super) fn say(&mut self, line: &str, msgid: Option<&str>, out: &mut Vec<u8>) -> Flow {
        // Reasons and names too: nothing that is typed is longer than a message.
        if line.starts_with('/') && !self.fits(line) {
            let most = self.settings.limits.max_message;
            self.error("too_long", Line::TooLong(most), msgid, out);
            return Flow::Idle;
        }
        let command = match command::parse(line) {
            Ok(command) => command,
            Err(Refusal::Unknown(word)) => {
                self.error("unknown_command", Line::UnknownCommand(word), msgid, out);
                return Flow::Idle;
            }
            Err(Refusal::Usage(usage)) => {
                self.error("usage", Line::Usage(usage), msgid, out);
                return Flow::Idle;
            }
        };
        match command {
            Command::Say(text) => self.say_as(Kind::Say, text, msgid, out),
            Command::Me(text) => self.say_as(Kind::Me, text, msgid, out),
            Command::Dice(throw) => {
                let answer = throw.answer(&mut SystemChance::default());
                self.say_as(Kind::Dice, &answer, msgid, out);
            }
            Command::Roll(roll) => {
                let answer = roll.answer(&mut SystemChance::default());
                self.say_as(Kind::Dice, &answer, msgid, out);
            }
            Command::Color(color) => self.change_color(color, msgid, out),
            Command::Nick(name) => match Nick::parse(name) {
                Ok(nick) => self.change_nick(&nick.of_person(), msgid, out),
                Err(error) => {
                    self.error("bad_name", Line::BadName(&error.to_string()), msgid, out);
                }
            },
            Command::Topic(Some(topic)) => {
                let topic = if topic == "-" { "" } else { topic };
                self.change_topic(topic, msgid, out);
            }
            Command::Msg(to, text) => self.whisper(to, text, msgid, out),
            Command::Moderate(what) => self.moderate(what, msgid, out),
            Command::Quit => return Flow::Bye(Bye::Quit),
            _ => {
                self.answer(&command, out);
                self.ack(msgid, out);
            }
        }
        Flow::Idle
    }

    fn say_as(&mut self, kind: Kind, text: &str, msgid: Option<&str>, out: &mut Vec<u8>) {
        // Dice may be longer than a message; their answer is ours.
        if kind == Kind::Dice && !self.is_muted() || self.may_say(text, msgid, out) {
            self.tell_all(kind, text, msgid, out);
        }
    }

    /// Commands whose answer is for the one who typed them.
    fn answer(&mut self, command: &Command<'_>, out: &mut Vec<u8>) {
        match command {
            Command::Help(of) => self.help(*of, out),
            Command::Who => self.who(out),
            Command::Topic(_) => {
                let topic = self.topic();
                self.info_line("topic", Line::Topic(&topic), out);
            }
            Command::History(count) => {
                let count = count.unwrap_or(self.settings.last_messages);
                self.answer_history(None, None, Some(count), out);
            }
            Command::Ignore(Some(name)) => self.ignore(name, out),
            Command::Ignore(None) => self.tell_ignored(out),
            Command::Unignore(name) => self.unignore(name, out),
            Command::Rooms => self.rooms(out),
            _ => {}
        }
    }

    pub(super) fn info_line(&mut self, command: &'static str, line: Line<'_>, out: &mut Vec<u8>) {
        let line = Worded(self.settings.lang, line).to_string();
        self.info(command, &[line], out);
    }

    fn help(&mut self, of: Option<&str>, out: &mut Vec<u8>) {
        let lang = self.settings.lang;
        let lines: Vec<_> = match of {
            Some(name) => match command::usage_of(name) {
                Some(usage) => vec![Worded(lang, Line::Help(usage)).to_string()],
                None => return self.info_line("help", Line::NotFound, out),
            },
            None => USAGES
                .iter()
                .filter(|usage| self.moderator || !usage.moderators)
                .map(|usage| Worded(lang, Line::Help(usage)).to_string())
                .collect(),
        };
        self.info("help", &lines, out);
    }

    fn who(&mut self, out: &mut Vec<u8>) {
        match presence::list(&self.dirs, &self.name) {
            Ok(mut members) => {
                members.retain(|member| !member.color.is_empty());
                members.sort_unstable_by(|a, b| a.nick.cmp(&b.nick));
                let more = if members.len() > MAX_NAMES_SHOWN {
                    ", ..."
                } else {
                    ""
                };
                let names = members.iter().take(MAX_NAMES_SHOWN);
                let names: Vec<_> = names.map(|member| member.nick.as_str()).collect();
                let names = names.join(", ") + more;
                self.info_line("who", Line::Here(&names), out);
            }
            Err(error) => self.tell_trouble(&error.to_string(), out),
        }
    }

    fn ignore(&mut self, name: &str, out: &mut Vec<u8>) {
        match Nick::parse(name) {
            Ok(nick) if nick.key() == self.nick.key() => {
                self.error("usage", Line::Yourself, None, out);
            }
            Ok(nick) => {
                if !self.ignores(nick.as_str()) && self.ignored.len() < MAX_IGNORED {
                    self.ignored.push(nick);
                }
                self.tell_ignored(out);
            }
            Err(error) => self.error("bad_name", Line::BadName(&error.to_string()), None, out),
        }
    }

    fn unignore(&mut self, name: &str, out: &mut Vec<u8>) {
        if let Ok(nick) = Nick::parse(name) {
            let key = nick.key();
            self.ignored.retain(|ignored| ignored.key() != key);
        }
        self.tell_ignored(out);
    }

    fn tell_ignored(&mut self, out: &mut Vec<u8>) {
        let names: Vec<_> = self.ignored.iter().map(Nick::as_str).collect();
        let names = names.join(", ");
        self.info_line("ignore", Line::Ignoring(&names), out);
    }

    fn rooms(&mut self, out: &mut Vec<u8>) {
        let rooms = match rooms_with_people(&self.dirs) {
            Ok(rooms) => rooms,
            Err(error) => return self.tell_trouble(&error.to_string(), out),
        };
        if rooms.is_empty() {
            return self.info_line("rooms", Line::NoRooms, out);
        }
        let lang = self.settings.lang;
        let line =
            |(name, people): &(String, usize)| Worded(lang, Line::Room(name, *people)).to_string();
        let lines: Vec<_> = rooms.iter().take(MAX_ROOMS_SHOWN).map(line).collect();
        self.info("rooms", &lines, out);
    }
}

/// Rooms and how many are in them, the fullest first. Rooms whose name is too long for a file name
/// are known by a hash here and left out.
fn rooms_with_people(dirs: &chat_store::fs::dirs::Dirs) -> std::io::Result<Vec<(String, usize)>> {
    let mut people = BTreeMap::<String, usize>::new();
    for entry in std::fs::read_dir(&dirs.users)?.flatten() {
        let name = entry.file_name();
        // Neither a room's name nor a nick holds the character between them.
        let Some((stem, _)) = name.to_str().and_then(|name| name.rsplit_once('_')) else {
            continue;
        };
        let known = RoomName::parse(stem).is_ok_and(|room| room.users_stem() == stem);
        if known
            && stem == RoomName::parse(stem).map_or_else(|_| String::new(), |room| room.to_string())
        {
            *people.entry(stem.to_owned()).or_default() += 1;
        }
    }
    let mut rooms: Vec<_> = people.into_iter().collect();
    rooms.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(rooms)
}
