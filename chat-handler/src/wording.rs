//! The server's own lines, in the languages of `LANG`. Pure.
//!
//! `Welcome to the chat room` and `Userlist` are the same in every language: the old pages look
//! for these words.

use std::fmt::{self, Display, Formatter};

use crate::command::Usage;
use crate::settings::Lang;

mod closed;
mod ending;
mod messages;
mod moderation;
mod own;
mod token;

pub use closed::Closed;
pub use own::Own;
pub use token::Token;

/// A line of the server's own, without time and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// NAME, ROOM
    Joined(&'a str, &'a str),
    /// NAME, ROOM
    Quit(&'a str, &'a str),
    /// The new color.
    ChangedColor(&'a str),
    /// The new name.
    ChangedName(&'a str),
    /// The new topic.
    ChangedTopic(&'a str),
    /// The topic is taken away.
    NoMoreTopic,
    /// The room's topic, for one who asks; empty: there is none.
    Topic(&'a str),
    /// Who, reason.
    Kicked(&'a str, &'a str),
    /// Who, reason.
    Banned(&'a str, &'a str),
    /// A message was taken back.
    Redacted,
    /// All messages were taken back.
    Cleared,
    /// The word with its slash.
    UnknownCommand(&'a str),
    /// A command written otherwise.
    Usage(&'static Usage),
    /// One line of `/help`.
    Help(&'static Usage),
    /// About a command of the site's own.
    Own(Own<'a>),
    /// The name.
    NoSuchUser(&'a str),
    /// What is wrong with it.
    BadName(&'a str),
    /// What was given.
    BadColor(&'a str),
    /// More characters than this.
    TooLong(usize),
    /// Nothing in it.
    Empty,
    /// A program of the site refuses it; its reason.
    Refused(&'a str),
    /// The site's program cannot be asked.
    Unasked,
    /// Too fast; nothing is lost.
    Throttled,
    /// A file of a message is not there any more.
    FileGone,
    /// The reason.
    NotSaved(&'a str),
    /// The room's log cannot be read; the reason.
    NotRead(&'a str),
    /// Your name, which is an account's.
    NameOfAccount(&'a str),
    /// For moderators only.
    NotModerator,
    /// For owners only.
    NotOwner,
    /// For those who moderate all rooms only.
    NotEverywhere,
    /// A moderator against another.
    NotBelow,
    /// The name of a guest, who has no account.
    NoAccount(&'a str),
    /// What somebody is, and their account.
    Role(&'a str, &'a str),
    /// Who somebody is.
    Whois {
        /// Their name.
        who: &'a str,
        /// Who they logged in as.
        account: Option<&'a str>,
        /// Their number.
        person: Option<&'a str>,
        /// Where they come from, if they are here.
        address: Option<&'a str>,
        /// What they are.
        role: &'a str,
    },
    /// Before the new text of a message.
    Edited,
    /// Somebody pinned a message.
    Pinned,
    /// Somebody took one off.
    Unpinned,
    /// One of a list: its id, whose it is, how it begins.
    PinnedMessage(&'a str, &'a str, &'a str),
    /// Nothing is pinned.
    NoPins,
    /// The message is somebody else's.
    NotYours,
    /// The message is too old to be changed.
    TooLate,
    /// No channel can be called so.
    BadChannel,
    /// Of a token.
    Token(Token),
    /// As many as there may be.
    TooMany(usize),
    /// Reactions beyond the limit were refused.
    TooManyReactions,
    /// You are muted.
    Muted,
    /// You may speak again.
    Unmuted,
    /// Somebody was muted, unmuted, unbanned.
    Done,
    /// Something was said in so many rooms.
    Announced(usize),
    /// There is nothing of that id, name ...
    NotFound,
    /// The receiver's inbox is full or cannot be written; the reason.
    Undelivered(&'a str),
    /// Signals beyond the limit were refused.
    TooManySignals,
    /// Names with commas, or nobody.
    Ignoring(&'a str),
    /// Names with commas.
    Here(&'a str),
    /// One room: name, people.
    Room(&'a str, usize),
    /// Nobody is anywhere.
    NoRooms,
    /// One ban or mute of a list.
    Ban {
        /// `ban`, `mute`.
        measure: &'a str,
        /// It holds in every room.
        everywhere: bool,
        /// Against whom, as it is written to lift it.
        who: &'a str,
        /// And against this account.
        account: Option<&'a str>,
        /// And against who comes from there.
        address: Option<&'a str>,
        /// The end; `None`: for ever.
        until: Option<&'a str>,
        /// Whose it is.
        by: &'a str,
        /// Maybe empty.
        reason: &'a str,
    },
    /// Nobody is banned.
    NoBans,
    /// Seconds until they may speak again.
    Wait(u64),
    /// Seconds between two messages; 0: the room is not slow.
    Slow(u32),
    /// The same, as somebody has just set it.
    SlowNow(&'a str),
    /// Who reports, whom, why.
    Reported(&'a str, &'a str, &'a str),
    /// One report of a list.
    Report {
        /// By which it is resolved.
        id: &'a str,
        /// Who reports.
        by: &'a str,
        /// Whom.
        about: &'a str,
        /// Their account.
        account: Option<&'a str>,
        /// The message.
        message: Option<&'a str>,
        /// Maybe empty.
        reason: &'a str,
    },
    /// Nobody reported anything.
    NoReports,
    /// You cannot do this to yourself.
    Yourself,
    /// The message is no request; what is wrong.
    NotUnderstood(&'a str),
    /// The type.
    UnknownType(&'a str),
    /// The room.
    NotInRoom(&'a str),
    /// As many rooms as one connection can have.
    RoomsAtOnce(&'a str),
    /// You were sent out: reason.
    YouKicked(&'a str),
    /// You are banned: reason.
    YouBanned(&'a str),
    /// Their client has come back on another connection.
    Replaced,
    /// The server stops.
    ShuttingDown,
    /// Other machines of the site take them.
    Draining,
    /// Their log-in is over.
    LoggedOut,
    /// What they may not, as `[access]` calls it.
    NotAllowed(&'a str),
    /// You asked for it.
    Goodbye,
    /// The room is full.
    RoomFull,
    /// There are too many rooms.
    TooManyRooms,
    /// You made too many rooms.
    TooManyNewRooms,
    /// Too many connections of this person.
    TooManyConnections,
    /// A log-in is needed.
    AnonymousRefused,
    /// What is wrong with the room's name.
    BadRoom(&'a str),
    /// About rooms for some only.
    Closed(Closed<'a>),
    /// Somebody's own words: an administrator's notice.
    Said(&'a str),
    /// The chat cannot work; the reason.
    OutOfOrder(&'a str),
}

/// A [`Line`] in a language.
#[derive(Clone, Copy, Debug)]
pub struct Worded<'a>(pub Lang, pub Line<'a>);

impl Display for Worded<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Lang::En => english(self.1, f),
            Lang::Cs => czech(self.1, f),
        }
    }
}

/// `: reason`, or nothing.
struct Because<'a>(&'a str);

impl Display for Because<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.0)
        }
    }
}

fn english(line: Line<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Line::Joined(name, room) => write!(f, "{name} joined the {room}"),
        Line::Quit(name, room) => write!(f, "{name} quit the {room}"),
        Line::ChangedColor(color) => write!(f, "Changed color to {color}"),
        Line::ChangedName(name) => write!(f, "Changed name to {name}"),
        Line::ChangedTopic(topic) => write!(f, "Changed topic to {topic}"),
        Line::NoMoreTopic => f.write_str("Took the topic away"),
        Line::Topic("") => f.write_str("there is no topic"),
        Line::Topic(topic) => write!(f, "topic: {topic}"),
        Line::Kicked(who, reason) => write!(f, "Sent {who} out{}", Because(reason)),
        Line::Banned(who, reason) => write!(f, "Banned {who}{}", Because(reason)),
        Line::Redacted => f.write_str("Took a message back"),
        Line::Cleared => f.write_str("Took all messages back"),
        Line::UnknownCommand(word) => write!(f, "unknown command {word}"),
        Line::Usage(usage) => write!(f, "usage: /{}{}", usage.name, usage.arguments),
        Line::Help(usage) => write!(f, "/{}{} - {}", usage.name, usage.arguments, usage.en),
        Line::Own(own) => own.write(Lang::En, f),
        Line::NoSuchUser(name) => write!(f, "{name} is not here"),
        Line::BadName(reason) | Line::BadRoom(reason) | Line::NotSaved(reason) => {
            f.write_str(reason)
        }
        Line::Closed(line) => closed::english(line, f),
        Line::Token(line) => f.write_str(line.english()),
        Line::Refused("") => f.write_str("this is not let through here"),
        Line::Said(words) | Line::Refused(words) => f.write_str(words),
        Line::BadColor(color) => {
            write!(
                f,
                "{color} is not a color, use #rrggbb or a name like darkgreen"
            )
        }
        Line::TooLong(most) => write!(f, "too long, at most {most} characters"),
        Line::Empty => f.write_str("there is nothing in it"),
        Line::Throttled => {
            f.write_str("you are too fast; nothing is lost, but it is taken more slowly")
        }
        Line::NotRead(reason) => write!(f, "the room cannot be read just now ({reason})"),
        Line::NameOfAccount(name) => {
            write!(f, "the name {name} is an account's, whose owner has come")
        }
        Line::NotModerator => f.write_str("only moderators may do this"),
        Line::NotOwner => f.write_str("only the room's owners may do this"),
        Line::NotEverywhere => f.write_str("only who moderates all rooms may do this in all"),
        Line::NotBelow => f.write_str("only those above may do this to a moderator"),
        Line::NoAccount(name) => write!(f, "{name} is not logged in"),
        Line::Role(role, account) => write!(f, "{role}: {account}"),
        Line::FileGone => f.write_str("a file is not there any more, choose it again"),
        Line::Unasked => f.write_str("this cannot be checked just now, try again later"),
        Line::Muted => f.write_str("you may not speak in this room just now"),
        Line::Unmuted => f.write_str("you may speak again"),
        Line::Done => f.write_str("done"),
        Line::Announced(rooms) => write!(f, "said in {rooms} rooms"),
        Line::NotFound => f.write_str("there is no such thing"),
        Line::TooManySignals => f.write_str("too many signals at once, some were not sent"),
        Line::Undelivered(reason) => write!(f, "NOT delivered, try again later ({reason})"),
        Line::Ignoring("") => f.write_str("you ignore nobody"),
        Line::Ignoring(names) => write!(f, "you ignore: {names}"),
        Line::Here(names) => write!(f, "here: {names}"),
        Line::Room(name, people) => write!(f, "{name} ({people})"),
        Line::NoRooms => f.write_str("nobody is in any room"),
        Line::Ban { .. }
        | Line::NoBans
        | Line::Wait(_)
        | Line::Slow(_)
        | Line::SlowNow(_)
        | Line::Reported(..)
        | Line::Report { .. }
        | Line::NoReports
        | Line::Whois { .. } => moderation::english(line, f),
        Line::Edited
        | Line::Pinned
        | Line::Unpinned
        | Line::PinnedMessage(..)
        | Line::NoPins
        | Line::NotYours
        | Line::TooLate
        | Line::TooMany(_)
        | Line::BadChannel
        | Line::TooManyReactions => messages::english(line, f),
        Line::Yourself => f.write_str("not to yourself"),
        Line::NotUnderstood(reason) => write!(f, "not understood: {reason}"),
        Line::UnknownType(kind) => write!(f, "unknown type {kind}"),
        Line::NotInRoom(room) => write!(f, "you are not in {room}"),
        Line::RoomsAtOnce(count) => write!(f, "you are in {count} rooms, leave one first"),
        Line::YouKicked(reason) => write!(f, "you were sent out{}", Because(reason)),
        Line::YouBanned(reason) => write!(f, "you are banned{}", Because(reason)),
        Line::Replaced => f.write_str("you are here on another connection"),
        Line::ShuttingDown | Line::Draining | Line::LoggedOut => f.write_str(ending::english(line)),
        Line::NotAllowed(right) => write!(f, "you may not do this here ({right})"),
        Line::Goodbye => f.write_str("goodbye"),
        Line::RoomFull => f.write_str("the room is full"),
        Line::TooManyNewRooms => {
            f.write_str("you made many rooms just now, choose one that exists or try again later")
        }
        Line::TooManyRooms => f.write_str("there are too many rooms, choose one that exists"),
        Line::TooManyConnections => f.write_str("you have too many connections, close one"),
        Line::AnonymousRefused => f.write_str("log in first"),
        Line::OutOfOrder(reason) => write!(f, "the chat is out of order ({reason})"),
    }
}

fn czech(line: Line<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Line::Joined(name, room) => write!(f, "{name} přichází do {room}"),
        Line::Quit(name, room) => write!(f, "{name} odchází z {room}"),
        Line::ChangedColor(color) => write!(f, "Nová barva je {color}"),
        Line::ChangedName(name) => write!(f, "Nové jméno je {name}"),
        Line::ChangedTopic(topic) => write!(f, "Nové téma je {topic}"),
        Line::NoMoreTopic => f.write_str("Téma je zrušeno"),
        Line::Topic("") => f.write_str("žádné téma"),
        Line::Topic(topic) => write!(f, "téma: {topic}"),
        Line::Kicked(who, reason) => write!(f, "{who} letí ven{}", Because(reason)),
        Line::Banned(who, reason) => write!(f, "{who} už nesmí dovnitř{}", Because(reason)),
        Line::Redacted => f.write_str("Zpráva je stažena"),
        Line::Cleared => f.write_str("Všechny zprávy jsou staženy"),
        Line::UnknownCommand(word) => write!(f, "neznámý příkaz {word}"),
        Line::Usage(usage) => write!(f, "použití: /{}{}", usage.name, usage.arguments),
        Line::Help(usage) => write!(f, "/{}{} - {}", usage.name, usage.arguments, usage.cs),
        Line::Own(own) => own.write(Lang::Cs, f),
        Line::NoSuchUser(name) => write!(f, "{name} tu není"),
        Line::BadName(reason) => write!(f, "takové jméno nejde ({reason})"),
        Line::BadRoom(reason) => write!(f, "taková místnost nejde ({reason})"),
        Line::BadColor(color) => {
            write!(
                f,
                "{color} není barva, použijte #rrggbb nebo jméno jako darkgreen"
            )
        }
        Line::TooLong(most) => write!(f, "příliš dlouhé, nejvýš {most} znaků"),
        Line::Empty => f.write_str("nic v tom není"),
        Line::Throttled => f.write_str("příliš rychle; nic se neztratí, jen se to bere pomaleji"),
        Line::NotSaved(reason) => write!(f, "NEULOŽENO, zkuste to později ({reason})"),
        Line::NotRead(reason) => write!(f, "místnost teď nejde číst ({reason})"),
        Line::NameOfAccount(name) => write!(f, "jméno {name} patří účtu, jehož majitel právě přišel"),
        Line::NotModerator => f.write_str("to smějí jen moderátoři"),
        Line::NotOwner => f.write_str("to smějí jen majitelé místnosti"),
        Line::NotEverywhere => f.write_str("ve všech místnostech to smí jen ten, kdo je všechny moderuje"),
        Line::NotBelow => f.write_str("moderátorovi to smějí udělat jen ti nad ním"),
        Line::NoAccount(name) => write!(f, "{name} není přihlášen"),
        Line::Role(role, account) => write!(f, "{role}: {account}"),
        Line::FileGone => f.write_str("soubor už tu není, vyberte ho znovu"),
        Line::Unasked => f.write_str("teď se to nedá ověřit, zkuste to později"),
        Line::Muted => f.write_str("teď v této místnosti nesmíte mluvit"),
        Line::Unmuted => f.write_str("zase smíte mluvit"),
        Line::Done => f.write_str("hotovo"),
        Line::Announced(rooms) => write!(f, "řečeno v {rooms} místnostech"),
        Line::NotFound => f.write_str("nic takového není"),
        Line::TooManySignals => f.write_str("příliš mnoho signálů najednou, některé se neposlaly"),
        Line::Undelivered(reason) => write!(f, "NEDORUČENO, zkuste to později ({reason})"),
        Line::Ignoring("") => f.write_str("neignorujete nikoho"),
        Line::Ignoring(names) => write!(f, "ignorujete: {names}"),
        Line::Here(names) => write!(f, "jsou tu: {names}"),
        Line::Room(name, people) => write!(f, "{name} ({people})"),
        Line::NoRooms => f.write_str("nikde nikdo není"),
        Line::Ban { .. }
        | Line::NoBans
        | Line::Wait(_)
        | Line::Slow(_)
        | Line::SlowNow(_)
        | Line::Reported(..)
        | Line::Report { .. }
        | Line::NoReports
        | Line::Whois { .. } => moderation::czech(line, f),
        Line::Edited
        | Line::Pinned
        | Line::Unpinned
        | Line::PinnedMessage(..)
        | Line::NoPins
        | Line::NotYours
        | Line::TooLate
        | Line::TooMany(_)
        | Line::BadChannel
        | Line::TooManyReactions => messages::czech(line, f),
        Line::Yourself => f.write_str("sobě ne"),
        Line::NotUnderstood(reason) => write!(f, "tomu nerozumím: {reason}"),
        Line::UnknownType(kind) => write!(f, "neznámý typ {kind}"),
        Line::NotInRoom(room) => write!(f, "v místnosti {room} nejste"),
        Line::RoomsAtOnce(count) => write!(f, "jste v {count} místnostech, nejdřív některou opusťte"),
        Line::YouKicked(reason) => write!(f, "letíte ven{}", Because(reason)),
        Line::YouBanned(reason) => write!(f, "nesmíte dovnitř{}", Because(reason)),
        Line::Replaced => f.write_str("jste tu na jiném spojení"),
        Line::ShuttingDown | Line::Draining | Line::LoggedOut => f.write_str(ending::czech(line)),
        Line::NotAllowed(right) => write!(f, "tohle tady nesmíte ({right})"),
        Line::Goodbye => f.write_str("na shledanou"),
        Line::RoomFull => f.write_str("místnost je plná"),
        Line::TooManyNewRooms => f.write_str(
            "právě jste založili mnoho místností, vyberte si některou z nich nebo to zkuste později",
        ),
        Line::TooManyRooms => f.write_str("místností je už moc, vyberte si některou z nich"),
        Line::TooManyConnections => f.write_str("máte už moc spojení, některé zavřete"),
        Line::AnonymousRefused => f.write_str("nejdřív se přihlaste"),
        Line::Closed(line) => closed::czech(line, f),
        Line::Token(line) => f.write_str(line.czech()),
        Line::Refused("") => f.write_str("to tady neprojde"),
        Line::Said(words) | Line::Refused(words) => f.write_str(words),
        Line::OutOfOrder(reason) => write!(f, "chat je mimo provoz ({reason})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_lines_are_kept() {
        let en = |line| Worded(Lang::En, line).to_string();
        assert_eq!(en(Line::Joined("alice", "lobby")), "alice joined the lobby");
        assert_eq!(en(Line::Quit("alice", "lobby")), "alice quit the lobby");
        assert_eq!(
            en(Line::ChangedColor("#aa0000")),
            "Changed color to #aa0000"
        );
        assert_eq!(en(Line::UnknownCommand("/x")), "unknown command /x");
    }

    #[test]
    fn a_reason_is_told_if_there_is_one() {
        assert_eq!(
            Worded(Lang::En, Line::YouBanned("")).to_string(),
            "you are banned"
        );
        assert_eq!(
            Worded(Lang::Cs, Line::YouBanned("spam")).to_string(),
            "nesmíte dovnitř: spam"
        );
    }
}
