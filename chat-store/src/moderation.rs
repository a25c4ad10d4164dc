//! Bans and mutes in force, and who may lay hands on a room.
//!
//! They lie in `state/`, a file a room and purpose, always replaced as a whole, so that a reader
//! sees the old or the new one and never waits. Looking whether something changed is one stat(2).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use rustix::fs::OFlags;

use crate::closed;
use crate::cluster::order as orders;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::record::RecordId;
use crate::state;

mod entry;
mod network;
mod order;
mod reach;
pub mod reports;
mod rights;
pub mod roles;
mod verdict;
mod whois;

pub use entry::{Entry, Measure};
pub use network::Network;
pub use order::{Order, Target, TargetError, minutes_and_rest, word_and_rest};
pub use reach::{announce, present};
pub use rights::{Denied, Person, Right, may};
pub use roles::Role;
pub use verdict::Verdict;
pub use whois::whois;

/// Bans and mutes of one room. Who needs more needs another means.
pub const MAX_ENTRIES: usize = 1_000;
/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 300;
/// The largest file that is read or written, in bytes: what [`MAX_ENTRIES`] take with long reasons.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// How the files are called in which measures are.
const BANS: &str = "bans";
/// How often a list is read again that was changed meanwhile on another machine.
const CHANGE_TRIES: u32 = 8;
/// The longest wait for another moderator.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a measure was not taken.
#[derive(Debug)]
pub enum ModerationError {
    /// The room has [`MAX_ENTRIES`] of them.
    TooMany,
    /// The room has [`roles::MAX_ROLES`].
    TooManyRoles,
    /// The room has [`reports::MAX_REPORTS`].
    TooManyReports,
    /// One person has [`reports::MAX_REPORTS_OF_ONE`].
    TooManyOfYours,
    /// The reason has more than [`MAX_REASON_CHARS`].
    ReasonTooLong,
    /// Another moderator held the lock all the time.
    Busy,
    /// The file could not be read or written.
    Io(io::Error),
}

impl fmt::Display for ModerationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => {
                write!(
                    f,
                    "the room has {MAX_ENTRIES} bans and mutes, lift some of them first"
                )
            }
            Self::TooManyRoles => write!(
                f,
                "the room has {} owners and moderators, make somebody a member first",
                roles::MAX_ROLES
            ),
            Self::TooManyReports => f.write_str("the moderators have too many reports already"),
            Self::TooManyOfYours => write!(
                f,
                "{} reports of yours are open, wait until they are looked at",
                reports::MAX_REPORTS_OF_ONE
            ),
            Self::ReasonTooLong => {
                write!(
                    f,
                    "the reason is too long, at most {MAX_REASON_CHARS} characters"
                )
            }
            Self::Busy => f.write_str("somebody else is moderating just now, try again"),
            Self::Io(error) => write!(f, "not done: {error}"),
        }
    }
}

impl std::error::Error for ModerationError {}

impl From<io::Error> for ModerationError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Where a measure holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent<'a> {
    /// In one room.
    Room(&'a RoomName),
    /// In every room, also in those that are yet to come.
    Everywhere,
}

impl<'a> From<&'a RoomName> for Extent<'a> {
    fn from(room: &'a RoomName) -> Self {
        Self::Room(room)
    }
}

impl Extent<'_> {
    fn path(self, dirs: &Dirs, what: &str) -> PathBuf {
        match self {
            Self::Room(room) => closed::dirs_of(dirs, room).state(room, what),
            // No room's files are called so: no name of a room holds `_`.
            Self::Everywhere => dirs.site_state.join(format!("_all.{what}")),
        }
    }
}

/// The measures in force in a room (or everywhere), oldest first.
///
/// # Errors
/// Those of reading the file; a missing one is an empty list.
pub fn load<'a>(dirs: &Dirs, at: impl Into<Extent<'a>>) -> io::Result<Vec<Entry>> {
    let text = file::read_whole(&at.into().path(dirs, BANS), MAX_BYTES)?;
    Ok(in_force(&text))
}

fn in_force(text: &[u8]) -> Vec<Entry> {
    let now = RecordId::now();
    let entries = text.split(|&byte| byte == b'\n').filter_map(Entry::parse);
    entries
        .filter(|entry| entry.is_in_force(now))
        .take(MAX_ENTRIES)
        .collect()
}

/// The rooms that have a list of measures, by name; also those in which nobody has been yet.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub fn rooms(dirs: &Dirs) -> io::Result<Vec<RoomName>> {
    rooms_with(dirs, BANS)
}

/// The rooms that have a file of this kind.
fn rooms_with(dirs: &Dirs, what: &str) -> io::Result<Vec<RoomName>> {
    let entries = match std::fs::read_dir(&dirs.state) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut rooms = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(what));
        let stem = stem.and_then(|stem| stem.strip_suffix('.'));
        rooms.extend(stem.and_then(|stem| state::name_of(dirs, stem)));
    }
    for room in closed::all(dirs)? {
        if Extent::Room(&room).path(dirs, what).exists() {
            rooms.push(room);
        }
    }
    rooms.sort_unstable();
    Ok(rooms)
}

/// Takes a measure. One of the same kind against the same is replaced.
///
/// # Errors
/// Nothing is changed then.
pub fn impose<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    entry: &Entry,
) -> Result<(), ModerationError> {
    if entry.reason.chars().count() > MAX_REASON_CHARS {
        return Err(ModerationError::ReasonTooLong);
    }
    change(dirs, at.into(), |entries| {
        entries.retain(|old| !old.is_same(entry));
        entries.push(entry.clone());
    })?;
    Ok(())
}

/// Lifts a measure; look-alikes of a name count as the same. False if there was none.
///
/// # Errors
/// Nothing is changed then.
pub fn lift<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    measure: Measure,
    target: &Target,
) -> Result<bool, ModerationError> {
    let mut found = false;
    change(dirs, at.into(), |entries| {
        entries.retain(|old| {
            let is_it = old.measure == measure && target.is_of(old);
            found |= is_it;
            !is_it
        });
    })?;
    Ok(found)
}

/// Forgets a person: measures against them end, and those they took are by nobody.
///
/// # Errors
/// Nothing is changed then.
pub fn forget<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    is_against: &dyn Fn(&Entry) -> bool,
    is_them: &dyn Fn(&str) -> bool,
) -> Result<(), ModerationError> {
    change(dirs, at.into(), |entries| {
        entries.retain(|entry| !is_against(entry));
        for entry in entries.iter_mut().filter(|entry| is_them(&entry.by)) {
            entry.by.clear();
        }
    })
}

fn change(
    dirs: &Dirs,
    at: Extent<'_>,
    mut edit: impl FnMut(&mut Vec<Entry>),
) -> Result<(), ModerationError> {
    let path = at.path(dirs, BANS);
    let lock_file = open_lock(&path)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(ModerationError::Busy);
    };
    for _ in 0..CHANGE_TRIES {
        let before = file::read_whole(&path, MAX_BYTES)?;
        let mut entries = in_force(&before);
        edit(&mut entries);
        if entries.len() > MAX_ENTRIES {
            return Err(ModerationError::TooMany);
        }
        let mut text = Vec::new();
        for entry in &entries {
            entry.write_to(&mut text);
        }
        // What is not read again would be lifted by the next change.
        if text.len() as u64 > MAX_BYTES {
            return Err(ModerationError::TooMany);
        }
        if orders::replace(dirs, &path, &before, &text)? {
            return Ok(());
        }
    }
    Err(ModerationError::Busy)
}

/// The lock of a list: a file of its own, for the list is replaced, and with it the inode a lock would be on.
fn open_lock(list: &Path) -> io::Result<File> {
    let path = &file::suffixed(list, ".lock");
    match file::open(path, OFlags::RDWR | OFlags::CREATE) {
        Ok((lock_file, _)) => Ok(lock_file),
        Err(error) => {
            let error = io::Error::from(error);
            Err(io::Error::new(
                error.kind(),
                format!("{}: {error}", path.display()),
            ))
        }
    }
}

#[cfg(test)]
mod tests;
