//! What is in force against one person, in a room and in all of them.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{BANS, Entry, Extent, MAX_BYTES, Measure, Person, Right};
use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::name::Key;
use crate::record::RecordId;

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
            paths: [
                at.into().path(dirs, BANS),
                Extent::Everywhere.path(dirs, BANS),
            ],
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
        || same(entry.person.as_deref(), person.number)
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
