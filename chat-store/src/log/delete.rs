//! A room deleted, with all that was said in it and what is kept of it.

use std::io;

use super::room_log::{LOCK_TIMEOUT, RoomLog};
use super::{chain, packed};
use crate::attachments::Shelf;
use crate::bell;
use crate::closed;
use crate::cluster::order;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::{RoomName, SERVER};
use crate::people::presence;
use crate::record::{Draft, Kind};

/// What is kept of a room beside its log.
const STATE: [&str; 10] = [
    "bans",
    "bans.lock",
    "roles",
    "roles.lock",
    "topic",
    "slow",
    "pins",
    "pins.lock",
    "clear",
    "name",
];

/// Deletes a room: here, or, if the site is on several machines, on all of them. How many bytes its logs have here.
/// Those of a closed room are its own `dirs`.
///
/// # Errors
/// Those of removing the files, and `TimedOut` if others hold the log's lock all the time; doing it again completes it.
pub fn room(dirs: &Dirs, room: &RoomName) -> io::Result<u64> {
    if dirs.cluster.is_none() {
        return here(dirs, room);
    }
    let files = chain::list(&dirs.room_log(room))?;
    order::delete_room(dirs, room)?;
    Ok(files.iter().map(|file| file.size).sum())
}

/// As [`room`], on this machine.
pub(crate) fn here(dirs: &Dirs, room: &RoomName) -> io::Result<u64> {
    if room.is_closed() {
        dismiss(dirs, room)?;
    }
    let live = dirs.room_log(room);
    let mut bytes = 0;
    for path in packed::list(&live)? {
        bytes += std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        std::fs::remove_file(path)?;
    }
    // The live one last and under its lock: a writer is before it or sees that it is gone.
    for entry in chain::list(&live)? {
        let Some(open) = entry.open()? else { continue };
        let Some(_lock) = lock::take(&open, Share::Exclusive, LOCK_TIMEOUT)? else {
            let words = "others hold the log's lock all the time";
            return Err(io::Error::new(io::ErrorKind::TimedOut, words));
        };
        if file::is_at(&open, &entry.path)? {
            bytes += entry.size;
            std::fs::remove_file(&entry.path)?;
        }
    }
    for what in STATE {
        match std::fs::remove_file(dirs.state(room, what)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Shelf::of(dirs, room).delete_all()?;
    if room.is_closed() {
        closed::remove_here(dirs, room)?;
    }
    Ok(bytes)
}

/// Takes a closed room from those who are in it: they look at the list when they hear of it, and go.
fn dismiss(dirs: &Dirs, room: &RoomName) -> io::Result<()> {
    closed::disband(dirs, room)?;
    if presence::list_alive(dirs, room)?.is_empty() {
        return Ok(());
    }
    let told = RoomLog::new(dirs, room).append(&Draft::new(Kind::Dismiss, SERVER, ""));
    told.map_err(io::Error::other)?;
    bell::ring_at(&dirs.bell(room)).map(drop)
}
