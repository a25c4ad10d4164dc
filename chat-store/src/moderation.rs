//! Bans and mutes in force, and the marks a room keeps beside its log: topic and last clearing.
//!
//! They lie in `state/`, a file a room and purpose, always replaced as a whole, so that a reader
//! sees the old or the new one and never waits. Looking whether something changed is one stat(2).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::name::{Key, Nick, RoomName};
use crate::record::RecordId;
use crate::state;

mod entry;
mod network;

pub use entry::{Entry, Measure};
pub use network::Network;

/// Bans and mutes of one room. Who needs more needs another means.
pub const MAX_ENTRIES: usize = 1_000;
/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 300;
/// The largest file that is read or written, in bytes: what [`MAX_ENTRIES`] take with long reasons.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// The longest wait for another moderator.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a measure was not taken.
#[derive(Debug)]
pub enum ModerationError {
    /// The room has [`MAX_ENTRIES`] of them.
    TooMany,
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

/// Somebody who may be banned or muted.
#[derive(Debug, Clone)]
pub struct Person<'a> {
    /// The nick they have or wish for.
    pub nick: &'a Nick,
    /// Who they logged in as; `None` for Anonymous.
    pub account: Option<&'a str>,
    /// The address they come from, if it is to count.
    pub address: Option<&'a str>,
}

/// The measures in force in a room, oldest first.
///
/// # Errors
/// Those of reading the file; a missing one is an empty list.
pub fn load(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Entry>> {
    let now = RecordId::now();
    let text = file::read_whole(&dirs.state(room, "bans"), MAX_BYTES)?;
    let entries = text.split(|&byte| byte == b'\n').filter_map(Entry::parse);
    Ok(entries
        .filter(|entry| entry.is_in_force(now))
        .take(MAX_ENTRIES)
        .collect())
}

/// The rooms that have a list of measures, by name; also those in which nobody has been yet.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub fn rooms(dirs: &Dirs) -> io::Result<Vec<RoomName>> {
    let entries = match std::fs::read_dir(&dirs.state) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut rooms = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".bans"));
        rooms.extend(stem.and_then(|stem| state::name_of(dirs, stem)));
    }
    rooms.sort_unstable();
    Ok(rooms)
}

/// Takes a measure. One of the same kind against the same nick is replaced.
///
/// # Errors
/// Nothing is changed then.
pub fn impose(dirs: &Dirs, room: &RoomName, entry: &Entry) -> Result<(), ModerationError> {
    if entry.reason.chars().count() > MAX_REASON_CHARS {
        return Err(ModerationError::ReasonTooLong);
    }
    change(dirs, room, |entries| {
        entries.retain(|old| !(old.measure == entry.measure && old.nick.key() == entry.nick.key()));
        entries.push(entry.clone());
    })?;
    Ok(())
}

/// Lifts a measure against a nick; look-alikes count as the same. False if there was none.
///
/// # Errors
/// Nothing is changed then.
pub fn lift(
    dirs: &Dirs,
    room: &RoomName,
    measure: Measure,
    nick: &Nick,
) -> Result<bool, ModerationError> {
    let key = nick.key();
    let mut found = false;
    change(dirs, room, |entries| {
        entries.retain(|old| {
            let is_it = old.measure == measure && old.nick.key() == key;
            found |= is_it;
            !is_it
        });
    })?;
    Ok(found)
}

/// What is in force against one person, kept up to date cheaply.
#[derive(Debug)]
pub struct Verdict {
    path: PathBuf,
    seen: Option<Stamp>,
    /// Why they may not be here.
    pub ban: Option<Entry>,
    /// Why they may not speak.
    pub mute: Option<Entry>,
}

/// Tells one version of a file from the next: an inode may be used again at once.
type Stamp = (FileId, u64, i64, u64);

impl Verdict {
    /// Nothing is known yet: call [`Verdict::refresh`].
    pub fn new(dirs: &Dirs, room: &RoomName) -> Self {
        Self {
            path: dirs.state(room, "bans"),
            seen: None,
            ban: None,
            mute: None,
        }
    }

    /// Reads the measures again if they changed, and lets go of what is over. One stat(2) if not.
    /// After a change of nick use [`Verdict::new`].
    ///
    /// # Errors
    /// Those of reading the file. What was in force stays so.
    pub fn refresh(&mut self, person: &Person<'_>) -> io::Result<()> {
        let now = RecordId::now();
        let stamp = stamp(&self.path)?;
        if stamp != self.seen {
            let text = file::read_whole(&self.path, MAX_BYTES)?;
            let entries = || text.split(|&byte| byte == b'\n').filter_map(Entry::parse);
            let key = person.nick.key();
            let against = |measure| {
                entries().find(|entry| {
                    entry.measure == measure
                        && entry.is_in_force(now)
                        && is_against(entry, &key, person)
                })
            };
            (self.ban, self.mute) = (against(Measure::Ban), against(Measure::Mute));
            self.seen = stamp;
        }
        self.ban.take_if(|entry| !entry.is_in_force(now));
        self.mute.take_if(|entry| !entry.is_in_force(now));
        Ok(())
    }
}

fn is_against(entry: &Entry, key: &Key, person: &Person<'_>) -> bool {
    let same = |a: Option<&str>, b: Option<&str>| a.is_some() && a == b;
    entry.nick.key() == *key
        || same(entry.account.as_deref(), person.account)
        || same(entry.address.as_deref(), person.address)
}

fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match rustix::fs::lstat(path) {
        Ok(stat) => Ok(Some((
            FileId::of(&stat),
            file::size_of(&stat),
            stat.st_mtime,
            // Nanoseconds are as wide as the platform has them.
            #[allow(clippy::useless_conversion)]
            u64::from(stat.st_mtime_nsec),
        ))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn change(
    dirs: &Dirs,
    room: &RoomName,
    edit: impl FnOnce(&mut Vec<Entry>),
) -> Result<(), ModerationError> {
    let path = dirs.state(room, "bans");
    // A file of its own: the list is replaced, and with it the inode a lock would be on.
    let lock_file = open_lock(&file::suffixed(&path, ".lock"))?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(ModerationError::Busy);
    };
    let mut entries = load(dirs, room)?;
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
    Ok(file::replace(&path, &text)?)
}

fn open_lock(path: &Path) -> io::Result<File> {
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
