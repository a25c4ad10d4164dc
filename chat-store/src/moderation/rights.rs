//! Who may what: the one question that every way into a room, and every command in it, asks.

use std::io;

use super::{Entry, Extent, Role, Verdict, roles};
use crate::fs::dirs::Dirs;
use crate::name::Nick;

/// What somebody may be forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To be in a room, and whatever is for who is there.
    Enter,
    /// To read what was said in it.
    Read,
    /// To say something there.
    Speak,
    /// To lay hands on others and on what they said.
    Moderate,
    /// To say who moderates.
    Own,
}

impl Right {
    /// The least role that has it; `None`: everybody has, against whom nothing was done.
    fn role(self) -> Option<Role> {
        match self {
            Self::Enter | Self::Read | Self::Speak => None,
            Self::Moderate => Some(Role::Moderator),
            Self::Own => Some(Role::Owner),
        }
    }
}

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// A ban or mute stands against it.
    Measure(Box<Entry>),
    /// It is for people of this role.
    Role(Role),
}

impl Denied {
    /// What they are told of it besides that they may not.
    pub fn reason(&self) -> &str {
        match self {
            Self::Measure(entry) => &entry.reason,
            Self::Role(_) => "",
        }
    }
}

/// Somebody who wants to do something.
#[derive(Debug, Clone)]
pub struct Person<'a> {
    /// The nick they have or wish for.
    pub nick: &'a Nick,
    /// Who they logged in as; `None` for Anonymous.
    pub account: Option<&'a str>,
    /// Their number under all names, if it is known.
    pub number: Option<&'a str>,
    /// The address they come from, if it is to count.
    pub address: Option<&'a str>,
    /// Whether the site says that they moderate it: they are an owner of every room.
    pub moderates_all: bool,
}

/// Whether a person has a right in a room, or everywhere.
///
/// # Errors
/// Those of reading the lists: then nobody knows. Being there and speaking is not to be refused for it,
/// moderating is.
pub fn may<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    person: &Person<'_>,
    right: Right,
) -> io::Result<Result<(), Denied>> {
    let at = at.into();
    if let Some(least) = right.role() {
        let role = roles::of_person(dirs, at, person)?;
        return Ok(if role >= least {
            Ok(())
        } else {
            Err(Denied::Role(least))
        });
    }
    let mut verdict = Verdict::new(dirs, at);
    verdict.refresh(person)?;
    let against = verdict.may(right).cloned();
    Ok(against.map_or(Ok(()), |entry| Err(Denied::Measure(Box::new(entry)))))
}
