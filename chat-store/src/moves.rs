//! An open room that becomes one for some only, and a room for some only that becomes open: all of its files get another
//! place and another name.
//!
//! What is to be done is written whole into `closed/.moving` before anything is done: from then on the room is where it
//! goes to. Who was killed in the middle leaves that file, and whoever comes by next ([`finish`]) does the rest, of
//! which each step can be done twice. `closed/.moved/OLD` says where a room has gone that is not there any more, by
//! which those who know the old name find it; nobody makes a room of that name meanwhile.
//!
//! Those who are in the room read in its log that it moves (a record `moved`), and go there or away.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;

use crate::bell;
use crate::closed::{self, Circle, ClosedError, Kind, Member};
use crate::cluster::order;
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::log::room_log::RoomLog;
use crate::log::{create, rooms};
use crate::moderation::{Role, roles};
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::people::presence;
use crate::record::{Draft, Kind as Word, Record, RecordId, attrs};
use crate::search;
use crate::state;

mod plan;
#[cfg(test)]
mod tests;

use plan::Plan;
pub use plan::Way;

/// What is to be done, beside the closed rooms.
const JOURNAL: &str = ".moving";
/// The directory of those that have gone.
const MOVED: &str = ".moved";
/// The largest plan that is read, in bytes: that of a list, and a line.
const MAX_BYTES: u64 = 1024 * 1024 + 4096;
/// The longest name of a room, in bytes.
const MAX_NAME: u64 = 1024;
/// The longest wait for somebody else's move.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a room is followed that has moved again and again.
const MAX_HOPS: usize = 8;
/// Files of an open room can be read by the group, as any that is made there.
const OPEN_MODE: u32 = 0o640;
/// Those of a closed room by the user alone.
const PRIVATE_MODE: u32 = 0o600;

/// Who has a room moved, for its log.
#[derive(Debug, Clone, Copy)]
pub struct Mover<'a> {
    /// What they are called.
    pub nick: &'a str,
    /// Who they log in as.
    pub account: Option<&'a str>,
}

/// Those who are in an open room or waited for, and those who own it, who keep it: for [`make_private`]. All of them
/// could read what was said.
///
/// # Errors
/// Those of reading.
pub fn people_of(site: &Dirs, room: &RoomName) -> io::Result<Circle> {
    let mut circle = Circle::new(Kind::Room, room.as_str());
    for holder in roles::list(site, room)? {
        let person = PersonId::of(Some(&holder.account), None);
        if let Some(person) = person.filter(|_| holder.role == Role::Owner) {
            circle.add(Member {
                person,
                name: holder.account.clone(),
                account: Some(holder.account),
                since: RecordId::ZERO,
                keeps: true,
            });
        }
    }
    for member in presence::list_alive(site, room)? {
        let about = presence::about(site, room, &member.nick)?;
        if let Some(person) = about.person {
            circle.add(Member {
                person,
                name: member.nick.to_string(),
                account: about.account,
                since: RecordId::ZERO,
                keeps: false,
            });
        }
    }
    Ok(circle)
}

/// Makes an open room one for the people of `circle` only; gives its new name.
///
/// # Errors
/// It is as open as before then.
pub fn make_private(
    site: &Dirs,
    room: &RoomName,
    circle: &Circle,
    by: Mover<'_>,
) -> Result<RoomName, ClosedError> {
    circle.check()?;
    let mover = Lock::take(site)?;
    let held = mover.hold()?;
    finish_locked(site)?;
    if room.is_closed() || !rooms::exists(site, room)? {
        return Err(ClosedError::NotThere);
    }
    let plan = Plan {
        way: Way::Private,
        from: room.clone(),
        to: closed::new_name()?,
        nick: by.nick.to_owned(),
        account: by.account.map(str::to_owned),
        hides: false,
        circle: Some(circle.clone()),
        id: None,
    };
    order(site, &plan, held)?;
    Ok(plan.to)
}

/// Makes a room for some only one that everybody may enter, under the name `wished`, else the one it had; gives the
/// name. What was said before is hidden if `hides`.
///
/// # Errors
/// It is as closed as before then.
pub fn make_open(
    site: &Dirs,
    room: &RoomName,
    wished: Option<&RoomName>,
    hides: bool,
    by: Mover<'_>,
) -> Result<RoomName, ClosedError> {
    let mover = Lock::take(site)?;
    let held = mover.hold()?;
    finish_locked(site)?;
    let found = closed::find(site, room)?.ok_or(ClosedError::NotThere)?;
    if found.circle.kind != Kind::Room {
        return Err(ClosedError::Conversation);
    }
    let former = former_name(site, room)?;
    let to = match wished {
        Some(wished) => wished.clone(),
        None => former.clone().ok_or(ClosedError::NoName)?,
    };
    let is_own = former.as_ref() == Some(&to);
    // Nobody makes one of that name meanwhile.
    let maker = create::lock_file(site)?;
    let made = lock::take(&maker, Share::Exclusive, LOCK_TIMEOUT)?;
    let _made = made.ok_or(ClosedError::Busy)?;
    let meant = rooms::meant(site, &to, &[])?;
    let is_taken = meant != to || rooms::exists(site, &to)? || (!is_own && is_away(site, &to));
    if to.is_closed() || is_taken {
        return Err(ClosedError::NameTaken);
    }
    let plan = Plan {
        way: Way::Open,
        from: room.clone(),
        to,
        nick: by.nick.to_owned(),
        account: by.account.map(str::to_owned),
        hides,
        circle: None,
        id: None,
    };
    order(site, &plan, held)?;
    Ok(plan.to)
}

/// Does what somebody has begun who was killed: before anything is looked up by its name. Usually one access(2).
///
/// # Errors
/// It is not done yet; the next one tries again.
pub fn finish(site: &Dirs) -> io::Result<()> {
    if !site.closed.join(JOURNAL).exists() {
        return Ok(());
    }
    let mover = Lock::take(site)?;
    let busy = |error: ClosedError| io::Error::other(error.to_string());
    let _held = mover.hold().map_err(busy)?;
    finish_locked(site)
}

/// Where a room has gone that is not there any more.
///
/// # Errors
/// Those of reading.
pub fn gone_to(site: &Dirs, room: &RoomName) -> io::Result<Option<RoomName>> {
    let mut found = None;
    for _ in 0..MAX_HOPS {
        let at = found.as_ref().unwrap_or(room);
        let text = file::read_whole(&pointer(site, at), MAX_NAME)?;
        let next = std::str::from_utf8(&text).ok().map(str::trim_end);
        let Some(next) = next.and_then(|next| RoomName::parse(next).ok()) else {
            break;
        };
        found = Some(next);
    }
    Ok(found)
}

/// Whether a room has gone elsewhere, so that nobody makes one of that name.
pub fn is_away(site: &Dirs, room: &RoomName) -> bool {
    pointer(site, room).exists()
}

/// As [`is_away`], of the room whose live log this is.
pub(crate) fn is_log_away(live: &Path) -> bool {
    let of_site = || live.parent()?.parent();
    let stem = || live.file_name()?.to_str()?.strip_suffix(".log");
    let pointer = of_site()
        .zip(stem())
        .map(|(base, stem)| Dirs::under(base).closed.join(MOVED).join(stem));
    pointer.is_some_and(|pointer| pointer.exists())
}

/// The one at a time who moves rooms of the site.
struct Lock(File);

impl Lock {
    fn take(site: &Dirs) -> io::Result<Self> {
        dirs::create_private(&site.closed)?;
        let path = site.closed.join(".moving.lock");
        Ok(Self(file::open(&path, OFlags::RDWR | OFlags::CREATE)?.0))
    }

    fn hold(&self) -> Result<lock::Lock<'_>, ClosedError> {
        lock::take(&self.0, Share::Exclusive, LOCK_TIMEOUT)?.ok_or(ClosedError::Busy)
    }
}

/// The room that a plan moves.
pub(crate) fn source_of(plan: &[u8]) -> Option<RoomName> {
    Some(Plan::parse(plan)?.from)
}

/// Carries a move out that was ordered, on this machine: `id` is that of the record that tells of it. False: the rooms
/// are not as they were when it was ordered.
pub(crate) fn perform(site: &Dirs, plan: &[u8], id: RecordId) -> io::Result<bool> {
    let busy = |error: ClosedError| io::Error::other(error.to_string());
    let mover = Lock::take(site)?;
    let _held = mover.hold().map_err(busy)?;
    finish_locked(site)?;
    let Some(plan) = Plan::parse(plan) else {
        return Ok(false);
    };
    let is_there = match plan.way {
        Way::Private => rooms::exists(site, &plan.from)? && !plan.from.is_closed(),
        Way::Open => closed::find(site, &plan.from)?.is_some() && !rooms::exists(site, &plan.to)?,
    };
    if is_there {
        let id = Some(id);
        carry_out(site, &Plan { id, ..plan })?;
    }
    Ok(is_there)
}

/// Has it ordered, if the site is on several machines. Each of them looks again whether it can be.
fn order(site: &Dirs, plan: &Plan, held: lock::Lock<'_>) -> Result<(), ClosedError> {
    if site.cluster.is_none() {
        return Ok(carry_out(site, plan)?);
    }
    // The relay takes it.
    drop(held);
    if order::move_room(site, &plan.written())? {
        Ok(())
    } else {
        Err(ClosedError::Busy)
    }
}

fn carry_out(site: &Dirs, plan: &Plan) -> io::Result<()> {
    file::replace(&site.closed.join(JOURNAL), &plan.written())?;
    do_all(site, plan)
}

fn finish_locked(site: &Dirs) -> io::Result<()> {
    let text = file::read_whole(&site.closed.join(JOURNAL), MAX_BYTES)?;
    if text.is_empty() {
        return Ok(());
    }
    match Plan::parse(&text) {
        Some(plan) => do_all(site, &plan),
        // One of another version, or no plan: nothing was begun by it.
        None => Err(io::Error::other("closed/.moving is no plan of a move")),
    }
}

/// All steps, those again that were done before.
fn do_all(site: &Dirs, plan: &Plan) -> io::Result<()> {
    let (from, to) = (
        closed::dirs_of(site, &plan.from),
        closed::dirs_of(site, &plan.to),
    );
    if let Some(circle) = &plan.circle
        && closed::find(site, &plan.to)?.is_none()
    {
        let made = closed::create(site, &plan.to, circle);
        made.map_err(|error| io::Error::other(error.to_string()))?;
    }
    tell(&from, plan)?;
    // From here on nobody makes the old one anew, whoever is still in it.
    let away = pointer(site, &plan.from);
    dirs::create_private(away.parent().unwrap_or(&away))?;
    file::replace(&away, format!("{}\n", plan.to).as_bytes())?;
    forget(&pointer(site, &plan.to))?;
    if plan.way == Way::Open {
        closed::disband(site, &plan.from)?;
    }
    move_files(plan, &from, &to)?;
    file::sync_directory_of(&to.room_log(&plan.to))?;
    file::sync_directory_of(&from.room_log(&plan.from))?;
    evict_the_absent(&from, &plan.from)?;
    std::fs::remove_file(site.closed.join(JOURNAL))?;
    // Those who are there; nobody may be.
    let _ = bell::ring_at(&from.bell(&plan.from));
    Ok(())
}

/// Says in the log that goes along where it goes.
fn tell(from: &Dirs, plan: &Plan) -> io::Result<()> {
    let live = from.room_log(&plan.from);
    if !live.exists() {
        return Ok(());
    }
    let to = [(attrs::TO, Some(plan.to.as_str()))];
    let draft = Draft {
        account: plan.account.as_deref(),
        extra: &to,
        ..Draft::new(Word::Moved, &plan.nick, plan.way.as_str())
    };
    let mut log = RoomLog::at(live);
    let id = match plan.id {
        Some(id) => log.append_at(id, &draft),
        None => log.append(&draft),
    };
    let id = id.map_err(|error| io::Error::other(error.to_string()))?;
    log.sync()?;
    if plan.hides {
        state::set_cleared(from, &plan.from, id)?;
    }
    Ok(())
}

fn move_files(plan: &Plan, from: &Dirs, to: &Dirs) -> io::Result<()> {
    let (old, new) = (plan.from.file_stem(), plan.to.file_stem());
    let is_log = |name: &str| search::stem_of(name).is_some_and(|(stem, _)| stem == old);
    // The live one last: until then whoever looks for the room sees that it is there.
    for is_live in [false, true] {
        let live = format!("{old}.log");
        let wanted = |name: &str| is_log(name) && (name == live) == is_live;
        move_those(&from.rooms, &to.rooms, (&old, &new), plan.way, &wanted)?;
    }
    let is_state = |name: &str| {
        let what = name
            .strip_prefix(&old)
            .and_then(|rest| rest.strip_prefix('.'));
        what.is_some_and(|what| !what.is_empty() && !what.contains('.') && what != "name")
    };
    move_those(&from.state, &to.state, (&old, &new), plan.way, &is_state)?;
    let files = from.files.join(&old);
    if files.is_dir() {
        dirs::create_private(&to.files)?;
        move_directory(&files, &to.files.join(&new))?;
    }
    Ok(())
}

/// Whoever had found the room in its old place, or in its former one, may have made the directory anew meanwhile, to put a
/// file there: that must not be in the way for ever.
fn move_directory(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
        moved => return moved,
    }
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::rename(entry.path(), to.join(entry.file_name()))?;
    }
    std::fs::remove_dir(from)
}

/// Gives files that begin with one stem the other, in another directory.
fn move_those(
    from: &Path,
    to: &Path,
    (old, new): (&str, &str),
    way: Way,
    wanted: &dyn Fn(&str) -> bool,
) -> io::Result<()> {
    let entries = match std::fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mode = match way {
        Way::Private => PRIVATE_MODE,
        Way::Open => OPEN_MODE,
    };
    for entry in entries {
        let name = entry?.file_name();
        let Some(name) = name.to_str().filter(|name| wanted(name)) else {
            continue;
        };
        let (path, place) = (
            from.join(name),
            to.join(format!("{new}{}", &name[old.len()..])),
        );
        // Before it is where others may look, and after it is where nobody else does.
        if way == Way::Private {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode))?;
        }
        std::fs::rename(&path, &place)?;
        if way == Way::Open {
            std::fs::set_permissions(&place, PermissionsExt::from_mode(mode))?;
        }
    }
    Ok(())
}

/// Those who are waited for come to the new place when they come.
fn evict_the_absent(from: &Dirs, room: &RoomName) -> io::Result<()> {
    if !from.users.is_dir() {
        return Ok(());
    }
    for member in presence::list(from, room)? {
        presence::evict(from, room, &member.nick)?;
    }
    Ok(())
}

/// What rooms were called that have gone elsewhere.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub(crate) fn names(site: &Dirs) -> io::Result<Vec<RoomName>> {
    let entries = match std::fs::read_dir(site.closed.join(MOVED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let stem = entry?.file_name();
        names.extend(stem.to_str().and_then(|stem| state::name_of(site, stem)));
    }
    Ok(names)
}

/// What an open room was called before it was for some only.
fn former_name(site: &Dirs, room: &RoomName) -> io::Result<Option<RoomName>> {
    for name in names(site)? {
        let text = file::read_whole(&pointer(site, &name), MAX_NAME)?;
        if text.trim_ascii_end() == room.as_str().as_bytes() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn pointer(site: &Dirs, room: &RoomName) -> PathBuf {
    site.closed.join(MOVED).join(room.file_stem())
}

fn forget(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The record that said so, if it is one: where the room has gone.
pub fn told_by(record: &Record<'_>) -> Option<RoomName> {
    let to = record
        .attr(attrs::TO)
        .filter(|_| record.kind == Word::Moved)?;
    RoomName::parse(&to).ok()
}
