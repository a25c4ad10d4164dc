//! Who is in a room on other machines: their presence files are here as well, written by the relay, and nobody holds a
//! slot of them. So whoever lists, counts, or looks for a free name needs not know that there are other machines. Of
//! somebody who is on this one, too, there is the one file that there is of each person; it says on which others.

use std::collections::BTreeSet;
use std::io;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::content::{self, Content};
use super::{About, fate, find, place, places, users};
use crate::closed;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::slots;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;

/// Somebody in a room, as all machines agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// Who.
    pub person: PersonId,
    /// What they are called; `None`: as before.
    pub nick: Option<Nick>,
    /// Their color; `None`: as before.
    pub color: Option<String>,
    /// Who they are besides; `None`: as before.
    pub about: Option<About>,
    /// The other machines on which they are, between blanks; empty: none.
    pub on: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It is so.
    Done,
    /// Somebody else has the name on this machine: tell them, and try again later.
    Taken(Nick),
}

/// Puts down where somebody is. `dirs` are those of the room.
///
/// # Errors
/// Those of the files; `TimedOut`: try it again.
pub fn put(dirs: &Dirs, room: &RoomName, it: &Elsewhere) -> io::Result<Placed> {
    let found = find_theirs(dirs, room, it)?;
    let is_called_so = |found: &find::Found| it.nick.as_ref().is_none_or(|it| *it == found.nick);
    match found {
        Some(found) if is_called_so(&found) => return change(dirs, room, it, found),
        None if it.on.is_empty() => return Ok(Placed::Done),
        _ => {}
    }
    // They get a name: nobody else gets one meanwhile, and they themselves get none here.
    let places = places::open(dirs, room)?;
    let _lock = places::take(places.as_ref())?;
    match find_theirs(dirs, room, it)? {
        Some(found) => change(dirs, room, it, found),
        None if it.on.is_empty() => Ok(Placed::Done),
        None => make(dirs, room, it),
    }
}

/// Their file, whatever they are called in it.
fn find_theirs(dirs: &Dirs, room: &RoomName, it: &Elsewhere) -> io::Result<Option<find::Found>> {
    let known = find::called(dirs, room, &it.person)?;
    let mut found = None;
    for nick in known.iter().chain(&it.nick) {
        found = find::open(dirs, room, nick, OFlags::RDWR)?;
        found = found.filter(|found| found.person == it.person);
        if found.is_some() {
            break;
        }
    }
    // A power cut takes the one and leaves the other. Who is not found by their number would have a second file with
    // their next name, and this one would stay.
    if let Some(found) = &found
        && known.as_ref() != Some(&found.nick)
    {
        find::write_name(dirs, room, &it.person, &found.nick)?;
    }
    Ok(found)
}

fn change(dirs: &Dirs, room: &RoomName, it: &Elsewhere, found: find::Found) -> io::Result<Placed> {
    let find::Found { file, nick, .. } = found;
    let path = dirs.user(room, &nick);
    let lock = content::lock_always(&file)?;
    let mut content = Content::read(&file)?;
    if it.on.is_empty() && !content.here {
        if !file::is_at(&file, &path)? {
            return Ok(Placed::Done);
        }
        // Only who holds all slots removes it. Somebody who is just coming keeps it, and is on this machine alone.
        if slots::hold_all(&file)? {
            fate::remove(dirs, room, &nick, content, &file)?;
            return Ok(Placed::Done);
        }
    }
    content.on = it.on.as_str().into();
    if let Some(color) = it.color.as_deref().filter(|color| !color.is_empty()) {
        content.color = color.into();
    }
    if let Some(about) = it.about.as_ref().filter(|_| !content.here) {
        content.about = about.clone();
        content.about.person = Some(it.person.clone());
    }
    content.write(&file)?;
    drop(lock);
    let Some(wished) = it.nick.as_ref().filter(|wished| **wished != nick) else {
        return Ok(Placed::Done);
    };
    // It stays the same file: whoever holds it goes on to.
    let to = dirs.user(room, wished);
    let moved = match file::move_to(&path, &to) {
        Err(Errno::EXIST) if remove_other(dirs, room, &it.person, wished)? => {
            file::move_to(&path, &to)
        }
        moved => moved,
    };
    match moved {
        Ok(()) => {
            find::write_name(dirs, room, &it.person, wished)?;
            Ok(Placed::Done)
        }
        Err(Errno::EXIST) => Ok(Placed::Taken(wished.clone())),
        Err(Errno::NOENT) => Ok(Placed::Done),
        Err(error) => Err(error.into()),
    }
}

fn make(dirs: &Dirs, room: &RoomName, it: &Elsewhere) -> io::Result<Placed> {
    let Some(nick) = &it.nick else {
        return Ok(Placed::Done);
    };
    if let Some(other) = look_alike(dirs, room, nick)? {
        return Ok(Placed::Taken(other));
    }
    let mut about = it.about.clone().unwrap_or_default();
    about.person = Some(it.person.clone());
    let content = Content {
        // Without a color they would be just leaving.
        color: it
            .color
            .as_deref()
            .filter(|color| !color.is_empty())
            .unwrap_or("#000000")
            .into(),
        about,
        on: it.on.as_str().into(),
        ..Content::default()
    };
    match place(&dirs.user(room, nick), &content.to_text(), 0) {
        // The slot that it was made with is free again with the descriptor.
        Ok(file) => drop(file),
        Err(Errno::EXIST) => return Ok(Placed::Taken(nick.clone())),
        Err(error) => return Err(error.into()),
    }
    find::write_name(dirs, room, &it.person, nick).inspect_err(|_| {
        // Nobody would find it by their number; it is made anew when there is room on the disk.
        let _ = rustix::fs::unlink(dirs.user(room, nick));
    })?;
    Ok(Placed::Done)
}

/// Whoever has a name here that looks like this one.
fn look_alike(dirs: &Dirs, room: &RoomName, nick: &Nick) -> io::Result<Option<Nick>> {
    let key = nick.key();
    let mut found = None;
    users::names(dirs, room, &mut |other, _| {
        if other.key() == key {
            found = Some(other);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Somebody in a room on this machine, or said to be on others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub nick: Nick,
    /// Their color.
    pub color: String,
    /// Who they log in as.
    pub account: Option<String>,
    /// Whether they are on this machine.
    pub here: bool,
    /// Which a handler of theirs is to tell the others, and has not yet.
    pub due: bool,
    /// Whether a handler of theirs is: one that was killed leaves its file, one whose client is lost waits for it.
    pub held: bool,
}

/// Everybody in a room of whom a number is known.
///
/// # Errors
/// Those of reading.
pub fn all(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Known>> {
    let mut all = Vec::new();
    users::names(dirs, room, &mut |nick, found| {
        let Some(file) = found.open()? else {
            return Ok(());
        };
        let Content {
            about,
            color,
            here,
            due,
            ..
        } = Content::read(&file)?;
        if let Some(person) = about.person {
            all.push(Known {
                person,
                nick,
                color: color.into(),
                account: about.account,
                here,
                due,
                held: slots::is_held(&file)?,
            });
        }
        Ok(())
    })?;
    Ok(all)
}

/// Says that somebody is not on this machine, who was called `nick`, unless they are: whoever comes meanwhile says so
/// when this has been said.
///
/// # Errors
/// Those of the files, and of saying it; `TimedOut`: others gave places all the time, and nothing was said.
pub fn unless_here(
    dirs: &Dirs,
    room: &RoomName,
    (person, nick): (&PersonId, &Nick),
    say: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    let places = places::open(dirs, room)?;
    let _lock = places::take(places.as_ref())?;
    let found = find::to_hold(dirs, room, person, nick)?;
    if found.is_some_and(|found| found.content.here) {
        return Ok(());
    }
    say()
}

/// Removes the file of somebody who is on other machines alone and has another file, by which they are known. Whether it
/// is such a one.
///
/// # Errors
/// Those of the files.
pub fn remove_double(dirs: &Dirs, room: &RoomName, it: &Known) -> io::Result<bool> {
    let known = find::called(dirs, room, &it.person)?.filter(|known| *known != it.nick);
    let Some(known) = known.filter(|_| !it.here) else {
        return Ok(false);
    };
    let is_theirs = |found: &find::Found| found.person == it.person;
    let other = find::open(dirs, room, &known, OFlags::RDONLY)?.filter(is_theirs);
    let found = find::open(dirs, room, &it.nick, OFlags::RDONLY)?.filter(is_theirs);
    if other.is_none() || found.is_none() {
        return Ok(false);
    }
    remove_other(dirs, room, &it.person, &it.nick)?;
    Ok(true)
}

/// Removes a file of somebody that is not the one by which they are known, if it says that they are on other machines
/// alone; false: it does not, or is none of theirs.
fn remove_other(dirs: &Dirs, room: &RoomName, person: &PersonId, nick: &Nick) -> io::Result<bool> {
    let found = find::open(dirs, room, nick, OFlags::RDWR)?;
    let Some(found) = found.filter(|found| found.person == *person) else {
        return Ok(false);
    };
    let path = dirs.user(room, nick);
    let _lock = content::lock_always(&found.file)?;
    let is_free = slots::hold_all(&found.file)? && file::is_at(&found.file, &path)?;
    if !is_free || Content::read(&found.file)?.here {
        return Ok(false);
    }
    // Alone: what belongs to a person is that of the other file.
    rustix::fs::unlink(&path)?;
    Ok(true)
}

/// The rooms that have a presence file, as far as they are known by name; and all closed ones.
///
/// # Errors
/// Those of reading.
pub fn rooms(dirs: &Dirs) -> io::Result<Vec<RoomName>> {
    let mut rooms = closed::all(dirs)?;
    let mut stems = BTreeSet::new();
    for entry in std::fs::read_dir(&dirs.site_users)?.flatten() {
        // Neither a room's name nor a nick holds the character between them.
        let name = entry.file_name();
        let stem = name.to_str().and_then(|name| name.rsplit_once('_'));
        stems.extend(stem.map(|(stem, _)| stem.to_owned()));
    }
    for stem in stems {
        let room = RoomName::parse(&stem).ok();
        rooms.extend(room.filter(|room| room.users_stem() == stem));
    }
    Ok(rooms)
}

#[cfg(test)]
mod tests;
