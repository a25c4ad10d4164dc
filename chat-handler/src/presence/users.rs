//! The directory `users/`, read in small pieces: a process that joins a room of thousands must not
//! keep the memory of it. What a heap has once held stays with the process.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, RawDir};
use rustix::io::Errno;

use super::bury;
use crate::dirs::Dirs;
use crate::file;
use crate::lock::{self, Share};
use crate::name::{Nick, RoomName};
use crate::record::{RecordId, show};

/// How the names of files start that are not in their place yet.
pub(super) const TEMPORARY: &str = ".new-";
/// No handler needs this long to put its file in place.
const STALE: Duration = Duration::from_secs(60);
/// The buffer for reading the directory, in bytes.
const DIR_BYTES: usize = 4 * 1024;
/// The longest color that is read, in bytes.
const COLOR_BYTES: usize = 64;
/// What a nick and a color usually take, in bytes.
const MEMBER_BYTES: usize = 24;

/// One person in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Their nick.
    pub nick: Nick,
    /// Their color, as the file has it.
    pub color: Box<str>,
}

/// Everybody in a room, in one piece of memory: twenty bytes a person in place of a hundred.
#[derive(Debug, Default)]
pub struct Members {
    /// Nick and color, each with the line end that neither can hold.
    text: String,
    starts: Vec<u32>,
}

impl Members {
    /// With room for about `count` people.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self {
            text: String::with_capacity(count * MEMBER_BYTES),
            starts: Vec::with_capacity(count),
        }
    }

    pub(crate) fn push(&mut self, nick: &str, color: &str) {
        // A color is cleaned, so it has no line end; a nick has none by its rules.
        let start = u32::try_from(self.text.len()).expect("MAX_MEMBERS names are some hundred KiB");
        self.starts.push(start);
        for field in [nick, color] {
            self.text.push_str(field);
            self.text.push('\n');
        }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True if nobody is there.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Puts them into the order of their nicks.
    pub fn sort(&mut self) {
        let text = &self.text;
        self.starts
            .sort_unstable_by_key(|&start| fields_at(text, start).0);
    }

    /// Each one's nick and color.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.starts
            .iter()
            .map(|&start| fields_at(&self.text, start))
    }
}

fn fields_at(text: &str, start: u32) -> (&str, &str) {
    let mut fields = text[start as usize..].split('\n');
    let mut next = || fields.next().unwrap_or_default();
    (next(), next())
}

/// Who is in the room, in no order. May hold the dead until somebody joins.
///
/// # Errors
/// Those of reading the directory.
pub fn list(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    each(dirs, room, &mut |nick, file| {
        members.push(Member {
            color: color_in(file)?,
            nick,
        });
        Ok(())
    })?;
    Ok(members)
}

/// As [`list`], without the dead. For those who only look: it removes nothing.
///
/// # Errors
/// As [`list`].
pub fn list_alive(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    each(dirs, room, &mut |nick, file| {
        if !lock::try_hold(file, Share::Shared)? {
            members.push(Member {
                color: color_in(file)?,
                nick,
            });
        }
        Ok(())
    })?;
    Ok(members)
}

/// Everybody who is alive and stays, into `members`; removes the files of dead handlers, and gives their nicks.
///
/// It needs no gate: who holds a dead handler's lock is the only one who removes its file. Of two
/// who sweep at once, the other takes the dead for alive, and then reads the quit record that the
/// first one writes.
pub(super) fn sweep(dirs: &Dirs, room: &RoomName, members: &mut Members) -> io::Result<Vec<Nick>> {
    let mut ghosts = Vec::new();
    each(dirs, room, &mut |nick, file| {
        if bury(dirs, room, &nick, file)? {
            ghosts.push(nick);
        } else {
            let color = color_in(file)?;
            // Without one they are just leaving: their quit record comes.
            if !color.is_empty() {
                members.push(nick.as_str(), &color);
            }
        }
        Ok(())
    })?;
    Ok(ghosts)
}

/// Every nick that has a presence file in the room, dead or alive. Opens none of them.
pub(super) fn names(
    dirs: &Dirs,
    room: &RoomName,
    found: &mut dyn FnMut(Nick) -> io::Result<()>,
) -> io::Result<()> {
    let prefix = format!("{}_", room.users_stem());
    scan(dirs, &mut |name| {
        let nick = name.strip_prefix(&prefix);
        match nick.and_then(|name| Nick::parse(name).ok().filter(|n| n.as_str() == name)) {
            Some(nick) => found(nick),
            None => Ok(()),
        }
    })
}

/// Every presence file of the room, open for reading.
fn each(
    dirs: &Dirs,
    room: &RoomName,
    found: &mut dyn FnMut(Nick, &File) -> io::Result<()>,
) -> io::Result<()> {
    names(dirs, room, &mut |nick| match open(dirs, room, &nick)? {
        Some(file) => found(nick, &file),
        None => Ok(()),
    })
}

/// The presence file of a nick; `None` if it is gone since, or nothing of ours.
pub(super) fn open(dirs: &Dirs, room: &RoomName, nick: &Nick) -> io::Result<Option<File>> {
    match file::open_read(&dirs.user(room, nick)) {
        Ok((file, _)) => Ok(Some(file)),
        Err(Errno::NOENT | Errno::INVAL | Errno::LOOP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes the files that handlers left which were killed between making their file and putting it
/// in place.
pub(super) fn sweep_temporaries(dirs: &Dirs) -> io::Result<()> {
    scan(dirs, &mut |name| {
        if name.starts_with(TEMPORARY) {
            remove_stale(&dirs.users.join(name))?;
        }
        Ok(())
    })
}

/// The name of each file in the directory.
fn scan(dirs: &Dirs, found: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::open(&dirs.users, flags, Mode::empty()).map_err(|error| {
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("{}: {error}", dirs.users.display()))
    })?;
    let mut buffer = [MaybeUninit::uninit(); DIR_BYTES];
    let mut entries = RawDir::new(&dir, &mut buffer);
    while let Some(entry) = entries.next() {
        if let Ok(name) = entry?.file_name().to_str() {
            found(name)?;
        }
    }
    Ok(())
}

/// Removes what a handler left that was killed between making its file and putting it in place.
fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok((file, stat)) = file::open_read(path) else {
        return Ok(());
    };
    let now = i64::try_from(RecordId::now().as_micros() / 1_000_000).unwrap_or(i64::MAX);
    if now.abs_diff(stat.st_mtime) > STALE.as_secs() && lock::try_hold(&file, Share::Exclusive)? {
        rustix::fs::unlink(path)?;
    }
    Ok(())
}

fn color_in(file: &File) -> io::Result<Box<str>> {
    let mut bytes = [0; COLOR_BYTES];
    let filled = file::read_at(file, &mut bytes, 0)?;
    let line = bytes[..filled]
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    Ok(show(line).trim().into())
}
