//! Deleting the sessions that ended, in the directory that is the chat's own.
//!
//! Each visit of the log-in form makes a session. PHP sweeps by chance, one request in a hundred or in Debian never: there
//! cron does, and only in PHP's own directory (php.net/session.gc-probability).

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use chat_handler::identity::php_session::{Owner, owner};
use chat_handler::settings::Settings;
use chat_store::cluster::order;

/// A session is kept at least so long, however short `SESSION_MAX_AGE` is: what else the site keeps in it is the site's,
/// and nobody's page is as old as that.
const KEPT_AT_LEAST: Duration = Duration::from_secs(24 * 3600);

/// The largest session that is looked into, in bytes.
const MAX_SESSION: u64 = 1024 * 1024;

/// How PHP's files are called, and those in which the log-in form counts wrong guesses.
const OURS: [&str; 2] = ["sess_", "guess_"];

/// What was (or would be) deleted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Swept {
    /// Files.
    pub(super) files: u64,
    /// Their bytes.
    pub(super) bytes: u64,
}

/// Deletes the sessions that no longer count, unless `SESSION_SAVE_PATH` names a directory of somebody else's, who
/// sweeps it.
///
/// # Errors
/// The first file that could not be looked at or deleted; that one has gone by itself is none.
pub(super) fn sweep(settings: &Settings, now: SystemTime, dry_run: bool) -> io::Result<Swept> {
    let identity = &settings.identity;
    let mut swept = Swept::default();
    if identity.session_dir != settings.base_dir.join("sessions") {
        return Ok(swept);
    }
    let age = identity.session_max_age.max(KEPT_AT_LEAST);
    let Some(before) = now.checked_sub(age) else {
        return Ok(swept);
    };
    let mut dirs = vec![(identity.session_dir.clone(), identity.session_depth)];
    for path in shared(settings)? {
        let Some(found) = gone_is_none(fs::symlink_metadata(&path))? else {
            continue;
        };
        if found.modified()? < before {
            if !dry_run {
                order::remove(&settings.dirs(), &path)?;
            }
            swept.files += 1;
            swept.bytes += found.len();
        }
    }
    while let Some((dir, depth)) = dirs.pop() {
        for path in entries(&dir)? {
            let Some(found) = gone_is_none(fs::symlink_metadata(&path))? else {
                continue;
            };
            if found.is_dir() && depth > 0 {
                dirs.push((path, depth - 1));
            } else if found.is_file() && is_ours(&path) && found.modified()? < before {
                let deleted = dry_run || delete(&path, before)?;
                swept.files += u64::from(deleted);
                swept.bytes += if deleted { found.len() } else { 0 };
            }
        }
    }
    Ok(swept)
}

/// Deletes the sessions of one person, in the directory that is the chat's own. How many.
///
/// # Errors
/// As [`sweep`].
pub(super) fn delete_of(
    settings: &Settings,
    is_theirs: &dyn Fn(&Owner) -> bool,
) -> io::Result<usize> {
    let identity = &settings.identity;
    if identity.session_dir != settings.base_dir.join("sessions") {
        return Ok(0);
    }
    let mut count = 0;
    let mut dirs = vec![(identity.session_dir.clone(), identity.session_depth)];
    while let Some((dir, depth)) = dirs.pop() {
        for path in entries(&dir)? {
            let Some(found) = gone_is_none(fs::symlink_metadata(&path))? else {
                continue;
            };
            if found.is_dir() && depth > 0 {
                dirs.push((path, depth - 1));
            } else if found.is_file() && is_ours(&path) && found.len() <= MAX_SESSION {
                let bytes = gone_is_none(fs::read(&path))?.unwrap_or_default();
                if owner(&bytes, identity).is_ok_and(|owner| is_theirs(&owner)) {
                    fs::remove_file(&path)?;
                    count += 1;
                }
            }
        }
    }
    Ok(count)
}

fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(entries) = gone_is_none(fs::read_dir(dir))? else {
        return Ok(Vec::new());
    };
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// As [`delete_of`], of those that hold on all machines of the site.
///
/// # Errors
/// Those of the files, and of having them removed.
pub(super) fn delete_shared_of(
    settings: &Settings,
    is_theirs: &dyn Fn(&Owner) -> bool,
) -> io::Result<usize> {
    let mut count = 0;
    for path in shared(settings)? {
        let bytes = gone_is_none(fs::read(&path))?.unwrap_or_default();
        if owner(&bytes, &settings.identity).is_ok_and(|owner| is_theirs(&owner)) {
            order::remove(&settings.dirs(), &path)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Those that hold on all machines of the site.
fn shared(settings: &Settings) -> io::Result<Vec<PathBuf>> {
    match &settings.identity.logins {
        Some(dir) => entries(dir),
        None => Ok(Vec::new()),
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| OURS.iter().any(|start| name.starts_with(start)))
}

/// Deletes it unless somebody uses it, which renews it: PHP holds its lock for a whole request.
fn delete(path: &Path, before: SystemTime) -> io::Result<bool> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from);
    let Some(file) = gone_is_none(opened.map(File::from))? else {
        return Ok(false);
    };
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(false);
    }
    let found = file.metadata()?;
    if found.nlink() == 0 || found.modified()? >= before {
        return Ok(false);
    }
    Ok(gone_is_none(fs::remove_file(path))?.is_some())
}

fn gone_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}
