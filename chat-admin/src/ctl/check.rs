//! Looking for what is wrong, without changing anything.

use std::path::Path;

use rustix::fs::Access;
use rustix::io::Errno;
use serde_json::json;

use super::report::Report;
use super::{Failure, given, rooms};
use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::chain;
use chat_store::log::end::{self, Torn};
use chat_store::log::lines::Forward;
use chat_store::name::RoomName;
use chat_store::record::{Record, RecordId};

pub(super) mod rotation;

/// Lines at the end of each log whose ids are compared: a whole read of large logs would take
/// minutes, and what goes wrong goes wrong at the end.
const CHECKED_BYTES: u64 = 1024 * 1024;

/// Reports what is wrong; finding something is exit status 1.
pub(super) fn check(dirs: &Dirs, settings: &Settings, logrotate: &Path) -> Result<Report, Failure> {
    let missing = settings.missing();
    let mut findings: Vec<_> = missing.iter().map(ToString::to_string).collect();
    for dir in [
        &dirs.rooms,
        &dirs.users,
        &dirs.run,
        &dirs.state,
        &dirs.sessions,
        &dirs.log,
    ] {
        findings.extend(check_dir(dir));
    }
    let (rooms, of_rooms) = rooms(dirs, settings)?;
    findings.extend(of_rooms);
    findings.extend(rotation::check(
        logrotate,
        &[&dirs.rooms, &dirs.closed.join("~/rooms")],
    )?);
    if findings.is_empty() {
        let text = format!("{}: good; {} rooms: good", settings.source.display(), rooms);
        return Ok(Report::new(text, json!({ "good": true, "rooms": rooms })));
    }
    Err(Failure::Refused(findings.join("\nchatctl: ")))
}

/// How many rooms there are, and what is wrong with them.
pub(super) fn rooms(dirs: &Dirs, settings: &Settings) -> Result<(usize, Vec<String>), Failure> {
    let mut findings = Vec::new();
    // A room cannot be looked at without its directory, and that is told already.
    let rooms = if dirs.rooms.is_dir() {
        rooms::all(dirs)?
    } else {
        Vec::new()
    };
    let open = rooms.iter().filter(|room| !room.is_closed()).count();
    if open >= settings.limits.max_rooms {
        findings.push(format!(
            "{} rooms, MAX_ROOMS is {}: no room can be added, purge some or raise it",
            open, settings.limits.max_rooms
        ));
    }
    for room in &rooms {
        let dirs = &closed::dirs_of(dirs, room);
        findings.extend(check_log(dirs, room)?);
        findings.extend(given::check(dirs, room)?);
    }
    Ok((rooms.len(), findings))
}

fn check_dir(dir: &Path) -> Option<String> {
    if !dir.is_dir() {
        return Some(format!(
            "{}: the directory is missing, make it",
            dir.display()
        ));
    }
    let wanted = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    let error = rustix::fs::access(dir, wanted).err()?;
    Some(format!(
        "{}: {error}; it must belong to the chat's user",
        dir.display()
    ))
}

fn check_log(dirs: &Dirs, room: &RoomName) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    let live = dirs.room_log(room);
    if let Err(error) = rustix::fs::access(&live, Access::READ_OK | Access::WRITE_OK)
        && error != Errno::NOENT
    {
        let live = live.display();
        findings.push(format!(
            "{live}: {error}; it must belong to the chat's user"
        ));
        return Ok(findings);
    }
    let mut last = RecordId::ZERO;
    for entry in chain::list(&live)? {
        let Some(file) = entry.open()? else { continue };
        let path = entry.path.display();
        let end = end::look(&file, entry.size, &mut Vec::new())?;
        if end.torn != Torn::Whole {
            findings.push(format!(
                "{path}: the last line is torn; the next message mends it"
            ));
        }
        if end.last.is_some_and(RecordId::is_ahead) {
            findings.push(format!(
                "{path}: the last record is in the future, and new ones follow it; \
                 set the clock right, then run: chatctl mend {room}"
            ));
        }
        let mut lines = Forward::after(&file, entry.size.saturating_sub(CHECKED_BYTES));
        let mut foreign = 0_u32;
        while let Some((_, line)) = lines.next()? {
            match Record::id_of(line) {
                Some(id) if id <= last => {
                    findings.push(format!("{path}: {id} does not come after {last}"));
                }
                Some(id) => last = id,
                None => foreign += u32::from(Record::parse(line).is_none()),
            }
        }
        if foreign > 0 {
            findings.push(format!(
                "{path}: {foreign} lines are no records, they are not shown"
            ));
        }
    }
    Ok(findings)
}
