//! Deleting the rooms that somebody only looked into: whoever comes to a room makes it, and each counts for
//! `MAX_ROOMS`.

use std::fs::File;
use std::io;
use std::time::{Duration, SystemTime};

use super::packed;
use chat_handler::settings::Settings;
use chat_store::attachments::Shelf;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::incoming;
use chat_store::log::chain;
use chat_store::log::delete;
use chat_store::log::lines::Forward;
use chat_store::log::room_log::LOCK_TIMEOUT;
use chat_store::log::rooms;
use chat_store::name::RoomName;
use chat_store::people::presence;
use chat_store::record::{Kind, Record};

/// Nobody came or went for so long.
const QUIET: Duration = Duration::from_secs(24 * 3600);

/// Deletes the rooms in which nothing was ever said, nobody is, and of which neither the settings nor a
/// moderator has said anything; the rooms that were (or would be) deleted.
///
/// # Errors
/// The first room that could not be looked at or deleted; those before it are done.
pub(super) fn sweep(
    settings: &Settings,
    now: SystemTime,
    dry_run: bool,
) -> io::Result<Vec<RoomName>> {
    let dirs = settings.dirs();
    let described = settings.described_rooms();
    let mut swept = Vec::new();
    for room in rooms::all(&dirs)? {
        let kept = described.contains(&room) || room == RoomName::lobby();
        if !kept && delete_if_empty(&dirs, &room, now, dry_run)? {
            swept.push(room);
        }
    }
    Ok(swept)
}

fn delete_if_empty(
    dirs: &Dirs,
    room: &RoomName,
    now: SystemTime,
    dry_run: bool,
) -> io::Result<bool> {
    let live = dirs.room_log(room);
    let files = chain::list(&live)?;
    let [entry] = &files[..] else {
        return Ok(false);
    };
    if entry.path != live || !packed::list(&live)?.is_empty() || is_governed(dirs, room)? {
        return Ok(false);
    }
    let Some(file) = entry.open()? else {
        return Ok(false);
    };
    // Before the lock: whoever talks there must not wait for it.
    if !is_quiet(&file, now)? || has_words(&file)? {
        return Ok(false);
    }
    let Some(held) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Ok(false);
    };
    // A writer is before the lock, and then the file is not quiet any more, or sees that it is gone.
    let is_empty = file::is_at(&file, &live)?
        && is_quiet(&file, now)?
        && presence::list_alive(dirs, room)?.is_empty();
    if is_empty && !dry_run && dirs.cluster.is_some() {
        // On all machines, or on none; each relay takes the lock for it.
        drop(held);
        delete::room(dirs, room)?;
    } else if is_empty && !dry_run {
        std::fs::remove_file(&live)?;
        remove_state(dirs, room)?;
        Shelf::of(dirs, room).delete_all()?;
    }
    Ok(is_empty)
}

/// Whether a moderator has said anything about the room, or an administrator given an address of it away: who makes it
/// anew did not.
fn is_governed(dirs: &Dirs, room: &RoomName) -> io::Result<bool> {
    let has_state = ["bans", "topic", "pins", "clear"]
        .iter()
        .any(|what| dirs.state(room, what).exists());
    let has_address = || -> io::Result<bool> {
        let all = incoming::all(dirs)?;
        Ok(all.iter().any(|hook| hook.room == *room))
    };
    Ok(has_state || has_address()?)
}

fn is_quiet(file: &File, now: SystemTime) -> io::Result<bool> {
    let since = now.duration_since(file.metadata()?.modified()?);
    Ok(since.is_ok_and(|since| since > QUIET))
}

/// Whether anything but comings and goings stands there, be it no record.
fn has_words(file: &File) -> io::Result<bool> {
    let mut lines = Forward::new(file, 0);
    while let Some((_, line)) = lines.next()? {
        let kind = Record::parse(line).map(|record| record.kind);
        if !matches!(
            kind,
            Some(Kind::Join | Kind::Quit | Kind::Nick | Kind::Color)
        ) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who made an empty room owns it no more.
fn remove_state(dirs: &Dirs, room: &RoomName) -> io::Result<()> {
    for what in ["roles", "roles.lock", "name"] {
        match std::fs::remove_file(dirs.state(room, what)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
