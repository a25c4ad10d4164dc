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
    fn path(self, dirs: &Dirs) -> PathBuf {
        match self {
            Self::Room(room) => dirs.state(room, "bans"),
            // No room's files are called so: no name of a room holds `_`.
            Self::Everywhere => dirs.state.join("_all.bans"),
        }
    }
}

/// What somebody may be forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To be in a room, and whatever is for who is there.
    Enter,
    /// To read what was said in it.
    Read,
    /// To say something there.
    Speak,
}

/// The one question that every way into a room asks: may this person?
///
/// # Errors
/// Those of reading the lists: then nobody knows, and what is asked for is not refused.
pub fn may<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    person: &Person<'_>,
    right: Right,
) -> io::Result<Result<(), Entry>> {
    let mut verdict = Verdict::new(dirs, at);
    verdict.refresh(person)?;
    Ok(verdict.may(right).cloned().map_or(Ok(()), Err))
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

/// The measures in force in a room (or everywhere), oldest first.
///
/// # Errors
/// Those of reading the file; a missing one is an empty list.
pub fn load<'a>(dirs: &Dirs, at: impl Into<Extent<'a>>) -> io::Result<Vec<Entry>> {
    let now = RecordId::now();
    let text = file::read_whole(&at.into().path(dirs), MAX_BYTES)?;
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
pub fn impose<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    entry: &Entry,
) -> Result<(), ModerationError> {
    if entry.reason.chars().count() > MAX_REASON_CHARS {
        return Err(ModerationError::ReasonTooLong);
    }
    change(dirs, at.into(), |entries| {
        entries.retain(|old| !(old.measure == entry.measure && old.nick.key() == entry.nick.key()));
        entries.push(entry.clone());
    })?;
    Ok(())
}

/// Lifts a measure against a nick; look-alikes count as the same. False if there was none.
///
/// # Errors
/// Nothing is changed then.
pub fn lift<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    measure: Measure,
    nick: &Nick,
) -> Result<bool, ModerationError> {
    let key = nick.key();
    let mut found = false;
    change(dirs, at.into(), |entries| {
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
    /// The list of the room, and the one of all rooms.
    paths: [PathBuf; 2],
    seen: Option<[Option<Stamp>; 2]>,
    /// Why they may not be here.
    pub ban: Option<Entry>,
    /// Why they may not speak.
    pub mute: Option<Entry>,
}

/// Tells one version of a file from the next: an inode may be used again at once.
type Stamp = (FileId, u64, i64, u64);

impl Verdict {
    /// Nothing is known yet: call [`Verdict::refresh`].
    pub fn new<'a>(dirs: &Dirs, at: impl Into<Extent<'a>>) -> Self {
        Self {
            paths: [at.into().path(dirs), Extent::Everywhere.path(dirs)],
            seen: None,
            ban: None,
            mute: None,
        }
    }

    /// Reads the measures again if they changed, and lets go of what is over. Two stat(2) if not.
    /// After a change of nick use [`Verdict::new`].
    ///
    /// # Errors
    /// Those of reading the file. What was in force stays so.
    pub fn refresh(&mut self, person: &Person<'_>) -> io::Result<()> {
        let now = RecordId::now();
        let stamps = [stamp(&self.paths[0])?, stamp(&self.paths[1])?];
        if self.seen != Some(stamps) {
            let mut text = file::read_whole(&self.paths[0], MAX_BYTES)?;
            text.push(b'\n');
            text.extend(file::read_whole(&self.paths[1], MAX_BYTES)?);
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
            self.seen = Some(stamps);
        }
        self.ban.take_if(|entry| !entry.is_in_force(now));
        self.mute.take_if(|entry| !entry.is_in_force(now));
        Ok(())
    }
}

impl Verdict {
    /// What stands against it, as of the last [`Verdict::refresh`].
    pub fn may(&self, right: Right) -> Option<&Entry> {
        let mute = self.mute.as_ref().filter(|_| right == Right::Speak);
        self.ban.as_ref().or(mute)
    }
}

fn is_against(entry: &Entry, key: &Key, person: &Person<'_>) -> bool {
    let same = |a: Option<&str>, b: Option<&str>| a.is_some() && a == b;
    entry.nick.key() == *key
        || same(entry.account.as_deref(), person.account)
        || comes_from(entry, person)
}

fn comes_from(entry: &Entry, person: &Person<'_>) -> bool {
    let address = person.address.and_then(|address| address.parse().ok());
    let counts = !entry.guests_only || person.account.is_none();
    let network = entry.address.filter(|_| counts);
    network
        .zip(address)
        .is_some_and(|(network, address)| network.contains(address))
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
    at: Extent<'_>,
    edit: impl FnOnce(&mut Vec<Entry>),
) -> Result<(), ModerationError> {
    let path = at.path(dirs);
    // A file of its own: the list is replaced, and with it the inode a lock would be on.
    let lock_file = open_lock(&file::suffixed(&path, ".lock"))?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(ModerationError::Busy);
    };
    let mut entries = load(dirs, at)?;
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
