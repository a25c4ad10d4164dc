//! One measure as a line: `UNTIL<TAB>MEASURE<TAB>NICK<TAB>ATTRS<TAB>REASON`, UNTIL an id or `-`.

use super::{Network, Target};
use crate::name::Nick;
use crate::people::presence::About;
use crate::record::{Attrs, RecordId, attrs, clean, show};

const ADDRESS: &str = "address";
/// The address counts for people without an account only.
const GUESTS: &str = "guests";
const BY: &str = "by";
/// What stands for "until it is lifted".
const FOREVER: &[u8] = b"-";

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// They may not be in the room.
    Ban,
    /// They may not speak in the room.
    Mute,
}

impl Measure {
    /// The word on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Mute => "mute",
        }
    }
}

/// A measure against one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is done.
    pub measure: Measure,
    /// Whoever is called so; look-alikes too. Of an account that is known, of a guest who is known: guests alone.
    pub nick: Option<Nick>,
    /// And whoever logged in as this.
    pub account: Option<String>,
    /// And whoever has this number: the token of a guest's browser.
    pub person: Option<String>,
    /// And whoever comes from this address or network.
    pub address: Option<Network>,
    /// The address counts for people without an account only: others share it with a guest.
    pub guests_only: bool,
    /// When it ends; `None`: when it is lifted.
    pub until: Option<RecordId>,
    /// The moderator's nick.
    pub by: String,
    /// Why, as told to the person.
    pub reason: String,
}

impl Entry {
    /// A measure against whoever `about` says that `nick` is, for good and without a reason.
    ///
    /// A guest is who has the browser's token, and every guest of the address: another name, another token and another
    /// browser are had in a moment. No account is touched by it, for a school or a household has one address. An account
    /// is itself, from wherever it comes.
    pub fn against(measure: Measure, nick: Nick, about: About, by: &str) -> Self {
        let is_guest = about.account.is_none();
        let address = about.address.filter(|_| is_guest);
        let person = about.person.filter(|_| is_guest);
        Self {
            nick: Some(nick),
            account: about.account,
            person: person.map(|person| person.as_str().to_owned()),
            address: address.and_then(|address| Network::around(&address)),
            ..Self::nobody(measure, by)
        }
    }

    /// A measure that is against nobody yet.
    pub(super) fn nobody(measure: Measure, by: &str) -> Self {
        Self {
            measure,
            nick: None,
            account: None,
            person: None,
            address: None,
            guests_only: true,
            until: None,
            by: by.to_owned(),
            reason: String::new(),
        }
    }

    /// Against whom it is, as it is written to lift it.
    pub fn target(&self) -> String {
        let target = match self {
            Self {
                nick: Some(nick), ..
            } => Target::Called(nick.clone()),
            Self {
                account: Some(account),
                ..
            } => Target::Account(account.clone()),
            Self {
                person: Some(person),
                ..
            } => Target::Number(person.clone()),
            Self {
                address: Some(network),
                guests_only: true,
                ..
            } => Target::Guests(*network),
            Self {
                address: Some(network),
                ..
            } => Target::Everybody(*network),
            _ => return String::new(),
        };
        target.to_string()
    }

    /// Whether another measure takes its place: the same thing against the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_same = match (&self.nick, &other.nick) {
            (Some(a), Some(b)) => a.key() == b.key(),
            (None, None) => self.target() == other.target(),
            _ => false,
        };
        is_same && self.measure == other.measure
    }

    /// True until its time is over.
    pub fn is_in_force(&self, now: RecordId) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.splitn(5, |&byte| byte == b'\t');
        let until = match fields.next()? {
            FOREVER => None,
            text => Some(RecordId::parse(text)?),
        };
        let word = fields.next()?;
        let measure = [Measure::Ban, Measure::Mute]
            .into_iter()
            .find(|m| m.as_str().as_bytes() == word)?;
        let nick = match fields.next()? {
            b"" => None,
            name => Some(Nick::parse(&show(name)).ok()?),
        };
        let pairs = show(fields.next()?);
        let attr = |key| {
            let found = Attrs::new(&pairs).find(|(k, v)| *k == key && !v.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        let entry = Self {
            measure,
            nick,
            account: attr(attrs::ACCOUNT),
            person: attr(attrs::PERSON),
            address: attr(ADDRESS).and_then(|text| Network::parse(&text)),
            guests_only: attr(GUESTS).is_some(),
            until,
            by: attr(BY).unwrap_or_default(),
            reason: show(fields.next()?).into_owned(),
        };
        (!entry.target().is_empty()).then_some(entry)
    }

    pub(super) fn write_to(&self, text: &mut Vec<u8>) {
        match self.until {
            Some(until) => text.extend_from_slice(&until.to_text()),
            None => text.extend_from_slice(FOREVER),
        }
        let nick = self.nick.as_ref().map_or("", Nick::as_str);
        for field in [self.measure.as_str(), nick] {
            text.push(b'\t');
            text.extend_from_slice(field.as_bytes());
        }
        text.push(b'\t');
        let address = self.address.map(|address| address.to_string());
        let pairs = [
            (attrs::ACCOUNT, self.account.as_deref()),
            (attrs::PERSON, self.person.as_deref()),
            (ADDRESS, address.as_deref()),
            (GUESTS, self.guests_only.then_some("1")),
            (BY, Some(self.by.as_str())),
        ];
        attrs::write_to(&pairs, text);
        text.push(b'\t');
        text.extend_from_slice(clean(&self.reason).as_bytes());
        text.push(b'\n');
    }
}
