//! Orders: what changes the state of a site that is on several machines. An order goes the way of a record, so all
//! machines get all of them in one order, and each relay performs them by [`perform`], as one machine alone does it at
//! once. Performed twice it does nothing more.
//!
//! A list (bans, roles, who is in a closed room) is changed by whoever has read it: the order says what the file was,
//! and what becomes of it. If it was changed meanwhile on another machine, all machines refuse the order, and whoever
//! gave it reads the list anew. An order of its own for each kind of change was refused: the lists have their rules
//! where they are edited, and would need them once more where an order is performed.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::{Refused, tasks};
use crate::closed;
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::log::delete;
use crate::log::room_log::AppendError;
use crate::moves;
use crate::name::{RoomName, SERVER};
use crate::people::marks::{self, Change};
use crate::people::person::{PersonId, hex_of_bytes};
use crate::record::{Attrs, Draft, Kind, RecordId, attrs};

mod edit;
mod settle;
mod text;

pub use edit::{After, edit, unlike_others};
pub use settle::{made_by, settle, settled};

/// What an order does.
const WHAT: &str = "do";
/// The file that it is about, below `BASE_DIR`.
pub(crate) const PATH: &str = "path";
/// Hashes of the file before and after.
const BEFORE: &str = "before";
const AFTER: &str = "after";
/// Where bytes are replaced, and how many of them go.
const AT: &str = "at";
const CUT: &str = "cut";

/// The largest file that is changed by orders, in bytes.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// How many bytes of a large file go into one order: each may need three in its text.
const PART: usize = MAX_TEXT / 3;
/// What is put together by several orders ends so until it is whole.
const UNFINISHED: &str = ".part";
/// The most that one order can say, in bytes: less than a line of a log.
const MAX_TEXT: usize = 72 * 1024;
/// The longest name of a file, in bytes: it is written under a longer one first.
const MAX_NAME: usize = 200;
/// The directories of which files are changed by orders.
const DIRECTORIES: [&str; 7] = [
    "accounts", "closed", "logins", "marks", "names", "profiles", "state",
];
/// The one file of them that begins with a dot.
const HIDDEN: &str = "accounts/.costs";

/// What `do` may say.
const REPLACE: &str = "replace";
const REMOVE: &str = "remove";
const FINISH: &str = "finish";
const MARK: &str = "mark";
const DELETE: &str = "delete";
const MOVE: &str = "move";
const TASK: &str = "task";
const SETTLE: &str = "settle";
/// There is no file.
const GONE: &str = "gone";
/// The room that an order is about.
const ROOM: &str = "room";

/// Has a file of the site's state replaced: here, or, if the site is on several machines, on all of them. `before` is
/// what the caller has read. False: it was changed meanwhile on another machine, and must be read again.
///
/// # Errors
/// Nothing is changed then, unless nobody could say in time: then it may be changed later.
pub fn replace(dirs: &Dirs, path: &Path, before: &[u8], text: &[u8]) -> io::Result<bool> {
    if dirs.cluster.is_none() {
        return file::replace(path, text).map(|()| true);
    }
    if before == text {
        return Ok(true);
    }
    let (at, cut) = text::difference(before, text);
    let put = &text[at..text.len() - (before.len() - at - cut)];
    let put = text::escaped(put);
    if put.len() > MAX_TEXT {
        return replace_in_parts(dirs, path, before, text);
    }
    let (before, after) = (hash_of(before), hash_of(text));
    let (at, cut) = (at.to_string(), cut.to_string());
    let about = [
        (WHAT, Some(REPLACE)),
        (PATH, Some(name_of(dirs, path)?)),
        (BEFORE, Some(&*before)),
        (AFTER, Some(&*after)),
        (AT, Some(&*at)),
        (CUT, Some(&*cut)),
    ];
    give_change(dirs, &about, &put)
}

/// As [`replace`], by several orders: what comes is put together beside the file, which the last one replaces at once.
fn replace_in_parts(dirs: &Dirs, path: &Path, before: &[u8], text: &[u8]) -> io::Result<bool> {
    let unfinished = unfinished(path);
    // What somebody has left there who did not come to the end.
    let mut there = file::read_whole(&unfinished, MAX_BYTES)?;
    let ends = (PART..text.len()).step_by(PART).chain([text.len()]);
    for end in ends {
        if !replace(dirs, &unfinished, &there, &text[..end])? {
            return Ok(false);
        }
        there = text[..end].to_vec();
    }
    let (before, after) = (hash_of(before), hash_of(text));
    let about = [
        (WHAT, Some(FINISH)),
        (PATH, Some(name_of(dirs, path)?)),
        (BEFORE, Some(&*before)),
        (AFTER, Some(&*after)),
    ];
    give_change(dirs, &about, "")
}

/// Where a file is put together that comes by several orders. What stands there after all, somebody has left who did
/// not come to the end.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    file::suffixed(path, UNFINISHED)
}

/// Has a file of the site's state, or a closed room by its list, removed: here, or on all machines.
///
/// # Errors
/// As [`replace`].
pub fn remove(dirs: &Dirs, path: &Path) -> io::Result<()> {
    if dirs.cluster.is_none() {
        return remove_here(dirs, path);
    }
    let about = [(WHAT, Some(REMOVE)), (PATH, Some(name_of(dirs, path)?))];
    give(dirs, &about, "", true).map_err(io::Error::other)
}

/// As [`remove`], if the file is still what the caller has read. False: it was changed meanwhile on another machine.
///
/// # Errors
/// As [`replace`].
pub fn remove_if(dirs: &Dirs, path: &Path, before: &[u8]) -> io::Result<bool> {
    if dirs.cluster.is_none() {
        return remove_here(dirs, path).map(|()| true);
    }
    let before = hash_of(before);
    let about = [
        (WHAT, Some(REMOVE)),
        (PATH, Some(name_of(dirs, path)?)),
        (BEFORE, Some(&*before)),
    ];
    give_change(dirs, &about, "")
}

/// False: somebody else was first.
fn give_change(dirs: &Dirs, about: &[(&str, Option<&str>)], text: &str) -> io::Result<bool> {
    match give(dirs, about, text, true) {
        Err(AppendError::Refused(Refused::Conflict)) => Ok(false),
        given => given.map(|()| true).map_err(io::Error::other),
    }
}

/// Has a room deleted on all machines.
///
/// # Errors
/// As [`replace`].
pub(crate) fn delete_room(dirs: &Dirs, room: &RoomName) -> io::Result<()> {
    let about = [(WHAT, Some(DELETE)), (ROOM, Some(room.as_str()))];
    give(dirs, &about, "", true).map_err(io::Error::other)
}

/// Has a room moved on all machines, as `plan` says. False: it cannot be any more.
///
/// # Errors
/// As [`replace`].
pub(crate) fn move_room(dirs: &Dirs, plan: &[u8]) -> io::Result<bool> {
    let text = text::escaped(plan);
    if text.len() > MAX_TEXT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    give_change(dirs, &[(WHAT, Some(MOVE))], &text)
}

/// Has all other machines do what `text` says: see [`tasks`]. Gives the order's id; `None`: there are none.
pub(super) fn give_task(dirs: &Dirs, text: &str) -> io::Result<Option<RecordId>> {
    let text = text::escaped(text.as_bytes());
    give_stored(dirs, &[(WHAT, Some(TASK))], &text, true).map_err(io::Error::other)
}

/// Tells the other machines how somebody's marks have changed; here that is done. Nobody waits for it.
pub(crate) fn tell_marks(dirs: &Dirs, person: &PersonId, changes: &[(RoomName, Change)]) {
    if dirs.cluster.is_none() {
        return;
    }
    let about = [(WHAT, Some(MARK)), (attrs::PERSON, Some(person.as_str()))];
    let lines: Vec<_> = changes
        .iter()
        .map(|(room, change)| format!("{room}\t{}\n", change.to_text()))
        .collect();
    // What the others do not hear of is read again there, no more.
    let _ = give(
        dirs,
        &about,
        &text::escaped(lines.concat().as_bytes()),
        false,
    );
}

fn give(
    dirs: &Dirs,
    about: &[(&str, Option<&str>)],
    text: &str,
    waits: bool,
) -> Result<(), AppendError> {
    give_stored(dirs, about, text, waits).map(drop)
}

/// The id that it has; `None`: there is nobody to give it to.
fn give_stored(
    dirs: &Dirs,
    about: &[(&str, Option<&str>)],
    text: &str,
    waits: bool,
) -> Result<Option<RecordId>, AppendError> {
    let Some(cluster) = &dirs.cluster else {
        return Ok(None);
    };
    let draft = Draft {
        extra: about,
        ..Draft::new(Kind::Order, SERVER, text)
    };
    // All are of the site, and in the order of one log.
    let stored = cluster.give(&RoomName::lobby(), &draft, waits)?;
    Ok(Some(stored.id()))
}

/// When an order was put in order: the same on all machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub RecordId);

/// Performs an order on this machine: `dirs` are those of a machine [`alone`](Dirs::alone).
///
/// # Errors
/// Those of the files: it is not performed then, and must be.
pub fn perform(
    dirs: &Dirs,
    moment: Moment,
    about: &str,
    text: &str,
) -> io::Result<Result<(), Refused>> {
    let value = |key: &str| {
        let found = Attrs::new(about).find(|(name, _)| *name == key);
        found
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let text = text::unescaped(text);
    match &*value(WHAT) {
        REPLACE => {
            let Some(path) = path_of(dirs, &value(PATH)) else {
                return Ok(Err(Refused::NotWritten));
            };
            let now = file::read_whole(&path, MAX_BYTES)?;
            let hash = hash_of(&now);
            if hash == value(AFTER) {
                return Ok(Ok(()));
            }
            let place = value(AT).parse::<usize>().ok().zip(value(CUT).parse().ok());
            let end = place.and_then(|(at, cut): (_, usize)| Some((at, at.checked_add(cut)?)));
            let Some((at, end)) = end.filter(|(_, end)| hash == value(BEFORE) && *end <= now.len())
            else {
                return Ok(Err(Refused::Conflict));
            };
            let after = [&now[..at], &text, &now[end..]].concat();
            // What it says may have been blanked meanwhile, where somebody was forgotten.
            if hash_of(&after) != value(AFTER) {
                return Ok(Err(Refused::Conflict));
            }
            put_in_place(dirs, &path, &after, moment)?;
        }
        FINISH => {
            let Some(path) = path_of(dirs, &value(PATH)) else {
                return Ok(Err(Refused::NotWritten));
            };
            let unfinished = unfinished(&path);
            let now = hash_of(&file::read_whole(&path, MAX_BYTES)?);
            if now != value(AFTER) {
                let whole = file::read_whole(&unfinished, MAX_BYTES)?;
                if now != value(BEFORE) || hash_of(&whole) != value(AFTER) {
                    return Ok(Err(Refused::Conflict));
                }
                put_in_place(dirs, &path, &whole, moment)?;
            }
            remove_here(dirs, &unfinished)?;
        }
        REMOVE => {
            if let Some(path) = path_of(dirs, &value(PATH)) {
                let before = value(BEFORE);
                let now = || file::read_whole(&path, MAX_BYTES).map(|now| hash_of(&now));
                if !before.is_empty() && path.exists() && now()? != before {
                    return Ok(Err(Refused::Conflict));
                }
                remove_here(dirs, &path)?;
            }
        }
        MARK => {
            let changes = String::from_utf8_lossy(&text);
            let changes: Vec<_> = changes.lines().filter_map(change_of).collect();
            if let Some(person) = PersonId::parse(&value(attrs::PERSON)) {
                marks::change(dirs, &person, &changes)?;
                marks::ring(dirs, &person)?;
            }
        }
        DELETE => {
            if let Ok(room) = RoomName::parse(&value(ROOM)) {
                delete::here(&closed::dirs_of(dirs, &room), &room)?;
            }
        }
        MOVE => {
            if !moves::perform(dirs, &text, moment.0)? {
                return Ok(Err(Refused::Conflict));
            }
        }
        TASK => {
            if !tasks::keep(dirs, moment.0, &text)? {
                return Ok(Err(Refused::NotWritten));
            }
        }
        SETTLE => {
            let Some(path) = path_of(dirs, &value(PATH)) else {
                return Ok(Err(Refused::NotWritten));
            };
            // What it says may have been blanked meanwhile, where somebody was forgotten.
            if hash_of(&text) != value(AFTER) {
                return Ok(Err(Refused::Conflict));
            }
            if value(GONE).is_empty() {
                put_in_place(dirs, &path, &text, moment)?;
            } else {
                remove_here(dirs, &path)?;
            }
        }
        // Of a newer version, which is to be on all machines before it is used.
        _ => return Ok(Err(Refused::NotWritten)),
    }
    Ok(Ok(()))
}

/// Whether the machine that gave an order does itself what it says.
pub fn is_for_others<'a>(value: impl Fn(&str) -> Option<Cow<'a, str>>) -> bool {
    value(WHAT).is_some_and(|what| what == TASK)
}

/// What a record of an order says, as it was before it was made one line.
pub(crate) fn said(text: &str) -> Vec<u8> {
    text::unescaped(text)
}

/// The room whose log an order takes away, if it does: what was said there before is not to come again under its name.
pub fn emptied_by<'a>(
    value: impl Fn(&str) -> Option<Cow<'a, str>>,
    text: &str,
) -> Option<RoomName> {
    match &*value(WHAT)? {
        DELETE => RoomName::parse(&value(ROOM)?).ok(),
        MOVE => moves::source_of(&text::unescaped(text)),
        _ => None,
    }
}

fn put_in_place(dirs: &Dirs, path: &Path, text: &[u8], moment: Moment) -> io::Result<()> {
    if let Some(room) = closed_room_of(dirs, path) {
        return closed::put_list(dirs, &room, text);
    }
    if let Some(dir) = path.parent().filter(|dir| !dir.is_dir()) {
        if dir == dirs.names || dir == dirs.site_state {
            dirs::create_dir(dir)?;
        } else {
            dirs::create_private(dir)?;
        }
    }
    file::replace(path, text)?;
    // How old log-ins and marks are is told by their files: the same on all machines, however late one performs this.
    if path.starts_with(&dirs.logins) || path.starts_with(&dirs.marks) {
        let written = SystemTime::UNIX_EPOCH + Duration::from_micros(moment.0.as_micros());
        File::options()
            .write(true)
            .open(path)?
            .set_modified(written)?;
    }
    Ok(())
}

fn remove_here(dirs: &Dirs, path: &Path) -> io::Result<()> {
    if let Some(room) = closed_room_of(dirs, path) {
        return closed::remove_here(dirs, &room);
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) => Ok(()),
        Ok(()) => file::sync_directory_of(path),
    }
}

/// The closed room of which the file is the list.
fn closed_room_of(dirs: &Dirs, path: &Path) -> Option<RoomName> {
    let of_room = path.strip_prefix(&dirs.closed).ok()?;
    let mut names = of_room.iter().map(|name| name.to_str());
    let room = RoomName::parse(names.next()??).ok()?;
    (names.next()?? == closed::LIST && names.next().is_none() && room.is_closed()).then_some(room)
}

fn change_of(line: &str) -> Option<(RoomName, Change)> {
    let (room, change) = line.split_once('\t')?;
    Some((RoomName::parse(room).ok()?, Change::parse(change)?))
}

/// The file's name below `BASE_DIR`.
fn name_of<'a>(dirs: &Dirs, path: &'a Path) -> io::Result<&'a str> {
    let name = path.strip_prefix(dirs.base()).ok().and_then(Path::to_str);
    name.ok_or_else(|| io::Error::other(format!("{} is not the site's", path.display())))
}

/// The file of this name, if orders may change it.
fn path_of(dirs: &Dirs, name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let mut parts = path.components();
    let first = parts.next()?.as_os_str().to_str()?;
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b".") && name.len() <= MAX_NAME);
    let is_below = parts.clone().next().is_some();
    let is_one =
        DIRECTORIES.contains(&first) && is_below && parts.all(is_plain) && !name.contains('\0');
    let is_one = is_one || name == HIDDEN;
    is_one.then(|| dirs.base().join(path))
}

fn hash_of(text: &[u8]) -> String {
    hex_of_bytes(&Sha256::digest(text))
}

#[cfg(test)]
mod tests;
