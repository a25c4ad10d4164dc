//! The directory `users/`, read in small pieces: a process that joins a room of thousands must not
//! keep the memory of it.

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

/// One person in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Their nick.
    pub nick: Nick,
    /// Their color, as the file has it.
    pub color: Box<str>,
}

/// What a sweep found.
pub(super) struct Present {
    pub(super) members: Vec<Member>,
    pub(super) ghosts: Vec<Nick>,
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

/// As [`list`], and removes the files of dead handlers. Under the room's gate only.
pub(super) fn sweep(dirs: &Dirs, room: &RoomName) -> io::Result<Present> {
    let mut present = Present {
        members: Vec::new(),
        ghosts: Vec::new(),
    };
    each(dirs, room, &mut |nick, file| {
        if bury(dirs, room, &nick, file)? {
            present.ghosts.push(nick);
        } else {
            present.members.push(Member {
                color: color_in(file)?,
                nick,
            });
        }
        Ok(())
    })?;
    Ok(present)
}

/// Every presence file of the room, open for reading.
pub(super) fn each(
    dirs: &Dirs,
    room: &RoomName,
    found: &mut dyn FnMut(Nick, &File) -> io::Result<()>,
) -> io::Result<()> {
    let prefix = format!("{}_", room.users_stem());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::open(&dirs.users, flags, Mode::empty()).map_err(|error| {
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("{}: {error}", dirs.users.display()))
    })?;
    let mut buffer = [MaybeUninit::uninit(); DIR_BYTES];
    let mut entries = RawDir::new(&dir, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        if name.starts_with(TEMPORARY) {
            remove_stale(&dirs.users.join(name))?;
        }
        let nick = name.strip_prefix(&prefix);
        let Some(nick) =
            nick.and_then(|name| Nick::parse(name).ok().filter(|n| n.as_str() == name))
        else {
            continue;
        };
        match file::open_read(&dirs.user(room, &nick)) {
            Ok((file, _)) => found(nick, &file)?,
            // Gone since, or nothing of ours.
            Err(Errno::NOENT | Errno::INVAL | Errno::LOOP) => {}
            Err(error) => return Err(error.into()),
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
