//! Into the inboxes of a person.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{LOCK_TIMEOUT, MAX_UNREAD, SendError};
use crate::bell;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::{Nick, RoomName};
use crate::people::kept;
use crate::people::message::{Message, Sender};
use crate::people::person::PersonId;
use crate::people::presence::Claim;
use crate::people::presence::find::{self, Found};
use crate::record::{Draft, MAX_LINE, Record, RecordId, attrs};

/// So much may wait for anybody, in bytes, unless the disk is full: a call's beginning.
const ALWAYS: u64 = 256 * 1024;
/// More may wait while a quarter of the file system is free, or so many bytes: all the readers that stand
/// still together must not fill it.
const KEPT_FREE: u64 = 256 * 1024 * 1024;
/// Times the file may be replaced between opening and locking it.
const SEND_TRIES: u32 = 4;

/// Puts a message into the inboxes of who is called `to`, one for each connection, and rings. Does not wait for
/// them. Whispers are kept for who is away just now.
///
/// # Errors
/// No connection gets it then.
pub fn send(
    dirs: &Dirs,
    room: &RoomName,
    to: &Nick,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<RecordId, SendError> {
    let found = find::by_nick(dirs, room, to)?.ok_or(SendError::NotHere)?;
    put_all(dirs, room, &found, None, from, message)
}

/// As [`send`], to a person whatever they are called; also gives their name.
///
/// # Errors
/// As [`send`].
pub fn send_to(
    dirs: &Dirs,
    room: &RoomName,
    to: &PersonId,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<(RecordId, Nick), SendError> {
    let found = find::by_person(dirs, room, to)?.ok_or(SendError::NotHere)?;
    let id = put_all(dirs, room, &found, None, from, message)?;
    Ok((id, found.nick))
}

/// Puts a line that another machine's relay has handed over into the inboxes of a person here.
///
/// # Errors
/// As [`send`]; `NotHere` also for a line that is none.
pub fn deliver(dirs: &Dirs, room: &RoomName, to: &PersonId, line: &[u8]) -> Result<(), SendError> {
    let record = Record::parse(line).ok_or(SendError::NotHere)?;
    let message = Message::of(&record).ok_or(SendError::NotHere)?;
    let attr = |key: &str| record.attr(key);
    let (account, person) = (attr(attrs::ACCOUNT), attr(attrs::PERSON));
    let color = attr(attrs::COLOR);
    let from = Sender {
        nick: &record.from,
        account: account.as_deref(),
        person: person.as_deref(),
        color: color.as_deref(),
    };
    send_to(dirs, room, to, from, &message).map(drop)
}

/// As [`send`], to the other connections of who holds `claim`. True if there is one.
///
/// # Errors
/// As [`send`].
pub fn send_own(
    dirs: &Dirs,
    room: &RoomName,
    claim: &Claim,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<bool, SendError> {
    let person = claim.about().person.as_ref().ok_or(SendError::NotHere)?;
    let found = find::by_person(dirs, room, person)?.ok_or(SendError::NotHere)?;
    match put_all(dirs, room, &found, Some(claim.slot()), from, message) {
        Ok(_) => Ok(true),
        Err(SendError::Away) => Ok(false),
        Err(error) => Err(error),
    }
}

/// All connections but `own` get it. That one of them gets it is enough: the others stand still, or are dead and
/// do not know it.
fn put_all(
    dirs: &Dirs,
    room: &RoomName,
    to: &Found,
    own: Option<u32>,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<RecordId, SendError> {
    let id = RecordId::now();
    let mut line = Vec::new();
    message.draft(from, |draft| draft.write_to(id, &mut line));
    if line.len() > MAX_LINE {
        return Err(SendError::TooLong);
    }
    let is_others = own.is_none() && message.msgid().is_some();
    // It was said before, on a machine that is lost: they have had it. Better twice than never: what cannot be read is
    // sent.
    if is_others && kept::has(dirs, room, &to.person, (from, message)).unwrap_or_default() {
        return Ok(id);
    }
    let slots = to.connections()?;
    let is_copy = matches!(message, Message::Sent { .. });
    // They have it, whether that can be kept or not. A copy is of what has been said: its page may go on at once.
    if is_others && is_copy && !slots.is_empty() {
        let _ = note(dirs, room, &to.person, id, (from, message));
    }
    let mut result = Err(SendError::Away);
    for slot in slots {
        if Some(slot) == own {
            continue;
        }
        let sent = put_one(dirs, room, &to.person, slot, &line, message);
        if result.is_err() {
            result = sent;
        }
    }
    if message.is_kept() && own.is_some() {
        note(dirs, room, &to.person, id, (from, message))?;
    } else if result.is_ok() && is_others && !is_copy {
        let _ = note(dirs, room, &to.person, id, (from, message));
    } else if message.is_kept() && to.is_awaited() && matches!(result, Err(SendError::Away)) {
        // What is private is on the disk for nobody who is here to hear it.
        kept::put(dirs, room, &to.person, &line)?;
        if to.is_gone()? {
            kept::forget(dirs, room, &to.person);
        } else {
            result = Ok(());
        }
    }
    if let Some(cluster) = dirs.cluster.as_ref().filter(|_| !to.elsewhere().is_empty()) {
        line.clear();
        message.draft(from, |draft| draft.write_to(id, &mut line));
        // That one of their connections gets it is enough.
        let waits = result.is_err() && own.is_none() && message.must_arrive();
        match cluster.tell(to.elsewhere(), room, &to.person, &line, waits) {
            Ok(true) if result.is_err() => result = Ok(()),
            Err(error) if result.is_err() => {
                result = Err(match error.kind() {
                    io::ErrorKind::StorageFull => SendError::Full,
                    // Nobody knows whether it has arrived.
                    io::ErrorKind::TimedOut | io::ErrorKind::NotConnected => SendError::Busy,
                    _ => SendError::Io(error),
                });
            }
            _ => {}
        }
    }
    match result {
        Err(SendError::Away) if own.is_none() && !to.is_awaited() => Err(SendError::NotHere),
        result => result.map(|()| id),
    }
}

/// Keeps that it was said, not what: so that it is not said twice.
fn note(
    dirs: &Dirs,
    room: &RoomName,
    of: &PersonId,
    id: RecordId,
    (from, message): (Sender<'_>, &Message<'_>),
) -> io::Result<()> {
    let mut line = Vec::new();
    message.draft(from, |draft| {
        Draft { text: "", ..*draft }.write_to(id, &mut line);
    });
    kept::put(dirs, room, of, &line)
}

fn put_one(
    dirs: &Dirs,
    room: &RoomName,
    to: &PersonId,
    slot: u32,
    line: &[u8],
    message: &Message<'_>,
) -> Result<(), SendError> {
    let path = dirs.inbox(room, to, slot);
    for _ in 0..SEND_TRIES {
        if put(&path, line, message.is_of_a_person())? {
            let bell = dirs.inbox_bell(room, to, slot);
            if bell::ring_at(&bell)? {
                return Ok(());
            }
            withdraw(&path, &bell);
            return Err(SendError::NotHere);
        }
    }
    Err(SendError::Busy)
}

/// False if the file was replaced before it was locked. What a moderator or the server says comes through
/// whatever waits: who does not read is thrown out all the same.
fn put(path: &Path, line: &[u8], bounded: bool) -> Result<bool, SendError> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
    let (file, _) = file::open(path, flags).map_err(io::Error::from)?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(SendError::Busy);
    };
    if !file::is_at(&file, path)? {
        return Ok(false);
    }
    let stat = rustix::fs::fstat(&file).map_err(io::Error::from)?;
    let size = file::size_of(&stat);
    let size_then = size + line.len() as u64;
    if bounded && (size_then > MAX_UNREAD || size_then > ALWAYS && is_scarce(&file)?) {
        return Err(SendError::Full);
    }
    let written = file::write_once(&file, line).map_err(io::Error::from)?;
    if written < line.len() {
        rustix::fs::ftruncate(&file, size).map_err(io::Error::from)?;
        return Err(SendError::Io(Errno::NOSPC.into()));
    }
    Ok(true)
}

/// The connection went at this moment: what was left for it would stay for good.
fn withdraw(path: &Path, bell: &Path) {
    // What cannot be removed, goes when that person comes again.
    let Ok((file, _)) = file::open(path, OFlags::WRONLY) else {
        return;
    };
    // Another one that has just got the slot may have something there: its bell is rung under no lock, but written
    // to under this.
    if let Ok(Some(_lock)) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)
        && file::is_at(&file, path).unwrap_or(false)
        && !bell.exists()
    {
        let _ = rustix::fs::unlink(path);
    }
}

/// Whether there is little room left where the inboxes are.
fn is_scarce(file: &File) -> io::Result<bool> {
    let space = rustix::fs::fstatvfs(file)?;
    let kept = (KEPT_FREE / space.f_frsize.max(1)).min(space.f_blocks / 4);
    // An unlimited tmpfs has no size.
    Ok(space.f_blocks > 0 && space.f_bavail < kept)
}
