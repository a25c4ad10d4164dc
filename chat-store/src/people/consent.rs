//! Who may begin a conversation with somebody: everybody, people of rooms that both are in, or nobody.
//!
//! `marks/NUMBER.accept` holds the word; without it everybody may. It is asked before a conversation begins and before
//! somebody is let into one: those that there are stay.

use std::io;
use std::path::PathBuf;

use super::marks;
use super::person::PersonId;
use crate::cluster::order::{self, After};
use crate::fs::dirs::Dirs;
use crate::fs::file;

/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 32;

/// From whom somebody accepts what they did not ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// Everybody.
    #[default]
    Everybody,
    /// People who have a room with them among their own.
    Common,
    /// Nobody.
    Nobody,
}

impl Accept {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Everybody, Self::Common, Self::Nobody];

    /// As in the file and in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Common => "common",
            Self::Nobody => "nobody",
        }
    }

    /// Reads what [`Accept::as_str`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|accept| accept.as_str() == text)
    }
}

/// From whom somebody accepts.
///
/// # Errors
/// Those of reading the file.
pub fn of(dirs: &Dirs, person: &PersonId) -> io::Result<Accept> {
    let text = file::read_whole(&path(dirs, person), MAX_BYTES)?;
    let word = std::str::from_utf8(&text).unwrap_or_default().trim_end();
    Ok(Accept::parse(word).unwrap_or_default())
}

/// Keeps it. False: nothing is kept of this person, who may be anybody's invention.
///
/// # Errors
/// Those of writing the file.
pub fn set(dirs: &Dirs, person: &PersonId, accept: Accept) -> io::Result<bool> {
    if !marks::is_known(dirs, person) {
        return Ok(false);
    }
    let line = format!("{}\n", accept.as_str()).into_bytes();
    order::edit(dirs, &path(dirs, person), MAX_BYTES, |_| {
        Ok((After::Text(line.clone()), true))
    })
}

/// Forgets it.
///
/// # Errors
/// Those of unlink(2).
pub(super) fn forget(dirs: &Dirs, person: &PersonId) -> io::Result<()> {
    let path = path(dirs, person);
    if path.exists() {
        order::remove(dirs, &path)?;
    }
    Ok(())
}

/// Whether `from` may begin a conversation with `to`.
///
/// # Errors
/// Those of reading the files.
pub fn allows(dirs: &Dirs, from: &PersonId, to: &PersonId) -> io::Result<bool> {
    match of(dirs, to)? {
        Accept::Everybody => Ok(true),
        Accept::Nobody => Ok(false),
        Accept::Common => {
            let rooms = marks::load(dirs, to)?;
            let theirs = marks::load(dirs, from)?;
            let is_common = |mark: &marks::Mark| theirs.iter().any(|other| other.room == mark.room);
            Ok(rooms.iter().any(is_common))
        }
    }
}

fn path(dirs: &Dirs, person: &PersonId) -> PathBuf {
    dirs.marks.join(format!("{}.accept", person.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::RoomName;
    use crate::people::marks::Change;
    use crate::record::RecordId;

    #[test]
    fn who_may_begin_is_what_somebody_says() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        let person = |name| PersonId::of(Some(name), None).expect("a number");
        let (anna, bob, eve) = (person("anna"), person("bob"), person("eve"));
        assert!(
            !set(&dirs, &anna, Accept::Nobody).expect("asked"),
            "unknown"
        );
        let enter = |who: &PersonId, room: &str| {
            let room = RoomName::parse(room).expect("a name");
            let change = Change::Read(RecordId::now());
            marks::change(&dirs, who, &[(room, change)]).expect("changed");
        };
        enter(&anna, "den");
        enter(&bob, "den");
        enter(&eve, "lobby");
        assert!(allows(&dirs, &eve, &anna).expect("read"));
        assert!(set(&dirs, &anna, Accept::Common).expect("kept"));
        assert!(allows(&dirs, &bob, &anna).expect("read"));
        assert!(!allows(&dirs, &eve, &anna).expect("read"));
        assert!(set(&dirs, &anna, Accept::Nobody).expect("kept"));
        assert!(!allows(&dirs, &bob, &anna).expect("read"));
        assert_eq!(marks::people(&dirs).expect("read").len(), 3);
        marks::forget(&dirs, &anna).expect("forgotten");
        assert_eq!(of(&dirs, &anna).expect("read"), Accept::Everybody);
        assert_eq!(std::fs::read_dir(&dirs.marks).expect("read").count(), 2);
    }
}
