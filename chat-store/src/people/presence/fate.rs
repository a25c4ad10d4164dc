//! What becomes of a presence file: somebody holds it, or they are waited for, or it is stale.

use std::fs::File;
use std::io;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::content::{Content, after};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::slots::{self, SLOTS};
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::record::RecordId;

/// What a file means.
#[derive(Debug)]
pub(super) enum Fate {
    /// Somebody holds it.
    Here(Content),
    /// Nobody does, and they may come back until then.
    Awaited(Content, RecordId),
    /// Nobody does.
    Stale,
}

/// Looks, and changes nothing.
pub(super) fn look(file: &File) -> io::Result<Fate> {
    let is_held = slots::is_held(file)?;
    let content = Content::read(file)?;
    Ok(match content.awaited_until() {
        _ if is_held => Fate::Here(content),
        Some(until) => Fate::Awaited(content, until),
        None => Fate::Stale,
    })
}

/// Looks, and removes what is stale. Whose handler was killed had no time to say that they may come back: it is said
/// for them, from now on. [`Fate::Stale`] is told to one who looks and nobody else: that one has the quit record to write.
///
/// It needs no lock of the room: who holds all slots of a file is the only one who changes it. Of two who look at once, the
/// other counts that file as a member, and then reads the quit record that the first one writes.
pub(super) fn judge(dirs: &Dirs, room: &RoomName, nick: &Nick, file: &File) -> io::Result<Fate> {
    let fate = look(file)?;
    if !matches!(fate, Fate::Stale) {
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
        return Ok(Fate::Here(Content::read(&file)?));
    }
    if !file::is_at(&file, &path)? {
        return gone();
    }
    let mut content = Content::read(&file)?;
    let was_killed = content.until.is_none() && !content.color.is_empty();
    if was_killed && !content.grace.is_zero() {
        content.until = Some(after(RecordId::now(), content.grace));
        content.write(&file)?;
    }
    if let Some(until) = content.awaited_until() {
        return Ok(Fate::Awaited(content, until));
    }
    remove(dirs, room, nick, content.about.person.as_ref())?;
    Ok(Fate::Stale)
}

/// Removes a presence whose slots are all held by the caller, and what belongs to it.
pub(super) fn remove(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    person: Option<&PersonId>,
) -> io::Result<()> {
    if let Some(person) = person {
        for slot in 0..SLOTS {
            remove_inbox(dirs, room, person, slot);
        }
    }
    remove_left(dirs, room, nick, person)
}

/// The same in the order of who leaves the usual way, and removes the inbox of `slot` itself: many leave at once, and to look
/// for inboxes that are not there costs more than the rest.
pub(super) fn remove_own(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    person: Option<&PersonId>,
    slot: u32,
) -> io::Result<()> {
    if let Some(person) = person {
        // Slots are given out from the first one on.
        let mut others = (0..SLOTS).filter(|&other| other != slot);
        while others
            .next()
            .is_some_and(|other| remove_inbox(dirs, room, person, other))
        {}
    }
    remove_left(dirs, room, nick, person)
}

/// What a killed connection left; true if it left any.
fn remove_inbox(dirs: &Dirs, room: &RoomName, person: &PersonId, slot: u32) -> bool {
    let found = rustix::fs::unlink(dirs.inbox(room, person, slot)).is_ok();
    if found {
        // Without an inbox nobody rings it.
        let _ = rustix::fs::unlink(dirs.inbox_bell(room, person, slot));
    }
    found
}

fn remove_left(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    person: Option<&PersonId>,
) -> io::Result<()> {
    if let Some(person) = person {
        for what in ["own", "kept"] {
            // Not being there is usual; what cannot be removed is used again when they come back.
            let _ = rustix::fs::unlink(dirs.of_person(room, person, what));
        }
    }
    Ok(rustix::fs::unlink(dirs.user(room, nick))?)
}
