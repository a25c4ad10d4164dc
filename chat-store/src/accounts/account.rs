//! What an account's file says. Pure.
//!
//! ```text
//! name=Anna
//! kind=person
//! created=2026-11-21T10:15:30.123456Z
//! groups=admin staff
//! generation=1795256130123456
//! scram-sha-256=SCRAM-SHA-256$600000:SALT$STORED-KEY:SERVER-KEY
//! ```
//!
//! Keys that this version does not know are kept as they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Group, MAX_GROUPS, Ticket};
use crate::name::Nick;
use crate::record::RecordId;

/// The largest file that is read, in bytes.
pub const MAX_ACCOUNT_BYTES: u64 = 16 * 1024;
/// The longest verifier, in bytes.
const MAX_VERIFIER: usize = 512;

/// Who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// Somebody.
    Person,
    /// A program.
    Bot,
}

impl AccountKind {
    /// The word on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Bot]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// As it was registered; records and roles hold it so.
    pub name: Nick,
    /// Who logs in by it.
    pub kind: AccountKind,
    /// When it was made.
    pub created: RecordId,
    /// What it is part of.
    pub groups: BTreeSet<Group>,
    /// Since when nobody can log in by it.
    pub disabled: Option<RecordId>,
    /// Sessions of another generation are over. It only grows, over the account's removal too.
    pub generation: u64,
    /// What a password is checked against: SCRAM-SHA-256, as RFC 5803 writes it.
    pub scram: Option<Box<str>>,
    /// The same of where the account came from, until its owner logs in for the first time.
    pub foreign: Option<Box<str>>,
    /// By this its owner may choose a password, once.
    pub link: Option<Ticket>,
    /// What a newer version wrote.
    others: Vec<(Box<str>, Box<str>)>,
}

impl Account {
    /// One without a password.
    pub fn new(name: Nick, kind: AccountKind) -> Self {
        let now = RecordId::now();
        Self {
            name,
            kind,
            created: now,
            groups: BTreeSet::new(),
            disabled: None,
            generation: now.as_micros(),
            scram: None,
            foreign: None,
            link: None,
            others: Vec::new(),
        }
    }

    /// Ends every session of before.
    pub fn end_sessions(&mut self) {
        self.generation = RecordId::now().as_micros().max(self.generation + 1);
    }

    /// Sets the verifier, in place of all that let somebody in before.
    pub fn set_verifier(&mut self, scram: String) {
        self.scram = Some(scram.into());
        self.foreign = None;
        self.link = None;
    }

    /// Reads a file; `None`: it is no account's. A line that says nothing is skipped, one that is wrong where it
    /// matters makes the file none: an account that was disabled is not enabled by a torn line.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut name = None;
        let mut account = Self::new(Nick::parse("nobody").ok()?, AccountKind::Person);
        (account.created, account.generation) = (RecordId::ZERO, 0);
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            match key {
                "name" => name = Some(Nick::parse(value).ok()?),
                "kind" => account.kind = AccountKind::parse(value)?,
                "created" => account.created = RecordId::parse(value.as_bytes())?,
                "groups" => account.groups = groups(value)?,
                "disabled" => account.disabled = Some(RecordId::parse(value.as_bytes())?),
                "generation" => account.generation = value.parse().ok()?,
                "scram-sha-256" => account.scram = Some(verifier(value)?),
                "foreign" => account.foreign = Some(verifier(value)?),
                "link" => account.link = Some(Ticket::parse(value)?),
                _ => account.others.push((key.into(), value.into())),
            }
        }
        account.name = name?;
        Some(account)
    }

    /// The file.
    pub fn text(&self) -> Vec<u8> {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{key}={value}");
        };
        line("name", self.name.as_str());
        line("kind", self.kind.as_str());
        line("created", &self.created.to_string());
        if !self.groups.is_empty() {
            line("groups", &self.group_names().join(" "));
        }
        if let Some(since) = self.disabled {
            line("disabled", &since.to_string());
        }
        line("generation", &self.generation.to_string());
        if let Some(scram) = &self.scram {
            line("scram-sha-256", scram);
        }
        if let Some(foreign) = &self.foreign {
            line("foreign", foreign);
        }
        if let Some(link) = &self.link {
            line("link", &link.to_string());
        }
        for (key, value) in &self.others {
            line(key, value);
        }
        text.into_bytes()
    }

    /// The names of its groups.
    pub fn group_names(&self) -> Vec<&str> {
        self.groups.iter().map(Group::as_str).collect()
    }
}

fn groups(text: &str) -> Option<BTreeSet<Group>> {
    let names = text.split(' ').filter(|name| !name.is_empty());
    let groups: BTreeSet<_> = names.map(Group::parse).collect::<Option<_>>()?;
    (groups.len() <= MAX_GROUPS).then_some(groups)
}

fn verifier(text: &str) -> Option<Box<str>> {
    let good = |b: u8| b.is_ascii_graphic();
    let fits = (1..=MAX_VERIFIER).contains(&text.len()) && text.bytes().all(good);
    fits.then(|| text.into())
}
