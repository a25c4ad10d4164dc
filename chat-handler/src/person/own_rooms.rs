//! A person's own rooms and how far they have read: kept in a file, and in step on all their connections.
//!
//! Whoever writes the file rings the person's bell; who hears it reads the file and sees what is new.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use crate::identity::counted::Counted;
use crate::journal;
use crate::quota::{Pace, Quota};
use chat_store::bell;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::lock::{self, Share};
use chat_store::name::RoomName;
use chat_store::people::marks::{self, Change, Mark};
use chat_store::people::person::PersonId;

/// How long changes wait for more: somebody who reads sends a mark every few seconds.
const SAVE_DELAY: Duration = Duration::from_secs(2);

/// Changes that wait for the file: from so many on they are written at once, or given up.
const MOST_PENDING: usize = 200;

/// People of whom something is kept for the first time: each is a file that stays.
const PEOPLE: Quota = Quota {
    what: "people",
    each: Pace {
        every: Duration::from_secs(180),
        burst: 20,
    },
    unknown: Pace {
        every: Duration::from_secs(10),
        burst: 300,
    },
};

/// The rooms of one person, as one of their connections knows them.
pub(super) struct OwnRooms {
    dirs: Dirs,
    person: PersonId,
    bell: bell::Bell,
    marks: Vec<Mark>,
    pending: Vec<(RoomName, Change)>,
    save_at: Option<Instant>,
    /// Another connection may have changed something.
    pub(super) due: bool,
    counted: Counted,
    /// Whether their file is there or may be made; `None`: nobody has asked yet.
    may_keep: Option<bool>,
}

impl OwnRooms {
    pub(super) fn open(dirs: Dirs, person: PersonId, counted: Counted) -> io::Result<Self> {
        dirs.create()?;
        let bell = open_bell(&dirs, &person)?;
        Ok(Self {
            marks: marks::load(&dirs, &person)?,
            dirs,
            person,
            bell,
            pending: Vec::new(),
            save_at: None,
            due: false,
            counted,
            may_keep: None,
        })
    }

    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// True if the bell has a new descriptor.
    pub(super) fn reopen_if_replaced(&mut self) -> bool {
        self.due = true;
        let replaced = self.bell.reopen_if_replaced().unwrap_or(false);
        if replaced {
            let _ = lock::try_hold(&self.bell, Share::Shared);
        }
        replaced
    }

    pub(super) fn all(&self) -> &[Mark] {
        &self.marks
    }

    pub(super) fn of(&self, room: &str) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.room.as_str() == room)
    }

    /// Changes a mark, and keeps that a while later.
    pub(super) fn change(&mut self, room: &RoomName, change: Change) {
        let before = self.of(room.as_str()).cloned();
        marks::apply(&mut self.marks, room, &change);
        if self.of(room.as_str()) == before.as_ref() {
            return;
        }
        let is_same = |(of, known): &(RoomName, Change)| {
            of == room && matches!((known, &change), (Change::Read(_), Change::Read(_)))
        };
        // What was read since is behind what was read then.
        match self.pending.last_mut().filter(|last| is_same(last)) {
            Some(last) => last.1 = change,
            None => self.pending.push((room.clone(), change)),
        }
        let now = Instant::now();
        if self.pending.len() >= MOST_PENDING {
            self.save_at = Some(now);
        }
        self.save_at.get_or_insert(now + SAVE_DELAY);
    }

    pub(super) fn save_at(&self) -> Option<Instant> {
        self.save_at
    }

    /// Writes what waits, and tells the person's other connections.
    pub(super) fn save(&mut self) {
        self.save_at = None;
        if self.pending.is_empty() {
            return;
        }
        if !self.may_keep() {
            self.pending.clear();
            return;
        }
        if let Err(error) = marks::change(&self.dirs, &self.person, &self.pending) {
            // Tried again with the next change, unless too many wait: what is lost is read twice.
            if self.pending.len() >= MOST_PENDING {
                self.pending.clear();
            }
            journal::note(format_args!("what was read is not kept: {error}"));
            return;
        }
        self.pending.clear();
        if let Err(error) = self.bell.ring() {
            journal::note(format_args!("the bell of a person cannot be rung: {error}"));
        }
    }

    fn may_keep(&mut self) -> bool {
        let (dirs, person, counted) = (&self.dirs, &self.person, &self.counted);
        *self
            .may_keep
            .get_or_insert_with(|| marks::is_known(dirs, person) || PEOPLE.take(dirs, counted))
    }

    /// What other connections have changed, by room; `None`: it is not theirs any more.
    pub(super) fn news(&mut self) -> Vec<(RoomName, Option<Mark>)> {
        self.due = false;
        let mut kept = match marks::load(&self.dirs, &self.person) {
            Ok(kept) => kept,
            Err(error) => {
                journal::note(format_args!("what was read cannot be read: {error}"));
                return Vec::new();
            }
        };
        if self.may_keep == Some(false) {
            return Vec::new();
        }
        for (room, change) in &self.pending {
            marks::apply(&mut kept, room, change);
        }
        let before = std::mem::replace(&mut self.marks, kept);
        let gone = before
            .iter()
            .filter(|mark| self.of(mark.room.as_str()).is_none());
        let gone = gone.map(|mark| (mark.room.clone(), None));
        let changed = self.marks.iter().filter(|mark| !before.contains(mark));
        let changed = changed.map(|mark| (mark.room.clone(), Some(mark.clone())));
        gone.chain(changed).collect()
    }
}

/// Whoever waits at the bell holds a lock of it, so that the last knows that nobody else does.
fn open_bell(dirs: &Dirs, person: &PersonId) -> io::Result<bell::Bell> {
    let bell = bell::Bell::open(&marks::bell(dirs, person))?;
    lock::try_hold(&bell, Share::Shared)?;
    Ok(bell)
}

impl Drop for OwnRooms {
    fn drop(&mut self) {
        self.save();
        // The last of their connections. One that comes at this moment finds that out at its next poll.
        if lock::try_hold(&self.bell, Share::Exclusive).unwrap_or(false) {
            marks::remove_bell(&self.dirs, &self.person);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Person;
    use chat_store::record::RecordId;

    /// Reads in two rooms in turn, as often as a client could in a while.
    fn read_on(own: &mut OwnRooms) {
        let rooms = ["a", "b"].map(|name| RoomName::parse(name).expect("a name"));
        for number in 0..10 * MOST_PENDING as u64 {
            let room = &rooms[usize::from(number % 2 == 0)];
            own.change(room, Change::Read(RecordId::from_micros(number + 1)));
            assert!(own.pending.len() <= MOST_PENDING, "{number}");
            if own.save_at().is_some_and(|at| at <= Instant::now()) {
                own.save();
            }
        }
    }

    #[test]
    fn what_cannot_be_kept_takes_no_room_for_ever() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        let number = PersonId::of(None, Some("a-browser")).expect("a number");
        let counted = || Counted::of(&Person::default(), "192.0.2.7");
        let open = || OwnRooms::open(dirs.clone(), number.clone(), counted()).expect("open");
        let mut own = open();
        own.may_keep = Some(false);
        read_on(&mut own);
        drop(own);
        assert!(!dirs.marks.exists());
        let mut own = open();
        // Something is in the place of the directory.
        std::fs::write(&dirs.marks, "").expect("written");
        read_on(&mut own);
    }
}
