//! `[access]` and `[access ROOM]`: who may do what. Pure.
//!
//! A line is `right = whom, whom ...`, and the first of them that fits somebody says whether they may: one that begins
//! with `!` says that they may not. Whom none fits may not. A room's own line stands in place of the general one, and
//! without any line the settings that say similar things do (`ANONYMOUS`, roles of rooms): see [`Access::may`].

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

mod channels;

pub use channels::Channels;

use chat_store::accounts::{ADMINISTRATORS, Group};
use chat_store::moderation::Network;
use chat_store::name::{Key, Nick, RoomName};

/// Whom one line may name.
const MAX_ITEMS: usize = 100;
/// What a line may say, for who wrote another.
pub(super) const WHOM: &str = "all, account, group:NAME, account:NAME or network ADDRESS/BITS, each with ! before it for an exception, joined by commas";

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $room:literal;)*) => {
        /// Something that not everybody may.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether a room may have its own line about it.
            pub fn is_of_rooms(self) -> bool {
                match self { $(Self::$name => $room,)* }
            }
        }
    };
}

permissions! {
    /// To come into a room, and to read what was said in it.
    Enter = "enter", true;
    /// To make a room.
    CreateRoom = "create_room", false;
    /// To say something.
    Speak = "speak", true;
    /// To put a file into a room.
    Upload = "upload", true;
    /// To call somebody.
    Call = "call", true;
    /// To bring somebody into a private room.
    Invite = "invite", true;
    /// To moderate a room, besides those who own it or moderate it by a role.
    Moderate = "moderate", true;
    /// To say something to everybody.
    Announce = "announce", false;
    /// To say how one is shown: name, color, picture, status.
    Profile = "profile", false;
    /// To register, as far as REGISTER lets anybody.
    Register = "register", false;
    /// To administer the site: an administrator owns every room.
    Admin = "admin", false;
}

impl Permission {
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == text)
    }
}

/// Somebody who wants to do something.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Who they logged in as.
    pub account: Option<&'a str>,
    /// What that is part of.
    pub groups: &'a BTreeSet<Group>,
    /// Where they come from; empty: unknown.
    pub address: &'a str,
}

/// One of those whom a line names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    All,
    Account,
    Group(Group),
    Named(Key),
    Network(Network),
}

impl Subject {
    fn parse(text: &str) -> Option<Self> {
        let word = |name: &str| {
            let rest = text.strip_prefix(name)?;
            rest.strip_prefix([':', ' ']).map(str::trim)
        };
        match text {
            "all" => return Some(Self::All),
            "account" => return Some(Self::Account),
            _ => {}
        }
        if let Some(group) = word("group") {
            return Group::parse(group).map(Self::Group);
        }
        if let Some(name) = word("account") {
            return Nick::parse(name).ok().map(|name| Self::Named(name.key()));
        }
        Network::parse(word("network")?).map(Self::Network)
    }

    fn fits(&self, asker: &Asker<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Account => asker.account.is_some(),
            Self::Group(group) => asker.account.is_some() && asker.groups.contains(group),
            // As accounts are: whose name looks like it, is it.
            Self::Named(key) => asker.account.is_some_and(|name| Key::of(name) == *key),
            Self::Network(network) => {
                let address = asker.address.parse::<IpAddr>();
                address.is_ok_and(|address| network.contains(address))
            }
        }
    }
}

/// One of the list: whom, as written, and whether it is an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    text: String,
    except: bool,
    subject: Subject,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// `None`: of all rooms that have no line of their own.
    room: Option<RoomName>,
    permission: Permission,
    items: Vec<Item>,
    line: usize,
}

/// What decides about a right of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether they may.
    pub allowed: bool,
    /// The line of the file; 0: none says anything, and it is as without.
    pub line: usize,
    /// What decided: what fits them in that line, or the setting that holds without.
    pub by: String,
}

/// All lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    rules: Vec<Rule>,
    /// `ANONYMOUS=no`: for who has logged in.
    pub(super) for_accounts: bool,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessError(String);

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The room of a section's name; `None`: it is no section of rights.
pub fn section(name: &str) -> Option<Result<Option<RoomName>, AccessError>> {
    let rest = name.strip_prefix("access")?;
    if rest.is_empty() {
        return Some(Ok(None));
    }
    let room = rest.strip_prefix(' ')?.trim();
    Some(
        RoomName::parse(room)
            .map(Some)
            .map_err(|error| AccessError(format!("[{name}] names no room: {error}"))),
    )
}

impl Access {
    /// Adds a line of the file.
    ///
    /// # Errors
    /// What is wrong with it, and what is allowed.
    pub fn add(
        &mut self,
        room: Option<&RoomName>,
        (name, whom): (&str, &str),
        line: usize,
    ) -> Result<(), AccessError> {
        let names = || {
            let known = Permission::ALL.iter();
            let known = known.filter(|it| room.is_none() || it.is_of_rooms());
            known.map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
        };
        let permission = Permission::parse(name).ok_or_else(|| {
            AccessError(format!(
                "unknown right {name:?}; allowed rights: {}",
                names()
            ))
        })?;
        if room.is_some() && !permission.is_of_rooms() {
            let text = format!(
                "{name} is not a room's to give; allowed rights: {}",
                names()
            );
            return Err(AccessError(text));
        }
        let is_same = |rule: &Rule| rule.permission == permission && rule.room.as_ref() == room;
        if let Some(first) = self.rules.iter().find(|rule| is_same(rule)) {
            let text = format!(
                "{name} stands in line {} already; put both into one",
                first.line
            );
            return Err(AccessError(text));
        }
        let items: Option<Vec<_>> = whom.split(',').map(|text| item(text.trim())).collect();
        let items = items.filter(|items| items.len() <= MAX_ITEMS);
        let items = items.ok_or_else(|| {
            AccessError(format!("{name}={whom:?} is not allowed; allowed: {WHOM}"))
        })?;
        self.rules.push(Rule {
            room: room.cloned(),
            permission,
            items,
            line,
        });
        Ok(())
    }

    /// Whether somebody may do something, in a room or at all, and what says so.
    pub fn may(&self, what: Permission, room: Option<&RoomName>, asker: &Asker<'_>) -> Answer {
        let key = room.map(RoomName::key);
        let of_room =
            |rule: &&Rule| rule.room.as_ref().map(RoomName::key) == key && rule.permission == what;
        let general = |rule: &&Rule| rule.room.is_none() && rule.permission == what;
        let rules = &self.rules;
        let rule = rules
            .iter()
            .find(of_room)
            .or_else(|| rules.iter().find(general));
        let Some(rule) = rule else {
            return self.without(what, asker);
        };
        let item = rule.items.iter().find(|item| item.subject.fits(asker));
        Answer {
            allowed: item.is_some_and(|item| !item.except),
            line: rule.line,
            by: item.map_or_else(|| "nothing fits".to_owned(), |item| item.text.clone()),
        }
    }

    /// As it is without a line.
    fn without(&self, what: Permission, asker: &Asker<'_>) -> Answer {
        let answer = |allowed, by: &str| Answer {
            allowed,
            line: 0,
            by: by.to_owned(),
        };
        match what {
            Permission::Enter if self.for_accounts => {
                answer(asker.account.is_some(), "ANONYMOUS=no")
            }
            Permission::Admin => {
                let is_one = Subject::Group(Group::administrators()).fits(asker);
                answer(is_one, &format!("group:{ADMINISTRATORS}"))
            }
            // Who owns the site may both. An address alone administers nothing.
            Permission::Announce | Permission::Moderate => {
                let admin = self.may(Permission::Admin, None, asker);
                answer(admin.allowed && asker.account.is_some(), "admin")
            }
            _ => answer(true, "all"),
        }
    }
}

fn item(text: &str) -> Option<Item> {
    let (except, whom) = text
        .strip_prefix('!')
        .map_or((false, text), |whom| (true, whom.trim()));
    Some(Item {
        text: text.to_owned(),
        except,
        subject: Subject::parse(whom)?,
    })
}

#[cfg(test)]
mod tests;
