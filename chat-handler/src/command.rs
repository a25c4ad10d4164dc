//! What a person typed: a message, or a `/command` with its arguments. Pure.

use crate::dice::{Roll, Throw};
use chat_store::moderation::Role;

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
    /// `/part`
    Part,
    /// `/quit`
    Quit,
    /// One for moderators.
    Moderate(Moderate<'a>),
}

/// What only moderators may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderate<'a> {
    /// `/kick NAME [REASON]`
    Kick(&'a str, &'a str),
    /// `/ban NAME [MINUTES] [REASON]`; no minutes: until `/unban`
    Ban(&'a str, Option<u32>, &'a str),
    /// `/unban NAME`
    Unban(&'a str),
    /// `/bans`
    Bans,
    /// `/mute NAME [MINUTES]`
    Mute(&'a str, Option<u32>),
    /// `/unmute NAME`
    Unmute(&'a str),
    /// `/redact ID`
    Redact(&'a str),
    /// `/remove NAME [MINUTES]`: what they said in the last minutes; all of it without
    Remove(&'a str, Option<u32>),
    /// `/op NAME [owner]`
    Op(&'a str, Role),
    /// `/deop NAME`
    Deop(&'a str),
    /// `/roles`
    Roles,
    /// `/whois NAME`
    Whois(&'a str),
    /// `/clear [delete]`; whether what was said is deleted from the logs
    Clear {
        /// `delete`
        delete: bool,
    },
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError<'a> {
    /// There is no such command; the word, with its slash.
    Unknown(&'a str),
    /// It is written otherwise.
    Usage(&'static Usage),
}

/// A command's line of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The command, without its slash.
    pub name: &'static str,
    /// What comes after it.
    pub arguments: &'static str,
    /// What it does, in English.
    pub en: &'static str,
    /// And in Czech.
    pub cs: &'static str,
    /// Whether only moderators may.
    pub moderators: bool,
}

const fn usage(
    name: &'static str,
    arguments: &'static str,
    en: &'static str,
    cs: &'static str,
) -> Usage {
    Usage {
        name,
        arguments,
        en,
        cs,
        moderators: false,
    }
}

const fn moderators(usage: Usage) -> Usage {
    Usage {
        moderators: true,
        ..usage
    }
}

/// All commands, in the order of `/help`.
pub const USAGES: &[Usage] = &[
    usage("help", " [COMMAND]", "shows the commands", "ukáže příkazy"),
    usage("me", " TEXT", "says what you do", "řekne, co děláte"),
    usage(
        "dice",
        " COUNT SIDES [AGAIN]",
        "throws up to 100 dice, again from AGAIN on",
        "hodí až 100 kostkami, znovu od hodnoty AGAIN",
    ),
    usage(
        "roll",
        " 2d6+1",
        "throws dice and adds them up",
        "hodí kostkami a sečte je",
    ),
    usage(
        "color",
        " #rrggbb|NAME",
        "changes your color",
        "změní vaši barvu",
    ),
    usage("nick", " NAME", "changes your name", "změní vaše jméno"),
    usage(
        "msg",
        " NAME TEXT",
        "whispers to one person",
        "pošeptá jednomu člověku",
    ),
    usage("who", "", "shows who is here", "ukáže, kdo tu je"),
    usage(
        "topic",
        " [TEXT]",
        "shows or sets the topic; - takes it away",
        "ukáže nebo nastaví téma; - ho zruší",
    ),
    usage(
        "history",
        " [N]",
        "shows the last N lines",
        "ukáže posledních N řádků",
    ),
    usage(
        "ignore",
        " [NAME]",
        "hides what NAME says, or shows whom you ignore",
        "skryje, co říká NAME, nebo ukáže, koho ignorujete",
    ),
    usage("unignore", " NAME", "shows it again", "zase to ukáže"),
    usage(
        "rooms",
        "",
        "shows the rooms with people in them",
        "ukáže místnosti, kde někdo je",
    ),
    usage("part", "", "leaves the room", "opustí místnost"),
    usage("quit", "", "leaves the chat", "opustí chat"),
    moderators(usage(
        "kick",
        " NAME [REASON]",
        "sends somebody out",
        "vyhodí člověka",
    )),
    moderators(usage(
        "ban",
        " NAME [MINUTES] [REASON]",
        "sends somebody out and keeps them out",
        "vyhodí člověka a nepustí ho zpět",
    )),
    moderators(usage(
        "unban",
        " NAME",
        "lets them in again",
        "zase ho pustí",
    )),
    moderators(usage(
        "bans",
        "",
        "shows who is banned",
        "ukáže, kdo nesmí dovnitř",
    )),
    moderators(usage(
        "mute",
        " NAME [MINUTES]",
        "takes their voice",
        "vezme mu slovo",
    )),
    moderators(usage("unmute", " NAME", "gives it back", "vrátí mu slovo")),
    moderators(usage(
        "redact",
        " ID",
        "takes a message back",
        "stáhne zprávu",
    )),
    moderators(usage(
        "remove",
        " NAME [MINUTES]",
        "takes back all that NAME said, or what they said in the last minutes",
        "stáhne vše, co NAME řekl, nebo co řekl za poslední minuty",
    )),
    moderators(usage(
        "whois",
        " NAME",
        "shows account, number, address and role of somebody",
        "ukáže účet, číslo, adresu a roli člověka",
    )),
    moderators(usage(
        "roles",
        "",
        "shows who owns the room and who moderates it",
        "ukáže, komu místnost patří a kdo ji moderuje",
    )),
    moderators(usage(
        "op",
        " NAME [owner]",
        "makes somebody a moderator of the room, or an owner",
        "udělá z člověka moderátora místnosti, nebo majitele",
    )),
    moderators(usage(
        "deop",
        " NAME",
        "takes that away",
        "zase mu to vezme",
    )),
    moderators(usage(
        "clear",
        " [delete]",
        "hides all messages so far; delete: deletes them from the logs too",
        "skryje všechny dosavadní zprávy; delete: smaže je i ze záznamů",
    )),
];

/// The line of help for `name` (with or without its slash).
pub fn usage_of(name: &str) -> Option<&'static Usage> {
    let name = name.strip_prefix('/').unwrap_or(name);
    USAGES
        .iter()
        .find(|usage| usage.name.eq_ignore_ascii_case(name))
}

/// Understands one line. A line that begins with `//` is a message that begins with `/`.
///
/// # Errors
/// Why it is no command.
pub fn parse(line: &str) -> Result<Command<'_>, CommandError<'_>> {
    let Some(rest) = line.strip_prefix('/') else {
        return Ok(Command::Say(line));
    };
    if rest.starts_with('/') {
        return Ok(Command::Say(rest));
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let Some(usage) = usage_of(&rest[..end]) else {
        return Err(CommandError::Unknown(cut(&line[..=end], MAX_UNKNOWN_CHARS)));
    };
    arguments(usage.name, rest[end..].trim()).ok_or(CommandError::Usage(usage))
}

/// As much of an unknown command as is told back.
const MAX_UNKNOWN_CHARS: usize = 32;

fn cut(text: &str, chars: usize) -> &str {
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
            let (to, text) = name_and_rest(rest)?;
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
        "part" => Command::Part,
        "quit" => Command::Quit,
        _ => Command::Moderate(moderator_arguments(name, rest)?),
    })
}

fn moderator_arguments<'a>(name: &str, rest: &'a str) -> Option<Moderate<'a>> {
    let word = || (!rest.is_empty() && !rest.contains(char::is_whitespace)).then_some(rest);
    Some(match name {
        "kick" => {
            let (who, reason) = name_and_rest(rest)?;
            Moderate::Kick(who, reason)
        }
        "ban" => {
            let (who, rest) = name_and_rest(rest)?;
            let (minutes, reason) = minutes_and_rest(rest)?;
            Moderate::Ban(who, minutes, reason)
        }
        "unban" => Moderate::Unban(word()?),
        "bans" => rest.is_empty().then_some(Moderate::Bans)?,
        "mute" => {
            let (who, rest) = name_and_rest(rest)?;
            let (minutes, rest) = minutes_and_rest(rest)?;
            rest.is_empty().then_some(Moderate::Mute(who, minutes))?
        }
        "unmute" => Moderate::Unmute(word()?),
        "redact" => Moderate::Redact(word()?),
        "remove" => {
            let (who, rest) = name_and_rest(rest)?;
            let (minutes, rest) = minutes_and_rest(rest)?;
            rest.is_empty().then_some(Moderate::Remove(who, minutes))?
        }
        "op" => match name_and_rest(rest)? {
            (who, "") => Moderate::Op(who, Role::Moderator),
            (who, "owner") => Moderate::Op(who, Role::Owner),
            _ => return None,
        },
        "deop" => Moderate::Deop(word()?),
        "roles" => rest.is_empty().then_some(Moderate::Roles)?,
        "whois" => Moderate::Whois(word()?),
        "clear" => match rest {
            "" => Moderate::Clear { delete: false },
            "delete" => Moderate::Clear { delete: true },
            _ => return None,
        },
        _ => return None,
    })
}

fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| (&text[..end], text[end..].trim_start()))
}

/// A first word of digits is minutes; one that is 0 or too large is a mistake, not a reason.
fn minutes_and_rest(text: &str) -> Option<(Option<u32>, &str)> {
    match name_and_rest(text) {
        Some((word, rest)) if word.bytes().all(|byte| byte.is_ascii_digit()) => {
            let minutes = word
                .parse()
                .ok()
                .filter(|minutes| (1..=MAX_MINUTES).contains(minutes))?;
            Some((Some(minutes), rest))
        }
        _ => Some((None, text)),
    }
}

/// Ten years: longer than anything that is not for ever.
const MAX_MINUTES: u32 = 10 * 366 * 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_messages() {
        for text in ["hello", "", " /dice", "a/b", "bob: hi"] {
            assert_eq!(parse(text), Ok(Command::Say(text)));
        }
        assert_eq!(
            parse("//etc is a directory"),
            Ok(Command::Say("/etc is a directory"))
        );
    }

    #[test]
    fn arguments_are_told_apart() {
        assert_eq!(parse("/ME  waves "), Ok(Command::Me("waves")));
        assert_eq!(
            parse("/msg bob  two words"),
            Ok(Command::Msg("bob", "two words"))
        );
        assert_eq!(parse("/topic"), Ok(Command::Topic(None)));
        assert_eq!(parse("/history 5"), Ok(Command::History(Some(5))));
        assert_eq!(
            parse("/ban eve 10 spam, again"),
            Ok(Command::Moderate(Moderate::Ban(
                "eve",
                Some(10),
                "spam, again"
            )))
        );
        assert_eq!(
            parse("/ban eve spam"),
            Ok(Command::Moderate(Moderate::Ban("eve", None, "spam")))
        );
        assert_eq!(
            parse("/kick eve"),
            Ok(Command::Moderate(Moderate::Kick("eve", "")))
        );
        assert_eq!(
            parse("/mute eve 5"),
            Ok(Command::Moderate(Moderate::Mute("eve", Some(5))))
        );
    }

    #[test]
    fn what_is_no_command_says_why() {
        assert_eq!(parse("/x y"), Err(CommandError::Unknown("/x")));
        assert_eq!(parse("/"), Err(CommandError::Unknown("/")));
        assert_eq!(
            parse(&format!("/{}", "é".repeat(100))),
            Err(CommandError::Unknown(&format!("/{}", "é".repeat(31))))
        );
        for line in [
            "/me",
            "/dice",
            "/dice 1 2 3 4",
            "/roll",
            "/color",
            "/color a b",
            "/nick",
            "/msg bob",
            "/msg",
            "/who me",
            "/history 0",
            "/history x",
            "/ban",
            "/ban eve 0",
            "/ban eve 99999999999",
            "/redact",
            "/clear x",
            "/mute eve x",
        ] {
            assert!(matches!(parse(line), Err(CommandError::Usage(_))), "{line}");
        }
    }

    #[test]
    fn every_command_of_the_help_is_understood() {
        for usage in USAGES {
            let line = format!("/{} \u{1}", usage.name);
            let refusal = parse(&line).err();
            assert!(
                !matches!(refusal, Some(CommandError::Unknown(_))),
                "{}",
                usage.name
            );
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "/?[a-z]{0,8} ?\\PC{0,40}|\\PC{0,40}") {
            let _ = parse(&line);
        }

        #[test]
        fn a_message_is_never_changed(text in "[^/]\\PC{0,40}") {
            prop_assert_eq!(parse(&text), Ok(Command::Say(&text)));
        }
    }
}
