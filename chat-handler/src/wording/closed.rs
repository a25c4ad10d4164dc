//! The lines about rooms for some only. Pure.

use std::fmt::{self, Formatter};

/// A line about a room for some only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed<'a> {
    /// Who may be in the closed room from now on.
    Admitted(&'a str),
    /// Who may not any more.
    Dismissed(&'a str),
    /// They are not in its list any more.
    LeftForGood,
    /// Its new title.
    Titled(&'a str),
    /// The room is for everybody.
    NotPrivate,
    /// It is for some only already.
    IsPrivate,
    /// The administrator's rooms stay open.
    StaysOpen,
    /// No room can be called so.
    NoName,
    /// Somebody made it private.
    MadePrivate,
    /// Somebody made it open.
    MadeOpen,
    /// It is private now, and they come in again by the same name, if it is for them.
    Moved,
    /// A room has an address of its own.
    RoomIsAt(&'a str),
    /// Nobody of this name is in the room's list.
    NoMember(&'a str),
    /// Nobody of this name is known, or more than one.
    NobodyCalled(&'a str),
    /// Somebody accepts no conversation from you: their name.
    NotAccepted(&'a str),
    /// The address of a new room for some only.
    Opened(&'a str),
    /// Said to somebody who is away: their name, and where.
    KeptFor(&'a str, &'a str),
    /// A link is good for so many hours and people at most.
    BadLink(u32, u32),
    /// What a link of invitation holds, until when, for how many.
    Link(&'a str, &'a str, u32),
    /// A room for some only: its title, and its people.
    ForSome(&'a str, &'a str),
    /// You are in the room's list no more.
    YouDismissed,
    /// There is no such room, or not for you.
    NoSuchRoom,
    /// The room has a password.
    PasswordNeeded,
    /// It is another one.
    WrongPassword,
    /// Too many were tried.
    TooManyTries,
}

pub(super) fn english(line: Closed<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Closed::NotAccepted(name) => write!(f, "{name} accepts no conversation from you"),
        Closed::Admitted(who) => write!(f, "Let {who} in"),
        Closed::Dismissed(who) => write!(f, "Sent {who} away for good"),
        Closed::LeftForGood => f.write_str("Left for good"),
        Closed::Titled(title) => write!(f, "Called the room {title}"),
        Closed::NotPrivate => f.write_str("this room is for everybody"),
        Closed::IsPrivate => f.write_str("this room is private already"),
        Closed::StaysOpen => f.write_str("this room is the administrator's, it stays open"),
        Closed::NoName => f.write_str("no room can be called so"),
        Closed::MadePrivate => f.write_str("Made this room private, for those who are in it"),
        Closed::MadeOpen => f.write_str("Opened this room for everybody"),
        Closed::Moved => f.write_str("this room has moved, come in again"),
        Closed::RoomIsAt(room) => {
            write!(f, "a connection of one room comes to {room} by its address")
        }
        Closed::NoMember(name) => write!(f, "{name} is not a member of this room"),
        Closed::NobodyCalled(name) => write!(f, "nobody is known as {name}, or more than one"),
        Closed::Opened(room) => write!(f, "the private room {room} is yours"),
        Closed::KeptFor(name, room) => {
            write!(f, "{name} is not here; it is kept for them in {room}")
        }
        Closed::BadLink(hours, uses) => {
            write!(
                f,
                "a link is good for 1 to {hours} hours and 1 to {uses} people"
            )
        }
        Closed::Link(token, until, uses) => {
            write!(
                f,
                "the link ends in invitation={token}, for {uses} until {until}"
            )
        }
        Closed::ForSome("", people) => write!(f, "private, for {people}"),
        Closed::ForSome(title, people) => write!(f, "private, {title}, for {people}"),
        Closed::YouDismissed => f.write_str("you are not a member of this room any more"),
        Closed::NoSuchRoom => f.write_str("there is no such room, or it is not for you"),
        Closed::PasswordNeeded => f.write_str("this room has a password"),
        Closed::WrongPassword => f.write_str("that is not the password"),
        Closed::TooManyTries => f.write_str("too many passwords were tried, try again later"),
    }
}

pub(super) fn czech(line: Closed<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Closed::NotAccepted(name) => write!(f, "{name} od vás rozhovory nepřijímá"),
        Closed::Admitted(who) => write!(f, "{who} smí dovnitř"),
        Closed::Dismissed(who) => write!(f, "{who} už nesmí dovnitř"),
        Closed::LeftForGood => f.write_str("Odchází nadobro"),
        Closed::Titled(title) => write!(f, "Místnost se jmenuje {title}"),
        Closed::NotPrivate => f.write_str("tato místnost je pro všechny"),
        Closed::IsPrivate => f.write_str("tato místnost už soukromá je"),
        Closed::StaysOpen => f.write_str("tato místnost patří správci a zůstane otevřená"),
        Closed::NoName => f.write_str("tak se místnost jmenovat nemůže"),
        Closed::MadePrivate => f.write_str("Místnost je od teď jen pro ty, kdo v ní jsou"),
        Closed::MadeOpen => f.write_str("Místnost je od teď pro všechny"),
        Closed::Moved => f.write_str("místnost se přestěhovala, vstupte znovu"),
        Closed::RoomIsAt(room) => {
            write!(
                f,
                "spojení jedné místnosti se do {room} dostane její adresou"
            )
        }
        Closed::NoMember(name) => write!(f, "{name} není členem této místnosti"),
        Closed::NobodyCalled(name) => write!(f, "{name}: nikdo takový není, nebo je jich víc"),
        Closed::Opened(room) => write!(f, "soukromá místnost {room} je vaše"),
        Closed::KeptFor(name, room) => write!(f, "{name} tu není; zpráva čeká v {room}"),
        Closed::BadLink(hours, uses) => {
            write!(f, "odkaz platí 1 až {hours} hodin pro 1 až {uses} lidí")
        }
        Closed::Link(token, until, uses) => {
            write!(
                f,
                "odkaz končí na invitation={token}, pro {uses} do {until}"
            )
        }
        Closed::ForSome("", people) => write!(f, "soukromé, pro {people}"),
        Closed::ForSome(title, people) => write!(f, "soukromé, {title}, pro {people}"),
        Closed::YouDismissed => f.write_str("už nejste členem této místnosti"),
        Closed::NoSuchRoom => f.write_str("taková místnost není, nebo není pro vás"),
        Closed::PasswordNeeded => f.write_str("tato místnost má heslo"),
        Closed::WrongPassword => f.write_str("to není to heslo"),
        Closed::TooManyTries => f.write_str("příliš mnoho pokusů o heslo, zkuste to později"),
    }
}
