//! What becomes of a presence file: somebody holds it, or they are waited for, or it is stale.

use std::fs::File;
use std::io;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::content::{self, Content, after};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::slots;
use crate::name::{Nick, RoomName};
use crate::record::RecordId;

/// What a file means.
#[derive(Debug)]
pub(super) enum Fate {
    /// Somebody holds it.
    Here(Content),
    /// Nobody does, and they may come back until then.
    Awaited(Content, RecordId),
    /// Nobody does on this machine, and they are on others.
    Left(Content),
    /// Nobody does.
    Stale(Content),
}

/// Looks, and changes nothing.
pub(super) fn look(dirs: &Dirs, file: &File) -> io::Result<Fate> {
    let is_held = slots::is_held(file)?;
    let content = Content::read_in(dirs, file)?;
    Ok(match content.awaited_until() {
        _ if is_held || content.is_only_elsewhere() => Fate::Here(content),
        Some(until) => Fate::Awaited(content, until),
        None if content.is_elsewhere() => Fate::Left(content),
        None => Fate::Stale(content),
    })
}

/// Looks, and removes what is stale. Whose handler was killed had no time to say that they may come back: it is
/// said for them, from now on. [`Fate::Stale`] and [`Fate::Left`] are told to one who looks and nobody else: that one has the quit
/// record to write.
///
/// It needs no lock of the room: who holds all slots of a file is the only one who changes it. Of two who look at
/// once, the other counts that file as a member, and then reads the quit record that the first one writes.
pub(super) fn judge(dirs: &Dirs, room: &RoomName, nick: &Nick, file: &File) -> io::Result<Fate> {
    let fate = look(dirs, file)?;
    if !matches!(fate, Fate::Stale(_) | Fate::Left(_)) {
        return Ok(fate);
    }
    let path = dirs.user(room, nick);
    let gone = || Ok(Fate::Here(Content::default()));
    let file = match file::open(&path, OFlags::RDWR) {
        Ok((file, _)) => file,
        // Somebody else has removed it.
        Err(Errno::NOENT) => return gone(),
        Err(error) => return Err(error.into()),
    };
    if !slots::hold_all(&file)? {
        return Ok(Fate::Here(Content::read_in(dirs, &file)?));
    }
    if !file::is_at(&file, &path)? {
        return gone();
    }
    let _lock = content::lock(dirs, &file)?;
    let mut content = Content::read_in(dirs, &file)?;
    let was_killed = content.until.is_none() && !content.is_leaving();
    if was_killed && !content.grace.is_zero() {
        content.until = Some(after(RecordId::now(), content.grace));
        content.write(&file)?;
    }
    if let Some(until) = content.awaited_until() {
        return Ok(Fate::Awaited(content, until));
    }
    if content.is_elsewhere() {
        content.until = None;
        content.here = false;
        content.write(&file)?;
        return Ok(Fate::Left(content));
    }
    let stale = Fate::Stale(content.clone());
    remove(dirs, room, nick, content, &file)?;
    Ok(stale)
}

/// Removes a presence whose slots are all held by the caller through `file`, and what belongs to it. The caller tells
/// of it; a connection that had just given back its slot does not.
pub(super) fn remove(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    mut content: Content,
    file: &File,
) -> io::Result<()> {
    // If the mark cannot be set, they are told of twice: no reason to keep them.
    let _ = content.mark_leaving(file);
    remove_but(dirs, room, nick, &content, None)
}

/// The same by who holds `slot`, and removes the inbox of that one itself.
pub(super) fn remove_own(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    of: &Content,
    slot: u32,
) -> io::Result<()> {
    remove_but(dirs, room, nick, of, Some(slot))
}

fn remove_but(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    of: &Content,
    own: Option<u32>,
) -> io::Result<()> {
    if let Some(person) = &of.about.person {
        for slot in (0..=of.top).filter(|&slot| Some(slot) != own) {
            // What a killed connection left. Without a bell it has no inbox, or one that its sender takes back.
            if rustix::fs::unlink(dirs.inbox_bell(room, person, slot)).is_ok() {
                let _ = rustix::fs::unlink(dirs.inbox(room, person, slot));
            }
        }
        for what in ["own", "kept"] {
            // Not being there is usual; what cannot be removed is used again when they come back.
            let _ = rustix::fs::unlink(dirs.of_person(room, person, what));
        }
    }
    Ok(rustix::fs::unlink(dirs.user(room, nick))?)
}
