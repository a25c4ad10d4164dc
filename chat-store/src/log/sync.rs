//! From the page cache to the disk: one fdatasync(2) for all who wrote.
//!
//! A mark beside the log says up to which record its file is on the disk. Who needs a sync takes the
//! mark's lock; whoever waited for it mostly finds that the one before has synced their record, too.
//! So a room costs one sync at a time, however many write. The mark is a hint that is right or too
//! low: without it (`run/` may be a tmpfs) somebody syncs once more.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::OFlags;

use super::end;
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::record::RecordId;

/// The longest wait for another's sync. A disk that takes longer is asked a second time.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of a mark, in bytes: two numbers, an id and their blanks.
const MAX_MARK: u64 = 128;

/// What was appended to a log and may be lost by a power cut, for whoever has the time to wait for the disk.
#[derive(Debug)]
pub struct Unsynced {
    pub(super) log: Arc<File>,
    pub(super) id: FileId,
    pub(super) last: RecordId,
    pub(super) live: PathBuf,
    pub(super) mark: Option<PathBuf>,
}

impl Unsynced {
    /// Which file it is in.
    pub fn file(&self) -> FileId {
        self.id
    }

    /// Makes it survive a power cut, and all before it in its file, unless another's sync has done so.
    ///
    /// # Errors
    /// Those of fdatasync(2); it may be lost then.
    pub fn sync(&self) -> io::Result<()> {
        up_to(
            &self.log,
            self.id,
            self.last,
            &self.live,
            self.mark.as_deref(),
        )
    }
}

/// Makes the record `last` of the open log, and all before it, survive a power cut.
///
/// # Errors
/// Those of fdatasync(2); the records may be lost then.
pub(super) fn up_to(
    log: &File,
    id: FileId,
    last: RecordId,
    live: &Path,
    mark: Option<&Path>,
) -> io::Result<()> {
    let opened = mark.and_then(|path| {
        let flags = OFlags::RDWR | OFlags::CREATE;
        Some((file::open(path, flags).ok()?.0, path))
    });
    let Some((mark_file, path)) = opened else {
        return sync_both(log, live);
    };
    let lock = lock::take(&mark_file, Share::Exclusive, LOCK_TIMEOUT)?;
    let text = file::read_whole(path, MAX_MARK)?;
    let (known, synced) = parse(&text).unzip();
    if known == Some(id) && synced.is_some_and(|synced| synced >= last) {
        return Ok(());
    }
    // What stands there before the sync is what the sync covers.
    let size = file::size_of(&rustix::fs::fstat(log)?);
    let end = end::look(log, size, &mut Vec::new())?.last.unwrap_or(last);
    if known == Some(id) {
        rustix::fs::fdatasync(log)?;
    } else {
        sync_both(log, live)?;
    }
    if lock.is_some() {
        // A mark that cannot be written, or only in part, is read as none. It is written over: ext4 writes what was cut to
        // nothing and then written to the disk as soon as it is closed (auto_da_alloc, ext4(5)).
        let new = format!("{id} {}\n", end.max(last));
        let _ = mark_file.write_all_at(new.as_bytes(), 0).and_then(|()| {
            if text.len() > new.len() {
                mark_file.set_len(new.len() as u64)?;
            }
            Ok(())
        });
    }
    Ok(())
}

/// The first sync of a file: its name must be on the disk as well.
fn sync_both(log: &File, live: &Path) -> io::Result<()> {
    rustix::fs::fdatasync(log)?;
    file::sync_directory_of(live)
}

fn parse(mark: &[u8]) -> Option<(FileId, RecordId)> {
    let text = std::str::from_utf8(mark).ok()?.strip_suffix('\n')?;
    let (id, last) = text.rsplit_once(' ')?;
    Some((FileId::parse(id)?, RecordId::parse(last.as_bytes())?))
}
