//! What a person typed: a message, or a `/command` with its arguments. Pure.

use crate::dice::{Roll, Throw};
use chat_store::moderation::word_and_rest;

mod moderate;
#[cfg(test)]
mod tests;
mod usage;

pub use moderate::{Moderate, Since};
pub use usage::{USAGES, Usage, usage_of};

/// One typed line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// A message.
    Say(&'a str),
    /// `/me TEXT`
    Me(&'a str),
    /// `/help [COMMAND]`
    Help(Option<&'a str>),
    /// `/dice COUNT SIDES [AGAIN]`
    Dice(Throw),
    /// `/roll 2d6+1`
    Roll(Roll),
    /// `/color COLOR`, not yet checked
    Color(&'a str),
    /// `/nick NAME`, not yet checked
    Nick(&'a str),
    /// `/msg NAME TEXT`
    Msg(&'a str, &'a str),
    /// `/who`
    Who,
    /// `/topic [TEXT]`: shown without TEXT, taken away with `-`
    Topic(Option<&'a str>),
    /// `/history [N]`
    History(Option<usize>),
    /// `/ignore [NAME]`: the list without NAME
    Ignore(Option<&'a str>),
    /// `/unignore NAME`
    Unignore(&'a str),
    /// `/rooms`
    Rooms,
    /// `/report ID|NAME [REASON]`
    Report(&'a str, &'a str),
    /// `/edit TEXT`
    Edit(&'a str),
    /// `/delete`
    Delete,
    /// `/react EMOJI`
    React(&'a str),
    /// `/pin ID`
    Pin(&'a str),
    /// `/unpin ID`
    Unpin(&'a str),
    /// `/pins`
    Pins,
    /// `/join ROOM`
    Join(&'a str),
    /// `/part`
    Part,
    /// `/quit`
    Quit,
    /// `/private [TITLE]`: a new room for some only
    Private(&'a str),
    /// `/query NAME`: the conversation with somebody
    Query(&'a str),
    /// One about who may be in the room.
    Circle(Circle<'a>),
    /// One for moderators.
    Moderate(Moderate<'a>),
}

/// What is done about a room for some only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circle<'a> {
    /// `/invite NAME`
    Invite(&'a str),
    /// `/invite [HOURS USES]`: a link
    Link {
        /// It is good for so long.
        hours: u32,
        /// For so many people.
        uses: u32,
    },
    /// `/uninvite NAME`
    Uninvite(&'a str),
    /// `/members`
    Members,
    /// `/password WORD`; `-` takes it away
    Password(&'a str),
    /// `/rename TITLE`
    Rename(&'a str),
    /// `/leave`
    Leave,
    /// `/makeprivate`
    MakePrivate,
    /// `/makepublic [NAME]`
    MakeOpen(Option<&'a str>),
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError<'a> {
    /// There is no such command; the word, with its slash.
    Unknown(&'a str),
    /// It is written otherwise.
    Usage(&'static Usage),
}

/// Commands whose last argument is something said, which may have several lines. `/msg` is one: what was meant
/// for somebody must not become a message for all. `/edit` has the text of one.
const OF_LINES: [&str; 3] = ["me", "msg", "edit"];

/// Understands what was typed. What begins with `//` is a message that begins with `/`; what has several
/// lines is a message as it is, unless it is `/me`, `/msg` or `/edit`.
///
/// # Errors
/// Why it is no command.
pub fn parse(line: &str) -> Result<Command<'_>, CommandError<'_>> {
    let Some(rest) = line.strip_prefix('/') else {
        return Ok(Command::Say(line));
    };
    if rest.starts_with('/') && !rest.contains('\n') {
        return Ok(Command::Say(rest));
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let has_lines = || {
        OF_LINES
            .iter()
            .any(|name| rest[..end].eq_ignore_ascii_case(name))
    };
    if line.contains('\n') && !has_lines() {
        return Ok(Command::Say(line));
    }
    let Some(usage) = usage_of(&rest[..end]) else {
        return Err(CommandError::Unknown(cut(&line[..=end], MAX_UNKNOWN_CHARS)));
    };
    arguments(usage.name, rest[end..].trim()).ok_or(CommandError::Usage(usage))
}

/// As much of an unknown command as is told back.
const MAX_UNKNOWN_CHARS: usize = 32;

pub(crate) fn cut(text: &str, chars: usize) -> &str {
    text.char_indices()
        .nth(chars)
        .map_or(text, |(end, _)| &text[..end])
}

fn arguments<'a>(name: &str, rest: &'a str) -> Option<Command<'a>> {
    let some = |rest: &'a str| (!rest.is_empty()).then_some(rest);
    let word = |rest: &'a str| some(rest).filter(|rest| !rest.contains(char::is_whitespace));
    let nothing = |command| rest.is_empty().then_some(command);
    Some(match name {
        "me" => Command::Me(some(rest)?),
        "help" => match some(rest) {
            Some(_) => Command::Help(Some(word(rest)?)),
            None => Command::Help(None),
        },
        "dice" => Command::Dice(Throw::parse(rest)?),
        "roll" => Command::Roll(Roll::parse(rest)?),
        "color" => Command::Color(word(rest)?),
        "nick" => Command::Nick(some(rest)?),
        "msg" => {
            let (to, text) = word_and_rest(rest)?;
            Command::Msg(to, some(text)?)
        }
        "who" => nothing(Command::Who)?,
        "topic" => Command::Topic(some(rest)),
        "history" => match some(rest) {
            Some(count) => Command::History(Some(count.parse().ok().filter(|&n| n > 0)?)),
            None => Command::History(None),
        },
        "ignore" => match some(rest) {
            Some(_) => Command::Ignore(Some(word(rest)?)),
            None => Command::Ignore(None),
        },
        "unignore" => Command::Unignore(word(rest)?),
        "rooms" => nothing(Command::Rooms)?,
        "report" => {
            let (what, reason) = word_and_rest(rest)?;
            Command::Report(what, reason)
        }
        "private" => Command::Private(rest),
        "query" => Command::Query(some(rest)?),
        "invite" => Command::Circle(invite(rest)),
        "uninvite" => Command::Circle(Circle::Uninvite(some(rest)?)),
        "members" => nothing(Command::Circle(Circle::Members))?,
        "password" => Command::Circle(Circle::Password(some(rest)?)),
        "rename" => Command::Circle(Circle::Rename(some(rest)?)),
        "leave" => nothing(Command::Circle(Circle::Leave))?,
        "makeprivate" => nothing(Command::Circle(Circle::MakePrivate))?,
        "makepublic" => Command::Circle(Circle::MakeOpen(some(rest))),
        "edit" => Command::Edit(some(rest)?),
        "delete" => nothing(Command::Delete)?,
        "react" => Command::React(word(rest)?),
        "pin" => Command::Pin(word(rest)?),
        "unpin" => Command::Unpin(word(rest)?),
        "pins" => nothing(Command::Pins)?,
        "join" => Command::Join(some(rest)?),
        "part" => Command::Part,
        "quit" => Command::Quit,
        _ => Command::Moderate(moderate::parse(name, rest)?),
    })
}

/// A name, two numbers, or nothing.
fn invite(rest: &str) -> Circle<'_> {
    let numbers = rest.split_once(char::is_whitespace);
    let numbers =
        numbers.and_then(|(hours, uses)| Some((hours.parse().ok()?, uses.trim().parse().ok()?)));
    match numbers {
        _ if rest.is_empty() => Circle::Link { hours: 24, uses: 1 },
        Some((hours, uses)) => Circle::Link { hours, uses },
        None => Circle::Invite(rest),
    }
}
