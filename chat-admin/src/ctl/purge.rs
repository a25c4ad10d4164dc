//! Deleting: a room, or what is too old.

use std::io;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::expire::{Change, expire as expire_log, sweep};
use super::report::Report;
use super::sessions::{self, Swept};
use super::{Failure, empty_rooms, event, given, memberships, rooms};
use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::temporary;
use chat_store::incoming;
use chat_store::log::{delete, erase};
use chat_store::moderation::reports;
use chat_store::name::RoomName;
use chat_store::people::{marks, presence};
use chat_store::record::{Age, Keep, RecordId};

pub(super) fn purge(dirs: &Dirs, room: &RoomName, force: bool) -> Result<Report, Failure> {
    rooms::chosen(dirs, Some(room))?;
    let people = presence::list_alive(dirs, room)?.len();
    if people > 0 && !force {
        let text =
            format!("{people} people are in the room {room}, use --force to delete it still");
        return Err(Failure::Refused(text));
    }
    // Who makes a room of this name anew did not give these addresses away. First: who is interrupted types it again,
    // as long as there is a room.
    incoming::remove_all(dirs, room).map_err(io::Error::other)?;
    let bytes = delete::room(dirs, room)?;
    let value = json!({ "done": true, "room": room.as_str(), "bytes": bytes });
    Ok(Report::new(
        format!("the room {room} was deleted, {bytes} bytes"),
        value,
    ))
}

pub(super) fn expire(
    settings: &Settings,
    room: Option<&RoomName>,
    age: Option<Age>,
    dry_run: bool,
) -> Result<Report, Failure> {
    let dirs = &settings.dirs();
    let now = RecordId::now();
    let is_named = room.is_some();
    let general = general_age(settings, age)?;
    // Nothing is older than the first moment.
    let cutoff = general.map_or(RecordId::ZERO, |age| age.before(now));
    let (mut all, mut failed) = (Vec::new(), Vec::new());
    for room in rooms::chosen(dirs, room)? {
        let dirs = &closed::dirs_of(dirs, &room);
        let asked = age.filter(|_| is_named);
        let own = settings.keep_of(&room).map_or(general, Keep::age);
        let Some(before) = asked.or(own).map(|age| age.before(now)) else {
            continue;
        };
        let done = expire_room(dirs, &room, before, dry_run);
        let changes: Vec<Change> = match done {
            Ok(changes) => changes,
            // One room must not keep the others from being done.
            Err(error) => {
                failed.push(error.to_string());
                continue;
            }
        };
        all.extend(changes);
    }
    if room.is_none() {
        all.extend(event::expire(dirs, cutoff, dry_run, &mut failed));
    }
    let bytes: u64 = all.iter().map(|change| change.bytes).sum();
    let told = all.iter().map(|change| told(change, dry_run));
    let (mut lines, values): (Vec<_>, Vec<_>) = told.unzip();
    let swept = match room {
        Some(_) => Swept::default(),
        None => match sessions::sweep(settings, SystemTime::now(), dry_run) {
            Ok(swept) => swept,
            Err(error) => {
                failed.push(format!("sessions: {error}"));
                Swept::default()
            }
        },
    };
    let empty = match room {
        Some(_) => Vec::new(),
        None => empty_rooms::sweep(settings, SystemTime::now(), dry_run).unwrap_or_else(|error| {
            failed.push(format!("empty rooms: {error}"));
            Vec::new()
        }),
    };
    let marks = match room {
        Some(_) => 0,
        None => sweep_marks(dirs, cutoff, dry_run).unwrap_or_else(|error| {
            failed.push(format!("marks: {error}"));
            0
        }),
    };
    let nobodys = match room {
        Some(_) => Vec::new(),
        None => memberships::sweep(dirs, dry_run).unwrap_or_else(|error| {
            failed.push(format!("rooms of nobody: {error}"));
            Vec::new()
        }),
    };
    if room.is_none() && !dry_run {
        failed.extend(sweep_temporary(dirs));
    }
    let given = given::sweep(dirs, room, now, dry_run, &mut failed);
    if !failed.is_empty() {
        return Err(Failure::Refused(failed.join("\n")));
    }
    let word = if dry_run { "would delete" } else { "deleted" };
    for room in &empty {
        lines.push(format!("{word} the room {room}, in which nothing was said"));
    }
    for room in &nobodys {
        lines.push(format!(
            "{word} the room {room}, in which nobody may be any more"
        ));
    }
    if swept.files > 0 {
        let Swept { files, bytes } = swept;
        lines.push(format!(
            "{word} {files} sessions that ended ({bytes} bytes)"
        ));
    }
    for (count, what) in [
        (given, "files that no message needs"),
        (marks, "files of read marks"),
    ] {
        if count > 0 {
            lines.push(format!("{word} {count} {what}"));
        }
    }
    let cutoff = general.map(|_| cutoff.to_string());
    lines.push(match &cutoff {
        Some(cutoff) => format!("{bytes} bytes before {cutoff}"),
        None => format!("{bytes} bytes"),
    });
    let value = json!({
        "before": cutoff, "bytes": bytes, "dry_run": dry_run, "files": values,
        "sessions": swept.files, "marks": marks, "given": given, "rooms": empty.iter().map(RoomName::as_str).collect::<Vec<_>>(),
    });
    Ok(Report::new(lines.join("\n"), value))
}

/// What was done to a file of a log.
fn told(change: &Change, dry_run: bool) -> (String, Value) {
    let word = match (change.removed, dry_run) {
        (true, false) => "deleted",
        (true, true) => "would delete",
        (false, false) => "shortened",
        (false, true) => "would shorten",
    };
    let path = change.path.display().to_string();
    let value = json!({ "path": path, "bytes": change.bytes, "removed": change.removed });
    (format!("{word} {path} ({} bytes)", change.bytes), value)
}

/// Removes what killed programs were writing; what went wrong.
fn sweep_temporary(dirs: &Dirs) -> Option<String> {
    let error = temporary::sweep(dirs).err()?;
    Some(format!("what killed programs left: {error}"))
}

/// Forgets the rooms of who has read nothing since `cutoff`: what they could go on from is gone.
fn sweep_marks(dirs: &Dirs, cutoff: RecordId, dry_run: bool) -> io::Result<usize> {
    let cutoff = SystemTime::UNIX_EPOCH + Duration::from_micros(cutoff.as_micros());
    let mut count = 0;
    for (person, changed) in marks::people(dirs)? {
        if changed < cutoff && (dry_run || marks::forget(dirs, &person)?) {
            count += 1;
        }
    }
    Ok(count)
}

/// For rooms of which no line of their own says more.
fn general_age(settings: &Settings, age: Option<Age>) -> Result<Option<Age>, Failure> {
    if age.is_none() && settings.keep == Keep::Forever && settings.keep_rooms.is_empty() {
        let text = "nothing says what is too old: --older-than=AGE, or KEEP=AGE in chat.ini";
        return Err(Failure::Refused(text.to_owned()));
    }
    Ok(settings.keep.age().or(age))
}

fn expire_room(
    dirs: &Dirs,
    room: &RoomName,
    before: RecordId,
    dry_run: bool,
) -> io::Result<Vec<Change>> {
    let live = dirs.room_log(room);
    sweep(&live)?;
    let changes = expire_log(&live, before, dry_run)?;
    if !dry_run {
        erase::delete_files_until(&live, before.previous())?;
    }
    expire_reports(dirs, room, before, dry_run)?;
    Ok(changes)
}

/// What somebody wrote to the moderators is no older than what they wrote to all.
fn expire_reports(dirs: &Dirs, room: &RoomName, cutoff: RecordId, dry_run: bool) -> io::Result<()> {
    let is_old = |report: &reports::Report| report.id < cutoff;
    if !dry_run && reports::list(dirs, room)?.iter().any(is_old) {
        reports::forget(dirs, room, &is_old).map_err(io::Error::other)?;
    }
    Ok(())
}
