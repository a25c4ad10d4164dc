//! Rooms for some only, and conversations: who may be in them is a list, and nobody else can tell that they are there.
//!
//! Each is called `~` and twenty random digits, which entering never makes, and has a directory of its own,
//! `closed/~DIGITS/`, for the service's user alone, with what the directories of the site hold of other rooms: its log,
//! who is there, its state. So whoever lists rooms, people or logs of the site meets none of them, and whoever is to
//! see one asks here, with who they are. `closed/~DIGITS/members` is the list.
//!
//! One is made whole beside its place and moved there by one rename(2): a crash leaves all of it or nothing.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::cluster::order;
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::people::person::PersonId;

mod admission;
mod circle;
mod error;

pub use admission::{Admission, Keys, Power};
pub use circle::{Circle, Invitation, Kind, MAX_INVITATIONS, MAX_MEMBERS, MAX_TITLE_CHARS, Member};
pub use error::ClosedError;

/// The largest list that is read, in bytes: what [`MAX_MEMBERS`] with long names take.
const MAX_BYTES: u64 = 1024 * 1024;
/// The longest wait for somebody else who changes the list.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// What nobody outside knows, and the name of a conversation of two is made of.
const SECRET: &str = ".secret";
/// Bytes of it, and of a random name or token.
const SECRET_BYTES: usize = 32;
/// Bytes of a token.
const TOKEN_BYTES: usize = 16;
/// How a room is called before it is whole.
const UNFINISHED: &str = ".new-";
/// How the list of a room is called.
pub(crate) const LIST: &str = "members";
/// How often a list is read again that was changed meanwhile on another machine.
const CHANGE_TRIES: u32 = 8;
/// How often a directory is removed in which somebody makes files meanwhile.
const REMOVE_TRIES: u32 = 40;
/// Between two of these times: two seconds in all.
const REMOVE_PAUSE: Duration = Duration::from_millis(50);
/// Nobody takes so long to make one.
const STALE: Duration = Duration::from_secs(3600);

/// A closed room that is there.
#[derive(Debug, Clone)]
pub struct Closed {
    /// Its directories.
    pub dirs: Dirs,
    /// Who may be in it.
    pub circle: Circle,
}

/// The closed room of this name; `None`: there is none.
///
/// # Errors
/// Those of reading the list.
pub fn find(dirs: &Dirs, room: &RoomName) -> io::Result<Option<Closed>> {
    if !room.is_closed() {
        return Ok(None);
    }
    let own = dirs.of_closed(room);
    let text = file::read_whole(&list_of(dirs, room), MAX_BYTES)?;
    Ok(Circle::parse(&text).map(|circle| Closed { dirs: own, circle }))
}

/// Whether a room is one that anybody can be in: an open one, or a closed one that is there. For a closed room one
/// system call.
pub fn is_there(dirs: &Dirs, room: &RoomName) -> bool {
    !room.is_closed() || list_of(dirs, room).exists()
}

/// The directories in which a room's files are: its own, if it is closed.
pub fn dirs_of(dirs: &Dirs, room: &RoomName) -> Dirs {
    if room.is_closed() {
        dirs.of_closed(room)
    } else {
        dirs.clone()
    }
}

/// Every closed room, by name.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub fn all(dirs: &Dirs) -> io::Result<Vec<RoomName>> {
    let mut rooms = Vec::new();
    for name in names(dirs)? {
        rooms.extend(RoomName::parse(&name).ok().filter(RoomName::is_closed));
    }
    rooms.sort_unstable();
    Ok(rooms)
}

/// How many there are, counted up to `most`.
///
/// # Errors
/// As [`all`].
pub fn count(dirs: &Dirs, most: usize) -> io::Result<usize> {
    let is_one = |name: &String| name.starts_with('~');
    Ok(names(dirs)?.into_iter().filter(is_one).take(most).count())
}

fn names(dirs: &Dirs) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(&dirs.closed) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
    names.filter_map(Result::transpose).collect()
}

/// A name that nobody can guess.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_name() -> io::Result<RoomName> {
    Ok(RoomName::closed(&random()?))
}

/// A token for a link of invitation; what is kept of it is [`Invitation::hash_of`].
///
/// # Errors
/// As [`new_name`].
pub fn new_token() -> io::Result<String> {
    let mut token = String::with_capacity(2 * TOKEN_BYTES);
    for byte in &random()?[..TOKEN_BYTES] {
        // Writing to a string cannot fail.
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

/// What the conversation of two people is called: the same whoever of them begins it, and made of what nobody else knows.
///
/// # Errors
/// Those of reading and making the secret.
pub fn name_of_pair(dirs: &Dirs, one: &PersonId, other: &PersonId) -> io::Result<RoomName> {
    let secret = secret(dirs)?;
    let (first, second) = if one.as_str() < other.as_str() {
        (one, other)
    } else {
        (other, one)
    };
    let mut hash = Sha256::new();
    for part in [
        &secret,
        first.as_str().as_bytes(),
        second.as_str().as_bytes(),
    ] {
        hash.update(part);
        hash.update(b"\0");
    }
    Ok(RoomName::closed(&hash.finalize()))
}

/// Makes a closed room. False: there is one of this name, which stays as it is.
///
/// # Errors
/// There is none then.
pub fn create(dirs: &Dirs, room: &RoomName, circle: &Circle) -> Result<bool, ClosedError> {
    circle.check()?;
    if dirs.cluster.is_some() {
        // Whoever makes the same conversation on another machine is as good.
        return Ok(order::replace(
            dirs,
            &list_of(dirs, room),
            b"",
            &circle.written(),
        )?);
    }
    Ok(make(dirs, room, &circle.written())?)
}

/// Puts the list of a closed room in place, on this machine; makes the room if there is none.
pub(crate) fn put_list(dirs: &Dirs, room: &RoomName, list: &[u8]) -> io::Result<()> {
    let path = list_of(dirs, room);
    if path.exists() || !make(dirs, room, list)? {
        file::replace(&path, list)?;
    }
    Ok(())
}

fn make(dirs: &Dirs, room: &RoomName, list: &[u8]) -> io::Result<bool> {
    let place = dirs.base_of_closed(room);
    dirs::create_private(&dirs.closed)?;
    let mark = new_token()?;
    let unfinished = dirs.closed.join(format!("{UNFINISHED}{mark}"));
    let made = furnish(&unfinished, room, list).and_then(|()| {
        match rustix::fs::rename(&unfinished, &place) {
            Ok(()) => file::sync_directory_of(&place).map(|()| true),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    });
    if !matches!(made, Ok(true)) {
        // What is left of it is swept later.
        let _ = std::fs::remove_dir_all(&unfinished);
    }
    made
}

/// All files of a new room, on the disk.
fn furnish(place: &Path, room: &RoomName, list: &[u8]) -> io::Result<()> {
    let own = Dirs::under(place);
    for dir in [place, &own.rooms, &own.users, &own.state] {
        dirs::create_private(dir)?;
    }
    let live = own.room_log(room);
    file::open(&live, OFlags::WRONLY | OFlags::CREATE)?;
    file::sync_directory_of(&live)?;
    file::replace(&place.join(LIST), list)
}

/// Changes who may be in a room; gives what it is then. `edit` may refuse: nothing is changed then.
///
/// # Errors
/// `NotThere`, what `edit` says, or that it was not written.
pub fn change<T>(
    dirs: &Dirs,
    room: &RoomName,
    mut edit: impl FnMut(&mut Circle) -> Result<T, ClosedError>,
) -> Result<T, ClosedError> {
    let path = list_of(dirs, room);
    // Of its own: the list is replaced, and with it the inode a lock would be on.
    let lock = file::suffixed(&path, ".lock");
    let lock_file = match file::open(&lock, OFlags::RDWR | OFlags::CREATE) {
        Ok((lock_file, _)) => lock_file,
        Err(Errno::NOENT) => return Err(ClosedError::NotThere),
        Err(error) => return Err(ClosedError::Io(error.into())),
    };
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(ClosedError::Busy);
    };
    for _ in 0..CHANGE_TRIES {
        let text = file::read_whole(&path, MAX_BYTES)?;
        let mut circle = Circle::parse(&text).ok_or(ClosedError::NotThere)?;
        let done = edit(&mut circle)?;
        circle.check()?;
        let written = circle.written();
        if written == text || order::replace(dirs, &path, &text, &written)? {
            return Ok(done);
        }
    }
    Err(ClosedError::Busy)
}

/// Takes the list away: without it it is no room any more, whatever else is left.
///
/// # Errors
/// Those of unlink(2).
pub fn disband(dirs: &Dirs, room: &RoomName) -> io::Result<()> {
    match std::fs::remove_file(list_of(dirs, room)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Deletes a room with all that was said in it.
///
/// # Errors
/// Those of removing the files; what is left of it is a closed room of nobody.
pub fn remove(dirs: &Dirs, room: &RoomName) -> io::Result<()> {
    order::remove(dirs, &list_of(dirs, room))
}

/// As [`remove`], on this machine.
pub(crate) fn remove_here(dirs: &Dirs, room: &RoomName) -> io::Result<()> {
    disband(dirs, room)?;
    let own = dirs.of_closed(room);
    remove_tree(&own.run)?;
    remove_tree(&dirs.base_of_closed(room))
}

/// Those who were in the room are on their way out, and write that they are.
fn remove_tree(dir: &Path) -> io::Result<()> {
    for _ in 0..REMOVE_TRIES {
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                std::thread::sleep(REMOVE_PAUSE);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(()),
        }
    }
    std::fs::remove_dir_all(dir)
}

/// Removes what somebody left who was killed while they made a room; how many.
///
/// # Errors
/// Those of reading and removing.
pub fn sweep(dirs: &Dirs, now: SystemTime) -> io::Result<usize> {
    let mut swept = 0;
    for name in names(dirs)? {
        let path = dirs.closed.join(&name);
        if !name.starts_with(UNFINISHED) {
            continue;
        }
        let found = match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            found => found?,
        };
        let age = now.duration_since(found.modified()?);
        if age.is_ok_and(|age| age > STALE) {
            if found.is_dir() {
                std::fs::remove_dir_all(&path)?;
            } else {
                // The secret's, before it had its name.
                std::fs::remove_file(&path)?;
            }
            swept += 1;
        }
    }
    Ok(swept)
}

fn list_of(dirs: &Dirs, room: &RoomName) -> PathBuf {
    dirs.base_of_closed(room).join(LIST)
}

/// Made by the first, whole or not at all.
fn secret(dirs: &Dirs) -> io::Result<Vec<u8>> {
    let path = dirs.closed.join(SECRET);
    let found = file::read_whole(&path, SECRET_BYTES as u64)?;
    if found.len() == SECRET_BYTES {
        return Ok(found);
    }
    dirs::create_private(&dirs.closed)?;
    let mark = new_token()?;
    let unfinished = dirs.closed.join(format!("{UNFINISHED}{mark}"));
    file::replace(&unfinished, &random()?)?;
    // Unlike a rename this leaves the one of somebody who was faster.
    let linked = rustix::fs::link(&unfinished, &path);
    let _ = rustix::fs::unlink(&unfinished);
    match linked {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    file::sync_directory_of(&path)?;
    file::read_whole(&path, SECRET_BYTES as u64)
}

fn random() -> io::Result<[u8; SECRET_BYTES]> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
