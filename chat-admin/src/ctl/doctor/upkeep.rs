//! What has to be done again and again: old messages and sessions deleted, the clock set, PHP's sessions kept long
//! enough.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::sheet::Sheet;
use crate::ctl::{rooms, sessions};
use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::log::chain;
use chat_store::log::end;
use chat_store::log::lines::Forward;
use chat_store::name::RoomName;
use chat_store::record::{Record, RecordId};

/// `chat-expire.timer` runs daily; what is so many days over is forgotten.
const FORGOTTEN_DAYS: u64 = 3;
/// The largest ini file of PHP that is read, in bytes.
const MAX_INI: u64 = 1024 * 1024;

const EXPIRE: &str =
    "systemctl enable --now chat-expire.timer, or chatctl expire once a day by cron";

/// Old messages and sessions.
pub(super) fn expiry(settings: &Settings, sheet: &mut Sheet) {
    let dirs = settings.dirs();
    let now = RecordId::now().days_before(FORGOTTEN_DAYS);
    let all = rooms::all(&dirs).unwrap_or_default();
    let is_late = |room: &&RoomName| {
        let keep = settings.keep_of(room).unwrap_or(settings.keep);
        let dirs = closed::dirs_of(&dirs, room);
        keep.age().is_some_and(|age| {
            first(&dirs.room_log(room)).is_some_and(|first| first < age.before(now))
        })
    };
    let late: Vec<_> = all.iter().filter(is_late).collect();
    if let Some(room) = late.first() {
        let text = format!(
            "{} rooms hold messages that are {FORGOTTEN_DAYS} days over KEEP, {room} is one",
            late.len()
        );
        sheet.warn("expiry", text, EXPIRE);
    }
    let before = SystemTime::now().checked_sub(Duration::from_secs(FORGOTTEN_DAYS * 24 * 3600));
    let swept = before.and_then(|before| sessions::sweep(settings, before, true).ok());
    match swept {
        Some(swept) if swept.files > 0 => {
            let text = format!(
                "{} sessions ended days ago and are still there",
                swept.files
            );
            sheet.warn("expiry", text, EXPIRE);
        }
        _ => sheet.good_unless_found("expiry", "nothing is older than chat.ini says"),
    }
}

/// The first record of a room.
fn first(live: &Path) -> Option<RecordId> {
    let oldest = chain::list(live).ok()?.into_iter().next()?;
    let file = oldest.open().ok()??;
    let mut lines = Forward::new(&file, 0);
    let (_, text) = lines.next().ok()??;
    Record::id_of(text)
}

/// Whether the clock can be right: nothing was said after now.
pub(super) fn clock(settings: &Settings, sheet: &mut Sheet) {
    let dirs = settings.dirs();
    let is_ahead = |room: &&RoomName| {
        let live = closed::dirs_of(&dirs, room).room_log(room);
        let look = |entry: &chain::LogFile| {
            let file = entry.open().ok()??;
            end::look(&file, entry.size, &mut Vec::new()).ok()?.last
        };
        let last = chain::list(&live).ok().and_then(|all| look(all.last()?));
        last.is_some_and(RecordId::is_ahead)
    };
    let all = rooms::all(&dirs).unwrap_or_default();
    let ahead: Vec<_> = all.iter().filter(is_ahead).collect();
    match ahead.first() {
        Some(room) => sheet.error(
            "clock",
            format!("the last message of {} rooms is in the future, {room} is one: the clock is or was wrong", ahead.len()),
            "set the clock (timedatectl set-ntp true), then run: chatctl mend",
        ),
        None => sheet.good("clock", "no message is in the future"),
    }
}

/// PHP deletes its sessions by itself: not before the chat thinks that they have ended.
pub(super) fn php(settings: &Settings, root: &Path, sheet: &mut Sheet) {
    let identity = &settings.identity;
    if identity.session_dir == settings.base_dir.join("sessions") {
        return sheet.unused(
            "php",
            "sessions are in BASE_DIR, chatctl expire deletes them",
        );
    }
    let max_age = identity.session_max_age.as_secs();
    let mut looked = 0;
    for file in ini_files(root) {
        let is_small = std::fs::metadata(&file).is_ok_and(|found| found.len() <= MAX_INI);
        let Some(text) = is_small
            .then(|| std::fs::read_to_string(&file).ok())
            .flatten()
        else {
            continue;
        };
        looked += 1;
        let Some((line, seconds)) = lifetime(&text) else {
            continue;
        };
        if seconds < max_age {
            let shown = file.display();
            let text = format!(
                "{shown}:{line}: session.gc_maxlifetime is {seconds}: PHP ends log-ins before SESSION_MAX_AGE={max_age}"
            );
            sheet.warn("php", text, format!("write session.gc_maxlifetime = {max_age} there, or SESSION_MAX_AGE={seconds} in chat.ini"));
        }
    }
    let shown = identity.session_dir.display();
    let wanted = rustix::fs::Access::EXEC_OK;
    if let Err(error) = rustix::fs::access(&identity.session_dir, wanted) {
        let text = format!("{shown}: {error}: nobody is recognized by a session of PHP");
        sheet.error(
            "php",
            text,
            "SESSION_SAVE_PATH is PHP's session.save_path; PHP and the chat run as the same user",
        );
    }
    sheet.good_unless_found(
        "php",
        format!("{shown}: {looked} ini files of PHP keep sessions long enough"),
    );
}

/// php.ini and what is beside it, of each version and each way to run it but the command line.
fn ini_files(root: &Path) -> Vec<PathBuf> {
    let names = |dir: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let sapis = names(&root.join("etc/php"))
        .into_iter()
        .flat_map(|version| names(&version));
    let is_asked = |sapi: &PathBuf| {
        ["fpm", "apache2", "cgi"]
            .iter()
            .any(|name| sapi.ends_with(name))
    };
    sapis
        .filter(is_asked)
        .flat_map(|sapi| {
            let own = [sapi.join("php.ini")];
            let more = names(&sapi.join("conf.d"))
                .into_iter()
                .chain(names(&sapi.join("pool.d")));
            own.into_iter().chain(more).collect::<Vec<_>>()
        })
        .collect()
}

/// The last `session.gc_maxlifetime` of a file, also as `php_admin_value[...]` of a pool, and its line.
fn lifetime(text: &str) -> Option<(usize, u64)> {
    let of = |line: &str| {
        let line = line.trim();
        let (key, value) = line.split_once('=')?;
        let key = key.trim().trim_end_matches(']');
        let is_it = key.rsplit('[').next() == Some("session.gc_maxlifetime")
            && !line.starts_with([';', '#']);
        let value = value.split(';').next().unwrap_or_default();
        is_it
            .then(|| value.trim().trim_matches('"').parse().ok())
            .flatten()
    };
    let found = text
        .lines()
        .enumerate()
        .filter_map(|(number, line)| Some((number + 1, of(line)?)));
    found.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_found_where_php_finds_it() {
        for (text, found) in [
            ("session.gc_maxlifetime = 1440", Some((1, 1440))),
            (
                "[Session]\nsession.gc_maxlifetime=\"600\" ; short\n",
                Some((2, 600)),
            ),
            (
                "php_admin_value[session.gc_maxlifetime] = 60",
                Some((1, 60)),
            ),
            (
                "session.gc_maxlifetime = 1\nsession.gc_maxlifetime = 2",
                Some((2, 2)),
            ),
            ("; session.gc_maxlifetime = 60", None),
            ("session.gc_maxlifetime = many", None),
            ("", None),
        ] {
            assert_eq!(lifetime(text), found, "{text}");
        }
    }
}
