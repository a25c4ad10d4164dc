//! Deleting what is too old, while the chat runs.
//!
//! A file of which a part is too old is written anew without it and put in place under the log's
//! lock: a writer finds that its path names another file and goes there, a follower finds its place
//! again by the id of the last record. Neither loses a line or sees one twice.

use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rustix::fs::OFlags;

use super::packed;
use chat_store::fs::file::{self, FileId};
use chat_store::fs::lock::{self, Share};
use chat_store::log::bisect;
use chat_store::log::chain::{self, LogFile};
use chat_store::log::lines::Forward;
use chat_store::log::room_log::LOCK_TIMEOUT;
use chat_store::record::{Kind, Record, RecordId};

/// Times a file is copied again because a moderator took something back meanwhile.
const COPY_TRIES: u32 = 5;

/// What was (or would be) done to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// The bytes it gets smaller by.
    pub bytes: u64,
    /// True if nothing of it is left.
    pub removed: bool,
}

/// Deletes the records before `cutoff` from all files of one room's log.
///
/// # Errors
/// The first file that could not be done; those before it are done.
pub fn expire(live: &Path, cutoff: RecordId, dry_run: bool) -> io::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for entry in packed::list(live)? {
        changes.extend(told(&entry, expire_packed(&entry, cutoff, dry_run))?);
    }
    for entry in chain::list(live)? {
        let change = expire_plain(&entry, entry.path == live, cutoff, dry_run);
        changes.extend(told(&entry.path, change)?);
    }
    Ok(changes)
}

fn told<T>(path: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn expire_plain(
    entry: &LogFile,
    is_live: bool,
    cutoff: RecordId,
    dry_run: bool,
) -> io::Result<Option<Change>> {
    let Some(file) = entry.open()? else {
        return Err(io::Error::other("it was rotated just now, run this again"));
    };
    let cut = match entry.first {
        // The clock was wrong when it was written: the file's own time is right.
        Some(first) if first.is_ahead() && is_older(&file, cutoff)? => entry.size,
        Some(first) if first >= cutoff => return Ok(None),
        Some(_) => bisect::first_after(&file, entry.size, cutoff.previous())?,
        // Lines in the old form carry no date: the file's own time is that of the last one.
        None if entry.size > 0 && is_older(&file, cutoff)? => entry.size,
        None => return Ok(None),
    };
    // The live file stays, be it empty: others have it open.
    let removed = !is_live && cut == entry.size;
    if !dry_run {
        if removed {
            std::fs::remove_file(&entry.path)?;
        } else {
            rewrite(entry, cutoff)?;
        }
    }
    Ok(Some(Change {
        path: entry.path.clone(),
        bytes: cut,
        removed,
    }))
}

fn is_older(file: &File, cutoff: RecordId) -> io::Result<bool> {
    Ok(time_of(file.metadata()?.modified()?) < cutoff)
}

fn time_of(time: SystemTime) -> RecordId {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    RecordId::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// Puts a file without its old part in place.
fn rewrite(entry: &LogFile, cutoff: RecordId) -> io::Result<()> {
    let temporary = file::suffixed(&entry.path, &format!(".new-{}", std::process::id()));
    let done =
        (0..COPY_TRIES).find_map(|_| copy_and_replace(entry, cutoff, &temporary).transpose());
    if !matches!(done, Some(Ok(()))) {
        // It may never have been made.
        let _ = std::fs::remove_file(&temporary);
    }
    done.unwrap_or_else(|| {
        Err(io::Error::other(
            "it changed again and again, run this later",
        ))
    })
}

/// `None`: a moderator took something back that was copied before.
fn copy_and_replace(entry: &LogFile, cutoff: RecordId, temporary: &Path) -> io::Result<Option<()>> {
    let (old, stat) = file::open_read(&entry.path)?;
    let size = file::size_of(&stat);
    if FileId::of(&stat) != entry.id {
        return Err(io::Error::other("it was rotated just now, run this again"));
    }
    let cut = match entry.first {
        Some(first) if first.is_ahead() => size,
        Some(_) => bisect::first_after(&old, size, cutoff.previous())?,
        None => size,
    };
    let mut new = create_like(&old, temporary)?;
    (&old).seek(SeekFrom::Start(cut))?;
    io::copy(&mut (&old).take(size - cut), &mut new)?;
    // Before the lock is taken: the disk may take seconds, and whoever writes would be refused.
    new.sync_all()?;
    // What follows is short: only what was appended meanwhile.
    let Some(_lock) = lock::take(&old, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::Error::other(
            "others hold its lock all the time, run this later",
        ));
    };
    if !file::is_at(&old, &entry.path)? {
        return Err(io::Error::other("it was rotated just now, run this again"));
    }
    let mut lines = Forward::new(&old, size);
    while let Some((_, line)) = lines.next()? {
        let taken_back = |record: Record<'_>| matches!(record.kind, Kind::Redact | Kind::Clear);
        if Record::parse(line).is_some_and(taken_back) {
            return Ok(None);
        }
    }
    (&old).seek(SeekFrom::Start(size))?;
    io::copy(&mut &old, &mut new)?;
    new.sync_all()?;
    std::fs::rename(temporary, &entry.path)?;
    file::sync_directory_of(&entry.path)?;
    Ok(Some(()))
}

/// An empty file with the owner and mode of another.
pub(super) fn create_like(model: &File, path: &Path) -> io::Result<File> {
    let (new, _) = file::open(path, OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC)?;
    let metadata = model.metadata()?;
    new.set_permissions(Permissions::from_mode(metadata.permissions().mode()))?;
    if new.metadata()?.uid() != metadata.uid() || new.metadata()?.gid() != metadata.gid() {
        std::os::unix::fs::fchown(&new, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    Ok(new)
}

/// A compressed file is nobody's to write to any more, so no lock is needed.
fn expire_packed(path: &Path, cutoff: RecordId, dry_run: bool) -> io::Result<Option<Change>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let size = metadata.len();
    if is_older(&file, cutoff)? {
        // gzip keeps the time of what it packs: that of the last line.
        if !dry_run {
            std::fs::remove_file(path)?;
        }
        return Ok(Some(Change {
            path: path.to_owned(),
            bytes: size,
            removed: true,
        }));
    }
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Err(io::Error::other(
            "only gzip can be unpacked here, unpack it and run this again",
        ));
    }
    let temporary = file::suffixed(path, &format!(".new-{}", std::process::id()));
    let kept = repack(file, &temporary, cutoff);
    let change = match kept {
        Ok(Kept::All) => None,
        Ok(Kept::Nothing) => {
            if !dry_run {
                std::fs::remove_file(path)?;
            }
            Some(Change {
                path: path.to_owned(),
                bytes: size,
                removed: true,
            })
        }
        Ok(Kept::Some) => {
            let smaller = size.saturating_sub(std::fs::metadata(&temporary)?.len());
            if !dry_run {
                let new = File::options().write(true).open(&temporary)?;
                new.set_modified(metadata.modified()?)?;
                new.sync_all()?;
                std::fs::rename(&temporary, path)?;
                file::sync_directory_of(path)?;
            }
            Some(Change {
                path: path.to_owned(),
                bytes: smaller,
                removed: false,
            })
        }
        Err(error) => {
            let _ = std::fs::remove_file(&temporary);
            return Err(error);
        }
    };
    // Gone already if it was put in place.
    let _ = std::fs::remove_file(&temporary);
    Ok(change)
}

enum Kept {
    All,
    Some,
    Nothing,
}

fn repack(file: File, temporary: &Path, cutoff: RecordId) -> io::Result<Kept> {
    let mut packer = GzEncoder::new(create_like(&file, temporary)?, Compression::default());
    let (mut kept, mut dropped, mut has_ids) = (false, false, false);
    packed::each_line(MultiGzDecoder::new(file), &mut |line| {
        let id = Record::id_of(line);
        // Lines in the old form belong to the record before them.
        let keep = id.map_or(kept, |id| id >= cutoff);
        has_ids |= id.is_some();
        kept |= keep;
        dropped |= !keep;
        if keep { packer.write_all(line) } else { Ok(()) }
    })?;
    packer.finish()?.sync_all()?;
    Ok(match (kept, dropped && has_ids) {
        (_, false) => Kept::All,
        (true, true) => Kept::Some,
        (false, true) => Kept::Nothing,
    })
}

/// Removes the temporary files that an expire left which was killed. None lives longer than this.
pub(super) fn sweep(live: &Path) -> io::Result<()> {
    const STALE: Duration = Duration::from_secs(24 * 3600);
    let (Some(dir), Some(name)) = (live.parent(), live.file_name()) else {
        return Ok(());
    };
    let prefix = name.to_string_lossy().into_owned();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(|file| {
            file.strip_prefix(&prefix)
                .is_some_and(|rest| rest.contains(".new-"))
        });
        if is_ours && entry.metadata()?.modified()?.elapsed().unwrap_or_default() > STALE {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
