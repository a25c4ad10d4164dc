//! Where a person is in a room: by their name, or by their number through `run/ROOM_PERSON.own`, which tells the name.

use std::fs::File;
use std::io;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::content::Content;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::slots;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;

/// The most that is read of the file with the name, in bytes.
const MAX_BYTES: u64 = 512;

/// Somebody who has a presence file, alive or not.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) nick: Nick,
    pub(crate) person: PersonId,
    pub(super) file: File,
    pub(super) content: Content,
}

impl Found {
    /// The slots of their connections.
    pub(crate) fn connections(&self) -> io::Result<Vec<u32>> {
        slots::held(&self.file)
    }

    /// The other machines on which they are, between blanks.
    pub(crate) fn elsewhere(&self) -> &str {
        &self.content.on
    }

    /// Whether they have no connection just now and are waited for.
    pub(crate) fn is_awaited(&self) -> bool {
        let content = &self.content;
        // Killed, and nobody has looked since.
        let was_killed = content.until.is_none() && !content.is_leaving();
        content.awaited_until().is_some() || was_killed && !content.grace.is_zero()
    }

    /// Whether they have left meanwhile.
    pub(crate) fn is_gone(&self) -> io::Result<bool> {
        Ok(rustix::fs::fstat(&self.file)?.st_nlink == 0)
    }
}

/// Who is called `nick`; `None` also for a file that tells no person, which is none of ours.
pub(crate) fn by_nick(dirs: &Dirs, room: &RoomName, nick: &Nick) -> io::Result<Option<Found>> {
    open(dirs, room, nick, OFlags::RDONLY)
}

/// Where `person` is.
pub(crate) fn by_person(
    dirs: &Dirs,
    room: &RoomName,
    person: &PersonId,
) -> io::Result<Option<Found>> {
    let Some(nick) = called(dirs, room, person)? else {
        return Ok(None);
    };
    let found = open(dirs, room, &nick, OFlags::RDONLY)?;
    Ok(found.filter(|found| found.person == *person))
}

/// As [`by_person`], to be held. Should the name not be known, because somebody emptied `run/`, they may have the one
/// they wish for.
pub(super) fn to_hold(
    dirs: &Dirs,
    room: &RoomName,
    person: &PersonId,
    wished: &Nick,
) -> io::Result<Option<Found>> {
    let known = called(dirs, room, person)?;
    for nick in known.iter().chain([wished]) {
        let found = open(dirs, room, nick, OFlags::RDWR)?;
        if let Some(found) = found.filter(|found| found.person == *person) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What `person` is called in the room, as far as that is written down.
pub(super) fn called(dirs: &Dirs, room: &RoomName, person: &PersonId) -> io::Result<Option<Nick>> {
    let text = file::read_whole(&dirs.of_person(room, person, "own"), MAX_BYTES)?;
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let name = std::str::from_utf8(line).unwrap_or_default();
    Ok(Nick::parse(name).ok().filter(|nick| nick.as_str() == name))
}

/// Writes down what `person` is called. A reader in between sees the old name or the new one.
pub(super) fn write_name(
    dirs: &Dirs,
    room: &RoomName,
    person: &PersonId,
    nick: &Nick,
) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE;
    let (file, before) = file::open(&dirs.of_person(room, person, "own"), flags)?;
    let line = format!("{nick}\n");
    rustix::io::pwrite(&file, line.as_bytes(), 0)?;
    if file::size_of(&before) > line.len() as u64 {
        rustix::fs::ftruncate(&file, line.len() as u64)?;
    }
    Ok(())
}

pub(super) fn open(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    access: OFlags,
) -> io::Result<Option<Found>> {
    let file = match file::open(&dirs.user(room, nick), access) {
        Ok((file, _)) => file,
        // A directory, a link, a FIFO: nothing of ours.
        Err(Errno::NOENT | Errno::INVAL | Errno::LOOP | Errno::ISDIR | Errno::NXIO) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let content = Content::read_in(dirs, &file)?;
    Ok(content.about.person.clone().map(|person| Found {
        nick: nick.clone(),
        person,
        file,
        content,
    }))
}
