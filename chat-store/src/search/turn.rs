//! Whose turn it is to search: one search at a time of a person or address, few at once in all, and of each only
//! so many bytes in a while. What is kept of it is in one file of fixed size in `run/`, and in the table of
//! [`pace`].

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::fs::dirs::{self, Dirs};
use crate::fs::{file, slots};
use crate::people::pace::{self, LIMITS, Left};
use crate::record::RecordId;

/// What somebody may search after a while without, in bytes of log.
pub const BURST_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// What they may search on the whole, in bytes a second: about an eighth of a CPU.
const BYTES_PER_SECOND: u64 = 128 * 1024 * 1024;
/// What a search costs beside what it reads, in bytes: it lists the rooms.
const START_BYTES: u64 = 4 * 1024 * 1024;
/// Searches at once, in all.
const AT_ONCE: u32 = 4;
/// How long somebody waits for their turn.
const WAIT: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// The slots of `run/_search.slots` in which people are told apart: two who fall into one wait for each other.
const PEOPLE: u32 = slots::SLOTS;

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// They have searched much: again after so many seconds.
    Pace(u64),
    /// Too many search at once.
    Busy,
}

/// The right to search until it is dropped.
#[derive(Debug)]
pub struct Turn {
    dirs: Dirs,
    owner: String,
    /// Bytes that are left.
    left: u64,
    _person: File,
    _machine: File,
}

impl Turn {
    /// Waits for it.
    ///
    /// # Errors
    /// Those of the system calls.
    pub fn take(dirs: &Dirs, owner: &str) -> io::Result<Result<Self, Refused>> {
        let owner = format!("search\0{owner}");
        let person = opened(dirs, "_search.people")?;
        let machine = opened(dirs, "_search.slots")?;
        let mut hasher = DefaultHasher::new();
        owner.hash(&mut hasher);
        let own = u32::try_from(hasher.finish() % u64::from(PEOPLE)).unwrap_or_default();
        let until = Instant::now() + WAIT;
        let mut is_theirs = false;
        loop {
            is_theirs = is_theirs || slots::hold_this(&person, own)?;
            if is_theirs && is_free(&machine)? {
                break;
            }
            if Instant::now() >= until {
                return Ok(Err(Refused::Busy));
            }
            std::thread::sleep(PAUSE);
        }
        let left = left(dirs, &owner)?;
        if left < START_BYTES {
            let seconds = (START_BYTES - left).div_ceil(BYTES_PER_SECOND);
            return Ok(Err(Refused::Pace(seconds)));
        }
        Ok(Ok(Self {
            dirs: dirs.clone(),
            owner,
            left: left - START_BYTES,
            _person: person,
            _machine: machine,
        }))
    }

    /// What may be read now.
    pub fn bytes(&self) -> u64 {
        // Something at least: whoever has waited, goes on.
        self.left.max(START_BYTES)
    }

    /// Ends it, with what was read.
    ///
    /// # Errors
    /// Those of keeping that.
    pub fn end(self, read: u64) -> io::Result<()> {
        let left = self.left.saturating_sub(read) / 1024;
        let mut thousandths = [0; LIMITS];
        thousandths[0] = u32::try_from(left).unwrap_or(u32::MAX);
        pace::save(
            &self.dirs,
            &self.owner,
            &Left {
                at: RecordId::now(),
                thousandths,
            },
        )
    }
}

/// A file in `run/`, which is not there where nobody has entered yet.
fn opened(dirs: &Dirs, name: &str) -> io::Result<File> {
    let (path, flags) = (dirs.run.join(name), OFlags::RDWR | OFlags::CREATE);
    let opened = match file::open(&path, flags) {
        Err(Errno::NOENT) => {
            dirs::create_dir(&dirs.run)?;
            file::open(&path, flags)
        }
        opened => opened,
    };
    Ok(opened?.0)
}

fn is_free(machine: &File) -> io::Result<bool> {
    for slot in 0..AT_ONCE {
        if slots::hold_this(machine, slot)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Bytes that somebody may read now; kept in KiB.
fn left(dirs: &Dirs, owner: &str) -> io::Result<u64> {
    let Some(kept) = pace::load(dirs, owner)? else {
        return Ok(BURST_BYTES);
    };
    let micros = RecordId::now()
        .as_micros()
        .saturating_sub(kept.at.as_micros());
    let more = BYTES_PER_SECOND / 1024 * (micros / 1000) / 1000;
    Ok((u64::from(kept.thousandths[0]) + more)
        .saturating_mul(1024)
        .min(BURST_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_searched_much_waits_and_others_do_not() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        dirs.create().expect("directories");
        let take = |owner| Turn::take(&dirs, owner).expect("files");
        let turn = take("anna").expect("hers");
        assert_eq!(turn.bytes(), BURST_BYTES - START_BYTES);
        turn.end(BURST_BYTES * 2).expect("kept");
        // Nothing is left, and a second brings more than a search costs.
        assert!(matches!(take("anna"), Err(Refused::Pace(1)) | Ok(_)));
        let other = take("bob").expect("his");
        assert_eq!(other.bytes(), BURST_BYTES - START_BYTES);
    }

    #[test]
    fn one_person_searches_once_at_a_time_and_a_machine_a_few_times() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        let take = |owner: &str| Turn::take(&dirs, owner).expect("files");
        let first = take("anna").expect("hers");
        assert_eq!(take("anna").map(|_| ()), Err(Refused::Busy));
        // Of many people some fall into one slot and would wait: those who get a turn at once are counted.
        let file = |name| opened(&dirs, name).expect("a file");
        let free = (1..AT_ONCE).map(|_| file("_search.slots"));
        let held: Vec<File> = free.filter(|file| is_free(file).expect("a slot")).collect();
        assert_eq!(held.len(), AT_ONCE as usize - 1);
        assert!(!is_free(&file("_search.slots")).expect("no slot"));
        drop(first);
        assert!(take("anna").is_ok());
    }
}
