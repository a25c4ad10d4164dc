//! A person's own rooms: how far they have read in each, and what they want to be told of.
//!
//! A file in `marks/` for each person, named by their number, a line a room. Whoever changes it reads it
//! under its lock and puts a new one in its place; a mark never goes back, so that devices may write in
//! any order. No fsync(2): what the last seconds before a power cut hold is read twice, not lost.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::consent;
use super::person::PersonId;
use crate::bell;
use crate::cluster::order;
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::record::RecordId;

/// The most rooms that are somebody's own; of more, those stay that were read last.
pub const MAX_MARKS: usize = 100;
/// The most that is read of a file: as many rooms with the longest names.
const MAX_BYTES: u64 = 64 * 1024;
/// How long another device may hold the file.
const LOCK_LIMIT: Duration = Duration::from_secs(1);
/// How often the file may be replaced by others while it is being locked.
const ATTEMPTS: usize = 20;

/// What somebody wants to be told of in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Every message.
    All,
    /// What names them.
    #[default]
    Mentions,
    /// Nothing.
    Nothing,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::All, Self::Mentions, Self::Nothing];

    /// As in the file and in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::Nothing => "nothing",
        }
    }

    /// Reads what [`Level::as_str`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// One of somebody's rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which.
    pub room: RoomName,
    /// They have read up to here.
    pub read: RecordId,
    /// What they want to be told of.
    pub level: Level,
    /// Whether the others of a conversation are told how far they have read.
    pub shows: bool,
}

/// The word of that.
const SHOWS: &str = "shown";

/// The most closed rooms that are somebody's own beside the others: who is written to by many loses no room for it.
const MAX_CLOSED: usize = 100;

/// A change of one room's mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Read up to here; the room is theirs from now on.
    Read(RecordId),
    /// The room is theirs from now on, read up to here, unless it is already.
    Found(RecordId),
    /// What they want to be told of.
    Level(Level),
    /// Whether the others are told how far they have read.
    Shows(bool),
    /// The room is not theirs any more.
    Gone,
}

impl Change {
    /// A word, and what it says more.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Read(id) => format!("read {id}"),
            Self::Found(id) => format!("found {id}"),
            Self::Level(level) => format!("level {}", level.as_str()),
            Self::Shows(shows) => format!("shows {shows}"),
            Self::Gone => "gone".to_owned(),
        }
    }

    /// Reads what [`Change::to_text`] gives.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (word, value) = text.split_once(' ').unwrap_or((text, ""));
        let id = || RecordId::parse(value.as_bytes());
        Some(match word {
            "read" => Self::Read(id()?),
            "found" => Self::Found(id()?),
            "level" => Self::Level(Level::parse(value)?),
            "shows" => Self::Shows(value.parse().ok()?),
            "gone" => Self::Gone,
            _ => return None,
        })
    }
}

/// Somebody's own rooms, in the order in which they came to them.
///
/// # Errors
/// Those of reading the file; a line that cannot be understood is no room.
pub fn load(dirs: &Dirs, person: &PersonId) -> io::Result<Vec<Mark>> {
    Ok(parse(&file::read_whole(&path(dirs, person), MAX_BYTES)?))
}

/// How far somebody has read in a room, if they show that.
///
/// # Errors
/// As [`load`].
pub fn shown(dirs: &Dirs, person: &PersonId, room: &RoomName) -> io::Result<Option<RecordId>> {
    let marks = load(dirs, person)?;
    let of_room = marks.iter().find(|mark| mark.room == *room && mark.shows);
    Ok(of_room.map(|mark| mark.read))
}

/// Whether anything is kept of somebody.
pub fn is_known(dirs: &Dirs, person: &PersonId) -> bool {
    rustix::fs::access(path(dirs, person), rustix::fs::Access::EXISTS).is_ok()
}

/// Where somebody's connections are told that their marks have changed.
pub fn bell(dirs: &Dirs, person: &PersonId) -> PathBuf {
    // No room's stem is followed by a dot and a number's digits alone.
    dirs.run.join(format!("_marks.{}.ring", person.as_str()))
}

/// Wakes somebody's connections, if there are any.
///
/// # Errors
/// Those of writing to it.
pub(crate) fn ring(dirs: &Dirs, person: &PersonId) -> io::Result<()> {
    bell::ring_at(&bell(dirs, person)).map(drop)
}

/// Takes the bell away.
pub fn remove_bell(dirs: &Dirs, person: &PersonId) {
    let _ = rustix::fs::unlink(bell(dirs, person));
}

/// Makes changes, in this order; the file is made by the first.
///
/// # Errors
/// Those of the system calls; `TimedOut` if another device held the file all the time.
pub fn change(dirs: &Dirs, person: &PersonId, changes: &[(RoomName, Change)]) -> io::Result<()> {
    let path = path(dirs, person);
    for _ in 0..ATTEMPTS {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let (file, stat) = match file::open(&path, flags) {
            Ok(opened) => opened,
            Err(rustix::io::Errno::NOENT) => {
                dirs::create_private(&dirs.marks)?;
                file::open(&path, flags)?
            }
            Err(error) => return Err(error.into()),
        };
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_LIMIT)? else {
            break;
        };
        // Another device may have put a new file in its place between our two calls.
        if !file::is_at(&file, &path)? {
            continue;
        }
        let size = file::size_of(&stat).min(MAX_BYTES);
        let mut text = vec![0; usize::try_from(size).unwrap_or_default()];
        let filled = file::read_at(&file, &mut text, 0)?;
        let mut marks = parse(&text[..filled]);
        for (room, change) in changes {
            apply(&mut marks, room, change);
        }
        file::swap(&path, written(&marks).as_bytes())?;
        order::tell_marks(dirs, person, changes);
        return Ok(());
    }
    let error = format!("{}: others keep it", path.display());
    Err(io::Error::new(io::ErrorKind::TimedOut, error))
}

/// Makes one change.
pub fn apply(marks: &mut Vec<Mark>, room: &RoomName, change: &Change) {
    let at = marks.iter().position(|mark| mark.room == *room);
    match (at, change) {
        (Some(at), Change::Read(id)) => marks[at].read = marks[at].read.max(*id),
        (Some(at), Change::Level(level)) => marks[at].level = *level,
        (Some(at), Change::Shows(shows)) => marks[at].shows = *shows,
        (Some(at), Change::Gone) => {
            marks.remove(at);
        }
        (None, Change::Read(id) | Change::Found(id)) => {
            let most = most_like(room);
            let alike = |mark: &Mark| mark.room.is_closed() == room.is_closed();
            if marks.iter().filter(|mark| alike(mark)).count() >= most {
                let alike = marks.iter().enumerate().filter(|(_, mark)| alike(mark));
                let oldest = alike.min_by_key(|(_, mark)| mark.read);
                if let Some((at, _)) = oldest {
                    marks.remove(at);
                }
            }
            marks.push(Mark {
                room: room.clone(),
                read: *id,
                level: Level::default(),
                shows: false,
            });
        }
        (Some(_), Change::Found(_))
        | (None, Change::Level(_) | Change::Shows(_) | Change::Gone) => {}
    }
}

/// How many rooms of this sort may be somebody's own.
fn most_like(room: &RoomName) -> usize {
    if room.is_closed() {
        MAX_CLOSED
    } else {
        MAX_MARKS
    }
}

/// Sees to it that a room is among somebody's own, and tells their connections if it was not.
///
/// # Errors
/// As [`change`], and those of ringing.
pub fn offer(dirs: &Dirs, person: &PersonId, room: &RoomName, read: RecordId) -> io::Result<()> {
    if load(dirs, person)?.iter().any(|mark| mark.room == *room) {
        return Ok(());
    }
    change(dirs, person, &[(room.clone(), Change::Found(read))])?;
    // They may be nowhere just now.
    bell::ring_at(&bell(dirs, person)).map(drop)
}

/// A room is not among somebody's own any more; their connections are told.
///
/// # Errors
/// As [`offer`].
pub fn withdraw(dirs: &Dirs, person: &PersonId, room: &RoomName) -> io::Result<()> {
    if !load(dirs, person)?.iter().any(|mark| mark.room == *room) {
        return Ok(());
    }
    change(dirs, person, &[(room.clone(), Change::Gone)])?;
    bell::ring_at(&bell(dirs, person)).map(drop)
}

/// Everybody of whom something is kept, with when it was changed last.
///
/// # Errors
/// Those of reading the directory.
pub fn people(dirs: &Dirs) -> io::Result<Vec<(PersonId, SystemTime)>> {
    let entries = match std::fs::read_dir(&dirs.marks) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut people = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Some(person) = PersonId::parse(&name) else {
            continue;
        };
        // Gone meanwhile: its owner has put another in its place, or it was forgotten.
        if let Ok(found) = entry.metadata() {
            people.push((person, found.modified()?));
        }
    }
    Ok(people)
}

/// Forgets somebody's rooms, on all machines of the site; false: nothing was kept.
///
/// # Errors
/// Those of [`order::remove`].
pub fn forget(dirs: &Dirs, person: &PersonId) -> io::Result<bool> {
    consent::forget(dirs, person)?;
    let path = path(dirs, person);
    let is_there = path.exists();
    if is_there {
        order::remove(dirs, &path)?;
    }
    Ok(is_there)
}

fn path(dirs: &Dirs, person: &PersonId) -> PathBuf {
    dirs.marks.join(person.as_str())
}

fn parse(text: &[u8]) -> Vec<Mark> {
    let text = String::from_utf8_lossy(text);
    let mut marks: Vec<Mark> = Vec::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let (room, read, level) = (words.next(), words.next(), words.next());
        let room = room.and_then(|room| RoomName::parse(room).ok());
        let read = read.and_then(|id| RecordId::parse(id.as_bytes()));
        let (Some(room), Some(read)) = (room, read) else {
            continue;
        };
        let known = marks.iter().any(|mark| mark.room == room);
        if !known && marks.len() < MAX_MARKS + MAX_CLOSED {
            let level = level.and_then(Level::parse).unwrap_or_default();
            let shows = words.next() == Some(SHOWS);
            marks.push(Mark {
                room,
                read,
                level,
                shows,
            });
        }
    }
    marks
}

fn written(marks: &[Mark]) -> String {
    let mut text = String::new();
    for mark in marks {
        let (room, level) = (mark.room.as_str(), mark.level.as_str());
        let shows = if mark.shows { SHOWS } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}",
            format!("{room} {} {level} {shows}", mark.read).trim_end()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn room(name: &str) -> RoomName {
        RoomName::parse(name).expect("a name")
    }

    fn id(micros: u64) -> RecordId {
        RecordId::from_micros(1_800_000_000_000_000 + micros)
    }

    #[test]
    fn what_was_read_is_found_again_and_never_goes_back() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        let anna = PersonId::of(Some("anna"), None).expect("a number");
        assert_eq!(load(&dirs, &anna).expect("nothing"), []);
        assert!(!is_known(&dirs, &anna));
        let (lobby, den) = (room("lobby"), room("bär"));
        let changes = [
            (lobby.clone(), Change::Read(id(5))),
            (den.clone(), Change::Read(id(7))),
            (lobby.clone(), Change::Read(id(3))),
            (lobby.clone(), Change::Level(Level::All)),
        ];
        change(&dirs, &anna, &changes).expect("changed");
        let mark = |room: &RoomName, read, level| Mark {
            room: room.clone(),
            read: id(read),
            level,
            shows: false,
        };
        let marks = [mark(&lobby, 5, Level::All), mark(&den, 7, Level::Mentions)];
        assert_eq!(load(&dirs, &anna).expect("marks"), marks);
        change(&dirs, &anna, &[(lobby, Change::Gone)]).expect("changed");
        assert_eq!(load(&dirs, &anna).expect("marks"), marks[1..]);
        let text = std::fs::read_to_string(dirs.marks.join(anna.as_str())).expect("a file");
        assert_eq!(text, format!("bär {} mentions\n", id(7)));
    }

    #[test]
    fn devices_that_write_at_once_lose_nothing_of_each_other() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        let anna = PersonId::of(Some("anna"), None).expect("a number");
        std::thread::scope(|scope| {
            for device in 0..4 {
                let (dirs, anna) = (&dirs, &anna);
                scope.spawn(move || {
                    for number in 0..25 {
                        let name = room(&format!("room-{device}-{}", number % 5));
                        let read = [(name, Change::Read(id(number)))];
                        // A busy disk may have the others keep it for longer than a device waits.
                        while let Err(error) = change(dirs, anna, &read) {
                            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
                        }
                    }
                });
            }
        });
        let marks = load(&dirs, &anna).expect("marks");
        assert_eq!(marks.len(), 20);
        assert!(marks.iter().all(|mark| mark.read >= id(20)), "{marks:?}");
        let left = std::fs::read_dir(&dirs.marks).expect("a directory").count();
        assert_eq!(left, 1, "no leftover beside the file");
    }

    #[test]
    fn of_too_many_rooms_those_stay_that_were_read_last() {
        let mut marks = Vec::new();
        for number in 0..=MAX_MARKS as u64 {
            apply(
                &mut marks,
                &room(&format!("r{number}")),
                &Change::Read(id(number)),
            );
        }
        assert_eq!(marks.len(), MAX_MARKS);
        assert_eq!(marks[0].room, room("r1"));
    }

    #[test]
    fn a_list_of_ones_own_rooms_has_room_for_both_kinds() {
        let mut marks = Vec::new();
        for number in 0..MAX_MARKS as u64 {
            let open = room(&format!("r{number}"));
            apply(&mut marks, &open, &Change::Read(id(number)));
        }
        for number in 0..2 * MAX_CLOSED as u64 {
            let closed = room(&format!("~{number:020x}"));
            apply(&mut marks, &closed, &Change::Found(id(number)));
            apply(&mut marks, &closed, &Change::Found(id(0)));
        }
        assert_eq!(marks.len(), MAX_MARKS + MAX_CLOSED);
        assert!(!marks[0].room.is_closed() && marks[0].room == room("r0"));
        assert_eq!(parse(written(&marks).as_bytes()), marks);
        assert!((written(&marks).len() as u64) < MAX_BYTES);
    }

    proptest! {
        #[test]
        fn no_file_panics_and_what_is_written_is_read_again(
            text in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let marks = parse(&text);
            prop_assert_eq!(parse(written(&marks).as_bytes()), marks);
        }
    }
}
