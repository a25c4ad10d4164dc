//! How much the files take, by whom and by room: a line for each that comes and goes, `+SIZE<TAB>OWNER<TAB>ROOM`, so
//! that nobody has to look at all of them to let one more in. A power cut may lose a line: the file is made anew from
//! what is there by [`recount`](super::recount).

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::log::room_log::LOCK_TIMEOUT;

/// The longest ledger that is read. A nightly recount leaves a line for each file.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// How many bytes there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of one person, in all rooms.
    pub person: u64,
    /// In one room.
    pub room: u64,
    /// In all.
    pub site: u64,
}

/// Which of the [`Bounds`] would be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// That of the person.
    Person,
    /// That of the room.
    Room,
    /// That of the site.
    Site,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "your files take as much as one person's may",
            Self::Room => "the files of this room take as much as they may",
            Self::Site => "the files of all rooms take as much as they may",
        })
    }
}

/// Whose and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) owner: &'a str,
    pub(super) room: &'a str,
}

#[derive(Debug, Clone)]
pub(super) struct Ledger(pub(super) PathBuf);

impl Ledger {
    /// Counts `size` more, unless that is more than there may be.
    pub(super) fn add(
        &self,
        size: u64,
        entry: Entry<'_>,
        bounds: &Bounds,
    ) -> io::Result<Result<(), Full>> {
        let file = self.open()?;
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Err(busy());
        };
        let text = read(&file)?;
        if let Err(full) = fits(&text, size, entry, bounds) {
            return Ok(Err(full));
        }
        append(&file, &text, &line('+', size, entry)).map(Ok)
    }

    /// Whether `size` more would fit; nothing is counted.
    pub(super) fn has_space(
        &self,
        size: u64,
        entry: Entry<'_>,
        bounds: &Bounds,
    ) -> io::Result<Result<(), Full>> {
        let text = file::read_whole(&self.0, MAX_BYTES)?;
        Ok(fits(&text, size, entry, bounds))
    }

    /// Counts `size` less.
    pub(super) fn subtract(&self, size: u64, entry: Entry<'_>) -> io::Result<()> {
        let file = self.open()?;
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Err(busy());
        };
        let text = read(&file)?;
        append(&file, &text, &line('-', size, entry))
    }

    /// Writes it anew: what `count` gives while nobody else counts.
    pub(super) fn replace(&self, count: &mut dyn FnMut() -> io::Result<String>) -> io::Result<()> {
        let file = self.open()?;
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Err(busy());
        };
        let text = count()?;
        // In place, since others may wait for the lock of this file. A crash in between leaves too little counted
        // until the next night, never too much.
        file.set_len(0)?;
        file.write_all_at(text.as_bytes(), 0)
    }

    fn open(&self) -> io::Result<File> {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.0)
    }
}

fn busy() -> io::Error {
    io::Error::other("others count files all the time")
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len().min(MAX_BYTES);
    let mut text = vec![0; usize::try_from(size).unwrap_or_default()];
    let filled = file::read_at(file, &mut text, 0)?;
    text.truncate(filled);
    Ok(text)
}

/// Behind the last whole line: what a full disk left of another is overwritten.
fn append(file: &File, text: &[u8], line: &str) -> io::Result<()> {
    let end = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
    file.write_all_at(line.as_bytes(), end as u64)
}

pub(super) fn line(sign: char, size: u64, Entry { owner, room }: Entry<'_>) -> String {
    format!("{sign}{size}\t{owner}\t{room}\n")
}

fn fits(text: &[u8], size: u64, entry: Entry<'_>, bounds: &Bounds) -> Result<(), Full> {
    let [of_person, of_room, of_site] = sums(text, entry);
    let passes = |sum: i64, most: u64| u64::try_from(sum).unwrap_or(0).saturating_add(size) > most;
    if passes(of_person, bounds.person) {
        Err(Full::Person)
    } else if passes(of_room, bounds.room) {
        Err(Full::Room)
    } else if passes(of_site, bounds.site) {
        Err(Full::Site)
    } else {
        Ok(())
    }
}

/// What the person, the room and the site have. Pure.
fn sums(text: &[u8], entry: Entry<'_>) -> [i64; 3] {
    let mut sums = [0_i64; 3];
    for line in text.split(|&byte| byte == b'\n') {
        let mut fields = line.split(|&byte| byte == b'\t');
        let size = fields
            .next()
            .and_then(|size| std::str::from_utf8(size).ok());
        let Some(size) = size.and_then(|size| size.parse::<i64>().ok()) else {
            continue;
        };
        let is_owners = fields.next() == Some(entry.owner.as_bytes());
        let is_rooms = fields.next() == Some(entry.room.as_bytes());
        for (sum, counts) in sums.iter_mut().zip([is_owners, is_rooms, true]) {
            *sum = sum.saturating_add(if counts { size } else { 0 });
        }
    }
    sums
}

/// The ledger of the site that a room's `files/` belongs to.
pub(super) fn of_site(site_files: &Path) -> Ledger {
    Ledger(site_files.join("ledger"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_is_counted() {
        let entry = Entry {
            owner: "anna",
            room: "lobby",
        };
        let text =
            b"+10\tanna\tlobby\n+5\tbob\tlobby\n+7\tanna\tkino\n-10\tanna\tlobby\nrubbish\n+99";
        assert_eq!(sums(text, entry), [7, 5, 111]);
        let bounds = |person, room, site| Bounds { person, room, site };
        assert_eq!(fits(text, 1, entry, &bounds(8, 6, 112)), Ok(()));
        assert_eq!(fits(text, 1, entry, &bounds(7, 6, 112)), Err(Full::Person));
        assert_eq!(fits(text, 1, entry, &bounds(8, 5, 112)), Err(Full::Room));
        assert_eq!(fits(text, 1, entry, &bounds(8, 6, 111)), Err(Full::Site));
        assert_eq!(
            fits(text, u64::MAX, entry, &bounds(8, 6, 9)),
            Err(Full::Person)
        );
    }
}
