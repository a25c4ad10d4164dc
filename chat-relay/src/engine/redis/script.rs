//! What the engine does in one step each, and what it answers.

use std::time::Duration;

use chat_store::record::RecordId;
use redis::Cmd;

use super::link::Link;
use super::trouble::{Result, Trouble};

/// The scripts, in the order in which a [`Link`] has them.
pub const ALL: [&str; 3] = [
    include_str!("script/append.lua"),
    include_str!("script/lease.lua"),
    include_str!("script/reap.lua"),
];

/// The keys of a site's engine. All have the site in braces: one engine may serve many sites, each by a user who may
/// touch no other's.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// Those of `site`.
    pub fn new(site: &str) -> Self {
        Self {
            prefix: format!("{{{site}}}:"),
        }
    }

    /// One of them.
    pub fn key(&self, what: &str) -> String {
        format!("{}{what}", self.prefix)
    }

    /// The stream of all entries.
    pub fn stream(&self) -> String {
        self.key("s")
    }

    /// What is known of machines.
    pub fn head(&self) -> String {
        self.key("h")
    }

    /// Who is a member of which room, held by which machines.
    pub fn members(&self) -> String {
        self.key("m")
    }
}

/// Which machine asks.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `NODE` of chat.ini.
    pub name: String,
    /// `NAME~RANDOM`: what it is called in records.
    pub incarnation: String,
    /// That, and what tells a copy of its files from them.
    pub lease: String,
    /// The lease of what it was before, which it ends; empty: none.
    pub former: String,
}

/// Something to be put in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Its number at its machine; zero: it has none.
    pub number: RecordId,
    /// It was taken before, and the engine has forgotten it.
    pub again: bool,
    /// The id that it has in this machine's log then; zero: none.
    pub at: RecordId,
    /// It is no record.
    pub quiet: bool,
    /// The room.
    pub room: String,
    /// The kind's word.
    pub kind: String,
    /// Whose it is.
    pub from: String,
    /// Attributes as they are written.
    pub attrs: String,
    /// The text.
    pub text: String,
    /// Whose `msgid` it is, and that; empty: none.
    pub scope: String,
    /// The member who does it; empty: it doesn't matter who is a member.
    pub person: String,
    /// What their name looks like.
    pub key: String,
    /// The most members of the room; zero: any.
    pub limit: u32,
}

/// What the engine says to an [`Offer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the stream, under this id.
    Ok(RecordId),
    /// The person is a member already, by another machine, since the record with this id.
    Held(RecordId),
    /// The person is still a member, by another machine.
    Left(RecordId),
    /// It was taken before.
    Seen,
    /// The sender's message with this `msgid` is there already, under this id.
    Dup(RecordId),
    /// The name is another person's.
    Taken,
    /// The room is full.
    Full,
    /// This machine does not hold such a member.
    NotMember,
    /// The sign of life is in the stream, and the machine had been taken for dead.
    Reaped(RecordId),
}

impl Verdict {
    fn parse(text: &str) -> Option<Self> {
        let (word, id) = match text.split_once(' ') {
            Some((word, digits)) => (word, Some(RecordId::from_micros(digits.parse().ok()?))),
            None => (text, None),
        };
        match (word, id) {
            ("ok", Some(id)) => Some(Self::Ok(id)),
            ("held", Some(id)) => Some(Self::Held(id)),
            ("left", Some(id)) => Some(Self::Left(id)),
            ("dup", Some(id)) => Some(Self::Dup(id)),
            ("reaped", Some(id)) => Some(Self::Reaped(id)),
            ("seen", None) => Some(Self::Seen),
            ("taken", None) => Some(Self::Taken),
            ("full", None) => Some(Self::Full),
            ("nomember", None) => Some(Self::NotMember),
            _ => None,
        }
    }
}

/// What a lease says of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leased {
    /// The last entry's id; zero: the engine is empty.
    pub last: RecordId,
    /// From where on the stream is complete.
    pub since: RecordId,
}

/// Offers a batch, of the machine `node`: this one, or one that cannot do it any more. All of it is judged, or with an
/// error none.
///
/// # Errors
/// As [`Link::ask`].
pub fn append(
    link: &mut Link,
    keys: &Keys,
    (machine, node): (&Machine, &str),
    (floor, keep): (RecordId, Duration),
    batch: &[Offer],
) -> Result<Vec<Verdict>> {
    let mut call = call(link, 0, keys, &["s", "h", "m", "k", "n"]);
    call.arg(&keys.prefix)
        .arg(node)
        .arg(&machine.name)
        .arg(&machine.lease);
    call.arg(floor.as_micros()).arg(micros(keep));
    for offer in batch {
        call.arg(offer.number.as_micros());
        call.arg(u8::from(offer.again)).arg(u8::from(offer.quiet));
        for text in [
            &offer.room,
            &offer.kind,
            &offer.from,
            &offer.attrs,
            &offer.text,
            &offer.scope,
            &offer.person,
            &offer.key,
        ] {
            call.arg(text);
        }
        call.arg(offer.limit).arg(offer.at.as_micros());
    }
    let verdicts: Vec<String> = link.ask(&call)?;
    let verdicts: Option<Vec<_>> = verdicts.iter().map(|text| Verdict::parse(text)).collect();
    match verdicts {
        Some(verdicts) if verdicts.len() == batch.len() => Ok(verdicts),
        _ => Err(Trouble::odd("append")),
    }
}

/// Takes the machine's name. An engine that is empty is known as incomplete up to `before`.
///
/// # Errors
/// [`Trouble::Name`] if another machine has it, who was heard of less than `limit` ago.
pub fn lease(
    link: &mut Link,
    keys: &Keys,
    machine: &Machine,
    limit: Duration,
    before: RecordId,
) -> Result<Leased> {
    let mut call = call(link, 1, keys, &["h"]);
    call.arg(&machine.name)
        .arg(&machine.incarnation)
        .arg(&machine.lease);
    call.arg(micros(limit)).arg(before.as_micros());
    call.arg(&machine.former);
    let (who, last, since): (String, u64, u64) = link.ask(&call)?;
    if who != "1" {
        return Err(Trouble::Name(who));
    }
    Ok(Leased {
        last: RecordId::from_micros(last),
        since: RecordId::from_micros(since),
    })
}

/// Lets the people of machines go that were not heard of for `limit`; gives these.
///
/// # Errors
/// As [`Link::ask`].
pub fn reap(
    link: &mut Link,
    keys: &Keys,
    limit: Duration,
    (floor, keep): (RecordId, Duration),
) -> Result<Vec<String>> {
    let mut call = call(link, 2, keys, &["s", "h", "m", "k", "n"]);
    call.arg(micros(limit))
        .arg(floor.as_micros())
        .arg(micros(keep));
    link.ask(&call)
}

fn call(link: &Link, script: usize, keys: &Keys, names: &[&str]) -> Cmd {
    let mut call = redis::cmd("EVALSHA");
    call.arg(&link.scripts[script]).arg(names.len());
    for name in names {
        call.arg(keys.key(name));
    }
    call
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
