//! What a person typed: a message, or a `/command` with its arguments. Pure.

use crate::dice::{Roll, Throw};
use chat_store::moderation::{Order, Role, minutes_and_rest, word_and_rest};
use chat_store::record::RecordId;
use chat_store::state::MAX_SLOW;

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
}

/// What only moderators may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderate<'a> {
    /// `/kick WHO [REASON]`
    Kick(&'a str, &'a str),
    /// `/ban [*] WHO [TIME] [REASON]`; no time: until `/unban`
    Ban(Order<'a>),
    /// `/unban [*] WHO`
    Unban(Order<'a>),
    /// `/bans`
    Bans,
    /// `/mute [*] WHO [TIME] [REASON]`
    Mute(Order<'a>),
    /// `/unmute [*] WHO`
    Unmute(Order<'a>),
    /// `/redact ID`
    Redact(&'a str),
    /// `/remove WHO [TIME|ID]`: what they said within that time or since that message; all of it without
    Remove(&'a str, Since),
    /// `/slow [SECONDS]`: shown without
    Slow(Option<u32>),
    /// `/reports`
    Reports,
    /// `/resolve ID`
    Resolve(&'a str),
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

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// From the start.
    Ever,
    /// For so many minutes.
    Minutes(u32),
    /// This message, and what came after it.
    Id(RecordId),
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
    usage(
        "report",
        " ID|NAME [REASON]",
        "tells the moderators of a message or a person",
        "řekne moderátorům o zprávě nebo o člověku",
    ),
    usage(
        "edit",
        " TEXT",
        "writes your last message anew",
        "napíše vaši poslední zprávu znovu",
    ),
    usage(
        "delete",
        "",
        "takes your last message back",
        "stáhne vaši poslední zprávu",
    ),
    usage(
        "react",
        " EMOJI",
        "reacts to the last message of somebody else",
        "zareaguje na poslední zprávu někoho jiného",
    ),
    usage("pins", "", "shows what is pinned", "ukáže, co je připnuto"),
    usage(
        "pin",
        " ID",
        "pins a message; for moderators, in conversations for all",
        "připne zprávu; pro moderátory, v rozhovorech pro všechny",
    ),
    usage("unpin", " ID", "takes it off", "zase ji odepne"),
    usage(
        "query",
        " NAME",
        "opens the conversation with NAME, which is kept",
        "otevře rozhovor s NAME, který zůstane uložen",
    ),
    usage(
        "private",
        " [TITLE]",
        "makes a room for some only",
        "založí místnost jen pro někoho",
    ),
    usage(
        "invite",
        " [NAME | HOURS USES]",
        "lets NAME into this private room, or makes a link that lets people in",
        "pustí NAME do této soukromé místnosti, nebo vytvoří odkaz, který do ní pouští",
    ),
    usage(
        "uninvite",
        " NAME",
        "sends NAME away from this private room for good",
        "vykáže NAME z této soukromé místnosti nadobro",
    ),
    usage(
        "members",
        "",
        "shows who may be in this private room",
        "ukáže, kdo smí do této soukromé místnosti",
    ),
    usage(
        "password",
        " WORD|-",
        "sets a password that lets people into this private room; - takes it away",
        "nastaví heslo, které pouští do této soukromé místnosti; - ho zruší",
    ),
    usage(
        "rename",
        " TITLE",
        "gives this private room another title",
        "pojmenuje tuto soukromou místnost jinak",
    ),
    usage(
        "leave",
        "",
        "leaves this private room for good",
        "opustí tuto soukromou místnost nadobro",
    ),
    usage("part", "", "leaves the room", "opustí místnost"),
    usage("quit", "", "leaves the chat", "opustí chat"),
    moderators(usage(
        "kick",
        " WHO [REASON]",
        "sends somebody out",
        "vyhodí člověka",
    )),
    moderators(usage(
        "ban",
        " [*] WHO [TIME] [REASON]",
        "keeps somebody out, with * of every room; WHO: NAME, account:NAME, number:NUMBER or address:ADDRESS, TIME: 10m, 2h, 3d, 1w",
        "nepustí člověka dovnitř, s * nikam; WHO: NAME, account:NAME, number:NUMBER nebo address:ADDRESS, TIME: 10m, 2h, 3d, 1w",
    )),
    moderators(usage(
        "unban",
        " [*] WHO",
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
        " [*] WHO [TIME] [REASON]",
        "takes their voice",
        "vezme mu slovo",
    )),
    moderators(usage(
        "unmute",
        " [*] WHO",
        "gives it back",
        "vrátí mu slovo",
    )),
    moderators(usage(
        "redact",
        " ID",
        "takes a message back",
        "stáhne zprávu",
    )),
    moderators(usage(
        "remove",
        " WHO [TIME|ID]",
        "takes back all that somebody said, in the last TIME or since the message ID",
        "stáhne vše, co člověk řekl, za poslední TIME nebo od zprávy ID",
    )),
    moderators(usage(
        "slow",
        " [SECONDS]",
        "lets members say something each so many seconds; 0: as they like",
        "pustí členy ke slovu jednou za tolik sekund; 0: jak chtějí",
    )),
    moderators(usage(
        "reports",
        "",
        "shows what members reported",
        "ukáže, co členové nahlásili",
    )),
    moderators(usage(
        "resolve",
        " ID",
        "takes a report off the list",
        "vezme hlášení ze seznamu",
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
        "edit" => Command::Edit(some(rest)?),
        "delete" => nothing(Command::Delete)?,
        "react" => Command::React(word(rest)?),
        "pin" => Command::Pin(word(rest)?),
        "unpin" => Command::Unpin(word(rest)?),
        "pins" => nothing(Command::Pins)?,
        "part" => Command::Part,
        "quit" => Command::Quit,
        _ => Command::Moderate(moderator_arguments(name, rest)?),
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

fn moderator_arguments<'a>(name: &str, rest: &'a str) -> Option<Moderate<'a>> {
    let word = || (!rest.is_empty() && !rest.contains(char::is_whitespace)).then_some(rest);
    Some(match name {
        "kick" => {
            let (who, reason) = word_and_rest(rest)?;
            Moderate::Kick(who, reason)
        }
        "ban" => Moderate::Ban(Order::parse(rest)?),
        "unban" => Moderate::Unban(whom(rest)?),
        "bans" => rest.is_empty().then_some(Moderate::Bans)?,
        "mute" => Moderate::Mute(Order::parse(rest)?),
        "unmute" => Moderate::Unmute(whom(rest)?),
        "redact" => Moderate::Redact(word()?),
        "remove" => {
            let (who, rest) = word_and_rest(rest)?;
            Moderate::Remove(who, since(rest)?)
        }
        "slow" => match rest {
            "" => Moderate::Slow(None),
            seconds => Moderate::Slow(Some(seconds.parse().ok().filter(|&n| n <= MAX_SLOW)?)),
        },
        "reports" => rest.is_empty().then_some(Moderate::Reports)?,
        "resolve" => Moderate::Resolve(word()?),
        "op" => match word_and_rest(rest)? {
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

fn since(text: &str) -> Option<Since> {
    if let Some(id) = RecordId::parse(text.as_bytes()) {
        return Some(Since::Id(id));
    }
    match minutes_and_rest(text)? {
        (None, "") => Some(Since::Ever),
        (Some(minutes), "") => Some(Since::Minutes(minutes)),
        _ => None,
    }
}

/// `[*] WHO` and nothing more.
fn whom(text: &str) -> Option<Order<'_>> {
    Order::parse(text).filter(|order| order.minutes.is_none() && order.reason.is_empty())
}

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
    fn what_has_several_lines_is_said_and_not_done() {
        for text in [
            "/quit\nnow",
            "//a\n//b",
            "/etc\n/usr",
            "a\n/clear delete",
            "/\n",
        ] {
            assert_eq!(parse(text), Ok(Command::Say(text)));
        }
        assert_eq!(
            parse("/me waves\nand goes"),
            Ok(Command::Me("waves\nand goes"))
        );
        assert_eq!(
            parse("/msg bob one\ntwo"),
            Ok(Command::Msg("bob", "one\ntwo"))
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
            Ok(Command::Moderate(Moderate::Ban(Order {
                everywhere: false,
                who: "eve",
                minutes: Some(10),
                reason: "spam, again"
            })))
        );
        assert_eq!(
            parse("/kick eve"),
            Ok(Command::Moderate(Moderate::Kick("eve", "")))
        );
        assert_eq!(
            parse("/mute eve 5"),
            Ok(Command::Moderate(Moderate::Mute(Order {
                everywhere: false,
                who: "eve",
                minutes: Some(5),
                reason: ""
            })))
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
            "/unban eve x",
            "/unmute * eve 5",
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
