//! The directory `users/`, read in small pieces: a process that joins a room of thousands must not
//! keep the memory of it. What a heap has once held stays with the process.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FileType, Mode, OFlags, RawDir};
use rustix::io::Errno;

use super::content::Content;
use super::fate::{self, Fate};
use super::{Gone, Member, MemberRef, Members};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::pages::Pages;
use crate::fs::slots;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::record::RecordId;

/// How the names of files start that are not in their place yet.
pub(super) const TEMPORARY: &str = ".new-";
/// No handler needs this long to put its file in place.
const STALE: Duration = Duration::from_secs(60);
/// The buffer for reading the directory, in bytes.
const DIR_BYTES: usize = 4 * 1024;
/// The most that is read of a presence file, in bytes: an account has 128 characters.
pub(super) const PRESENCE_BYTES: usize = 2 * 1024;

/// Who is in the room, in no order. May hold stale files until somebody joins.
///
/// # Errors
/// Those of reading the directory.
pub fn list(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    names(dirs, room, &mut |nick, found| {
        if let Some(file) = found.open()? {
            members.push(Member {
                color: Content::read(&file)?.color,
                nick,
            });
        }
        Ok(())
    })?;
    Ok(members)
}

/// As [`list`], without stale files. For those who only look: it removes nothing.
///
/// # Errors
/// As [`list`].
pub fn list_alive(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    names(dirs, room, &mut |nick, found| {
        if let Some(file) = found.open()?
            && let Fate::Here(content) | Fate::Awaited(content, _) | Fate::Left(content) =
                fate::look(dirs, &file)?
        {
            members.push(Member {
                color: content.color,
                nick,
            });
        }
        Ok(())
    })?;
    Ok(members)
}

/// Whether a presence file is somebody's who is there, here or elsewhere, or who is waited for.
///
/// # Errors
/// Those of reading it; a missing one is nobody's.
pub fn is_there(dirs: &Dirs, path: &Path) -> io::Result<bool> {
    let file = match file::open_read(path) {
        Err(Errno::NOENT) => return Ok(false),
        opened => opened?.0,
    };
    Ok(!matches!(fate::look(dirs, &file)?, Fate::Stale(_)))
}

/// Everybody who is alive and stays, into `members`; removes the files of dead handlers, and gives their nicks.
/// Removes also what handlers left that were killed between making their file and putting it in place.
///
/// The file of `but` is passed over.
pub(super) fn sweep(
    dirs: &Dirs,
    room: &RoomName,
    listing: &Listing,
    but: Option<&Nick>,
    members: &mut Members,
) -> io::Result<Vec<Gone>> {
    let mut stale = Vec::new();
    if listing.files.is_empty() {
        return Ok(stale);
    }
    let of_room = OfRoom::new(room);
    let dir = open_dir(dirs)?;
    for found in listing.entries(&dir) {
        if found.name.starts_with(TEMPORARY) {
            remove_leftover(&dirs.users.join(found.name))?;
            continue;
        }
        let Some(nick) = of_room.nick(found.name) else {
            continue;
        };
        if Some(&nick) == but {
            continue;
        }
        let Some(file) = found.open()? else {
            continue;
        };
        let content = match fate::judge(dirs, room, &nick, &file)? {
            Fate::Here(content) | Fate::Awaited(content, _) => content,
            Fate::Left(content) => {
                stale.extend(Gone::of(dirs, &nick, &content));
                content
            }
            Fate::Stale(content) => {
                stale.extend(Gone::of(dirs, &nick, &content));
                continue;
            }
        };
        let is_leaving = content.is_leaving();
        let Content { color, about, .. } = content;
        // Their quit record comes.
        if !is_leaving {
            members.push(MemberRef {
                nick: nick.as_str(),
                color: &color,
                account: about.account.as_deref(),
                person: about.person.as_ref().map(PersonId::as_str),
            });
        }
    }
    Ok(stale)
}

/// What was in the directory at one moment: the room's presence files, and what may have been left
/// behind. It is read once: the directory holds the people of all rooms.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// For each a letter for what it is, its name, and a NUL.
    files: Pages,
}

/// What the directory told of a file.
const REGULAR: u8 = b'r';
const UNKNOWN: u8 = b'?';

impl Listing {
    /// Reads the directory, and tells every nick that has a presence file in the room, stale or not.
    pub(super) fn read(
        dirs: &Dirs,
        room: &RoomName,
        tell: &mut dyn FnMut(&Nick),
    ) -> io::Result<Self> {
        let of_room = OfRoom::new(room);
        let mut files = Pages::default();
        scan(dirs, &mut |found| {
            let nick = of_room.nick(found.name);
            if let Some(nick) = &nick {
                tell(nick);
            }
            let kind = match found.kind {
                FileType::RegularFile => REGULAR,
                FileType::Unknown => UNKNOWN,
                _ => return Ok(()),
            };
            if nick.is_some() || found.name.starts_with(TEMPORARY) {
                files.push(&[kind]);
                files.push(found.name.as_bytes());
                files.push(b"\0");
            }
            Ok(())
        })?;
        Ok(Self { files })
    }

    fn entries<'a>(&'a self, dir: &'a OwnedFd) -> impl Iterator<Item = Found<'a>> {
        let entries = self.files.split(|&byte| byte == 0);
        entries.filter_map(|entry| {
            let (kind, name) = entry.split_first()?;
            Some(Found {
                dir: dir.as_fd(),
                name: std::str::from_utf8(name).ok()?,
                kind: if *kind == REGULAR {
                    FileType::RegularFile
                } else {
                    FileType::Unknown
                },
            })
        })
    }
}

/// Every nick that has a presence file in the room, stale or not. Opens none of them.
pub(super) fn names(
    dirs: &Dirs,
    room: &RoomName,
    take: &mut dyn FnMut(Nick, &Found<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let of_room = OfRoom::new(room);
    scan(dirs, &mut |found| match of_room.nick(found.name) {
        Some(nick) => take(nick, found),
        None => Ok(()),
    })
}

/// How the presence files of one room are called.
struct OfRoom(String);

impl OfRoom {
    fn new(room: &RoomName) -> Self {
        Self(format!("{}_", room.users_stem()))
    }

    /// Whose file it is; `None`: another room's, or nothing of ours.
    fn nick(&self, name: &str) -> Option<Nick> {
        let name = name.strip_prefix(&self.0)?;
        Nick::parse(name).ok().filter(|nick| nick.as_str() == name)
    }
}

/// An entry of the directory.
pub(super) struct Found<'a> {
    dir: BorrowedFd<'a>,
    name: &'a str,
    kind: FileType,
}

impl Found<'_> {
    /// Opens a presence file for reading; `None` if it is gone since, or nothing of ours. From the
    /// open directory, and without asking again what it is: a joiner does this for everybody.
    pub(super) fn open(&self) -> io::Result<Option<File>> {
        if !matches!(self.kind, FileType::RegularFile | FileType::Unknown) {
            return Ok(None);
        }
        let flags =
            OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match rustix::fs::openat(self.dir, self.name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT | Errno::NXIO | Errno::LOOP) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Some file systems do not tell in the directory.
        if self.kind == FileType::Unknown {
            let mode = rustix::fs::fstat(&file)?.st_mode;
            if FileType::from_raw_mode(mode) != FileType::RegularFile {
                return Ok(None);
            }
        }
        Ok(Some(file))
    }
}

fn open_dir(dirs: &Dirs) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(&dirs.users, flags, Mode::empty()).map_err(|error| {
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("{}: {error}", dirs.users.display()))
    })
}

/// Each entry of the directory.
fn scan(dirs: &Dirs, take: &mut dyn FnMut(&Found<'_>) -> io::Result<()>) -> io::Result<()> {
    let dir = open_dir(dirs)?;
    let mut buffer = [MaybeUninit::uninit(); DIR_BYTES];
    let mut entries = RawDir::new(&dir, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str() {
            take(&Found {
                dir: dir.as_fd(),
                name,
                kind: entry.file_type(),
            })?;
        }
    }
    Ok(())
}

/// Removes what a handler left that was killed between making its file and putting it in place.
fn remove_leftover(path: &Path) -> io::Result<()> {
    let Ok((file, stat)) = file::open_read(path) else {
        return Ok(());
    };
    let now = i64::try_from(RecordId::now().as_micros() / 1_000_000).unwrap_or(i64::MAX);
    if now.abs_diff(stat.st_mtime) > STALE.as_secs() && !slots::is_held(&file)? {
        match rustix::fs::unlink(path) {
            // Somebody else has done it since.
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// As much of a presence file as any holds; nothing if there is none.
pub(super) fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    file::read_whole(path, PRESENCE_BYTES as u64)
}
