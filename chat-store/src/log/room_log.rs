//! Appending to a room's log: the truth about the room.
//!
//! One record is one write(2) under the log's lock, after a check that the path still names the open
//! file. Ids increase strictly within a room, also over a rotation and when the clock steps back.
//!
//! A record in the page cache survives the death of every process; a sync for each would cost a
//! hundred times the write. So whoever appends calls [`RoomLog::sync`] when it has to survive a power
//! cut. What a cut leaves of a line is mended by the next writer.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, Stat};
use rustix::io::Errno;

use crate::cluster::Cluster;
use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::log::chain;
use crate::log::sync;
use crate::moves;
use crate::name::RoomName;
use crate::record::{Draft, MAX_LINE, RecordId, Scope};
use crate::state;

mod error;
mod redact;
mod relayed;
mod resend;
mod sent;

pub use crate::log::sync::Unsynced;
pub use error::AppendError;
pub use redact::{RedactError, blank_all};
pub use resend::RESEND_BYTES;

use crate::log::end::{self, End, Torn};
use resend::Resend;
use sent::Sent;

/// The longest wait for the log's lock. It is held for microseconds; only a process that was
/// stopped while it held it makes anybody wait this long, and then the line is refused.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a log that was renamed away is written on. logrotate renames, then creates: a writer
/// that made the new file first would be in its way (it would move it aside as `.backup`).
const RENAMED_GRACE: Duration = Duration::from_secs(1);
/// The same for a writer that comes in between and has no file to write on: it waits.
const CREATE_GRACE: Duration = Duration::from_millis(250);
const CREATE_PAUSE: Duration = Duration::from_millis(5);
/// A rename this long ago may be followed by a creation.
const JUST_NOW: Duration = Duration::from_secs(3);
/// Times the path may name yet another file before the writer gives up.
const REOPEN_TRIES: u32 = 16;
/// The buffer that is kept between lines, in bytes.
const KEPT_BUFFER: usize = 4 * 1024;

/// What became of a message that may have been sent before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is in the log now.
    New(RecordId),
    /// It was in the log already, under this id.
    Already(RecordId),
}

impl Stored {
    /// The id it has in the log.
    pub fn id(self) -> RecordId {
        match self {
            Self::New(id) | Self::Already(id) => id,
        }
    }
}

/// The open log of a room, for writing.
#[derive(Debug)]
pub struct RoomLog {
    live: PathBuf,
    open: Option<Open>,
    /// Ids of this room seen here; the next one is greater, whatever the files say.
    floor: RecordId,
    /// How much older the record before our last one is.
    silence: Duration,
    line: Vec<u8>,
    missing_since: Option<Instant>,
    /// Up to where the log is on the disk, for all who write; `None`: everybody syncs on their own.
    mark: Option<PathBuf>,
    /// The last record of the open file that was not synced by us.
    unsynced: Option<RecordId>,
    /// What the sender of this process has in the log, once they send something with a `msgid`.
    sent: Option<Sent>,
    /// The site is on several machines: this machine's relay writes the log.
    relay: Option<(Arc<Cluster>, RoomName)>,
    /// The id that the next record has at least, whatever the clock says.
    given: Option<RecordId>,
}

#[derive(Debug)]
struct Open {
    file: Arc<File>,
    id: FileId,
    /// The size after our last write: if it is still that, nobody else wrote and `floor` is right.
    known_size: Option<u64>,
}

impl RoomLog {
    /// The log of `room`. The log is not opened or made before the first append, so this cannot fail
    /// and a directory that is missing now may be there by then. Only the name of a room whose files are
    /// called by a part of it is written down, if it can be.
    pub fn new(dirs: &Dirs, room: &RoomName) -> Self {
        state::remember_name(dirs, room);
        Self {
            mark: Some(dirs.run.join(format!("{}.synced", room.file_stem()))),
            relay: dirs.cluster.clone().map(|cluster| (cluster, room.clone())),
            ..Self::at(dirs.room_log(room))
        }
    }

    /// The log whose live file is `live`.
    pub fn at(live: PathBuf) -> Self {
        Self {
            live,
            open: None,
            floor: RecordId::ZERO,
            silence: Duration::MAX,
            line: Vec::new(),
            missing_since: None,
            mark: None,
            unsynced: None,
            sent: None,
            relay: None,
            given: None,
        }
    }

    /// The log's live file.
    pub fn path(&self) -> &Path {
        &self.live
    }

    /// For how long nobody had written anything before the record that was appended last.
    pub fn silence(&self) -> Duration {
        self.silence
    }

    /// Whether the log's last record is in the future, so that new ones get its time and not theirs: see
    /// [`mend`](crate::log::mend).
    pub fn is_ahead(&self) -> bool {
        self.floor.is_ahead()
    }

    /// Makes everything that was appended here survive a power cut, unless another's sync has done so.
    ///
    /// # Errors
    /// Those of fdatasync(2); what was appended may be lost then, and the next call tries again.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.relay.is_some() && self.unsynced.take().is_some() {
            return self.sync_files();
        }
        if let (Some(last), Some(open)) = (self.unsynced, &self.open) {
            sync::up_to(&open.file, open.id, last, &self.live, self.mark.as_deref())?;
            self.unsynced = None;
        }
        Ok(())
    }

    /// What was appended here and may be lost by a power cut, for somebody else to [sync](Unsynced::sync): from here on
    /// it is theirs to do.
    pub fn take_unsynced(&mut self) -> Option<Unsynced> {
        if self.relay.is_some() {
            return None;
        }
        let open = self.open.as_ref()?;
        let last = self.unsynced.take()?;
        Some(Unsynced {
            log: Arc::clone(&open.file),
            id: open.id,
            last,
            live: self.live.clone(),
            mark: self.mark.clone(),
        })
    }

    /// As [`RoomLog::sync`], for a record that somebody else may have appended, to a file that may have
    /// been rotated since.
    ///
    /// # Errors
    /// As [`RoomLog::sync`].
    pub fn sync_found(&mut self) -> io::Result<()> {
        self.sync()?;
        self.sync_files()
    }

    fn sync_files(&self) -> io::Result<()> {
        let live = file::open_read(&self.live).ok().map(|(file, _)| file);
        for file in live.into_iter().chain(predecessor(&self.live)) {
            rustix::fs::fdatasync(&file)?;
        }
        Ok(())
    }

    /// Whether something that was appended here may be lost by a power cut.
    pub fn is_unsynced(&self) -> bool {
        self.unsynced.is_some()
    }

    /// Appends one record and gives its id. The caller rings the room's bell.
    ///
    /// # Errors
    /// The record is not in the log then, and nothing half-written stays.
    pub fn append(&mut self, draft: &Draft<'_>) -> Result<RecordId, AppendError> {
        if self.relay.is_some() {
            return self.submit(draft).map(Stored::id);
        }
        self.store(draft, &|_, _| Ok(None)).map(Stored::id)
    }

    /// As [`RoomLog::append`], unless the same sender's message with the same `msgid` stands in the
    /// last [`RESEND_BYTES`] of the log. The first call looks through all of that, which takes some
    /// milliseconds, most of them before the lock is taken; later ones at what came since.
    ///
    /// # Errors
    /// As [`RoomLog::append`].
    pub fn append_once(&mut self, draft: &Draft<'_>) -> Result<Stored, AppendError> {
        let msgid = draft.msgid.map(crate::record::clean).unwrap_or_default();
        if msgid.is_empty() {
            return self.append(draft).map(Stored::New);
        }
        if self.relay.is_some() {
            return self.submit_once(draft);
        }
        let needle = Resend::needle(&msgid);
        let resend = Resend::new(draft, &msgid, &needle);
        let live = self.live.clone();
        let failed = |error| AppendError::of_io(error, &live);
        let mut mark = self
            .catch_up(&draft.scope())
            .map_err(failed)?
            .map(Sent::mark);
        if mark.is_none()
            || self
                .sent
                .as_ref()
                .is_some_and(|sent| sent.may_hold(draft.kind, &msgid))
        {
            let (found, seen) = resend.find(&live).map_err(failed)?;
            if let Some(id) = found {
                return Ok(Stored::Already(id));
            }
            mark = seen;
        }
        self.store(draft, &|open, size| match mark {
            Some((id, seen)) if id == open.id && seen <= size => {
                match resend.find_in(&open.file, seen, size) {
                    // copytruncate takes no lock.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        Ok(resend.find(&live).map_err(failed)?.0)
                    }
                    found => found.map_err(failed),
                }
            }
            _ => Ok(resend.find(&live).map_err(failed)?.0),
        })
    }

    /// The sender's record with the same kind and `msgid`, if it stands in the last [`RESEND_BYTES`] of the log.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn find_sent(&mut self, draft: &Draft<'_>) -> io::Result<Option<RecordId>> {
        let msgid = draft.msgid.map(crate::record::clean).unwrap_or_default();
        if msgid.is_empty() {
            return Ok(None);
        }
        let sent = self.catch_up(&draft.scope())?;
        if sent.is_some_and(|sent| !sent.may_hold(draft.kind, &msgid)) {
            return Ok(None);
        }
        let needle = Resend::needle(&msgid);
        Ok(Resend::new(draft, &msgid, &needle).find(&self.live)?.0)
    }

    /// Brings what is known of the sender's messages up to date.
    fn catch_up(&mut self, scope: &Scope<'_>) -> io::Result<Option<&Sent>> {
        let known = match (&mut self.sent, &self.open) {
            (Some(sent), Some(open)) => sent.catch_up(&open.file, open.id, scope)?,
            _ => false,
        };
        if !known {
            self.sent = Sent::scan(&self.live, scope)?;
        }
        Ok(self.sent.as_ref())
    }

    /// Appends, unless `already` finds the record under the lock.
    fn store(&mut self, draft: &Draft<'_>, already: &Already<'_>) -> Result<Stored, AppendError> {
        if draft.kind.is_personal() {
            return Err(AppendError::Personal);
        }
        for _ in 0..REOPEN_TRIES {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => self.open_live()?,
            };
            let result = self.attempt(&mut open, draft, already);
            // Kept whatever happened: with no descriptor left it could not be opened again.
            self.open = Some(open);
            if let Some(stored) = result? {
                return Ok(stored);
            }
            // The file that we leave is synced by nobody else's sync of the new one.
            let synced = self.sync();
            self.told(synced)?;
            self.open = Some(self.open_live()?);
        }
        Err(AppendError::Busy)
    }

    /// One try under the lock of one file; `None` if that file is not the log any more.
    fn attempt(
        &mut self,
        open: &mut Open,
        draft: &Draft<'_>,
        already: &Already<'_>,
    ) -> Result<Option<Stored>, AppendError> {
        let mut known_size = open.known_size.take();
        if self.floor.is_ahead() {
            // The log may have been mended since, which does not change its size.
            self.floor = RecordId::ZERO;
            known_size = None;
        }
        let Some(_lock) = self.told(lock::take(&open.file, Share::Exclusive, LOCK_TIMEOUT))? else {
            return Err(AppendError::Busy);
        };
        let stat = self.told(rustix::fs::fstat(&open.file).map_err(Into::into))?;
        if !self.is_current(open.id, &stat)? {
            return Ok(None);
        }
        let size = file::size_of(&stat);
        let before = if size == 0 {
            predecessor(&self.live)
        } else {
            None
        };
        // Held until the record is written: a late writer could put a line into the old file that
        // would have to stand before ours.
        let _before_lock = match &before {
            Some(file) => {
                let lock = self.told(lock::take(file, Share::Exclusive, LOCK_TIMEOUT))?;
                let size = self.told(rustix::fs::fstat(file).map_err(Into::into))?;
                self.look_at_end(file, file::size_of(&size))?;
                lock
            }
            None => None,
        };
        let place = if known_size == Some(size) {
            Place {
                size,
                line_end: false,
            }
        } else {
            self.mend(&open.file, size)?
        };
        if let Some(id) = already(open, place.size)? {
            return Ok(Some(Stored::Already(id)));
        }
        let id = self.write(&open.file, place, draft)?;
        self.unsynced = Some(id);
        open.known_size = Some(place.size + self.line.len() as u64);
        self.line.clear();
        self.line.shrink_to(KEPT_BUFFER);
        Ok(Some(Stored::New(id)))
    }

    /// Whether the locked file is the one to write to.
    fn is_current(&mut self, id: FileId, stat: &Stat) -> Result<bool, AppendError> {
        if let Some(now) = self.told(FileId::at(&self.live))? {
            self.missing_since = None;
            return Ok(now == id);
        }
        let since = self.missing_since.get_or_insert_with(Instant::now);
        if stat.st_nlink == 0 || since.elapsed() >= RENAMED_GRACE {
            return Ok(false);
        }
        // Not the newest: two rotations went by, and readers have left this file behind.
        let newest = chain::predecessor(&self.live);
        Ok(self.told(newest)?.is_some_and(|newest| newest.id == id))
    }

    fn look_at_end(&mut self, file: &File, size: u64) -> Result<End, AppendError> {
        let end = end::look(file, size, &mut self.line);
        let end = self.told(end)?;
        self.floor = self.floor.max(end.last.unwrap_or_default());
        Ok(end)
    }

    /// Learns the last id, and cuts off or closes a torn last line.
    fn mend(&mut self, file: &File, size: u64) -> Result<Place, AppendError> {
        let end = self.look_at_end(file, size)?;
        match end.torn {
            Torn::Whole => Ok(Place {
                size,
                line_end: false,
            }),
            Torn::Ours if rustix::fs::ftruncate(file, end.line.1).is_ok() => Ok(Place {
                size: end.line.1,
                line_end: false,
            }),
            Torn::Ours | Torn::Foreign => Ok(Place {
                size,
                line_end: true,
            }),
        }
    }

    /// Writes the record; leaves what was written in `line`.
    fn write(
        &mut self,
        file: &File,
        place: Place,
        draft: &Draft<'_>,
    ) -> Result<RecordId, AppendError> {
        let id = self.given.unwrap_or_else(RecordId::now);
        let id = id.max(self.floor.next());
        self.line.clear();
        if place.line_end {
            self.line.push(b'\n');
        }
        match self.given.filter(|given| *given != id) {
            Some(given) => relayed::write_late(draft, given, id, &mut self.line),
            None => draft.write_to(id, &mut self.line),
        }
        if self.line.len() > MAX_LINE {
            return Err(AppendError::TooLong);
        }
        let written = file::write_once(file, &self.line)
            .map_err(|error| AppendError::of(error, &self.live))?;
        if written == self.line.len() {
            let silence = id.as_micros() - self.floor.as_micros();
            self.silence = Duration::from_micros(silence);
            self.floor = id;
            return Ok(id);
        }
        // The disk is full in the middle of the line. If another program appended behind it, the
        // torn line stays, as a line: that program's text must not be cut.
        let stat = self.told(rustix::fs::fstat(file).map_err(Into::into))?;
        if file::size_of(&stat) == place.size + written as u64 {
            self.told(rustix::fs::ftruncate(file, place.size).map_err(Into::into))?;
        }
        Err(AppendError::DiskFull)
    }

    /// Opens the live file; makes it if it is not there, after waiting a little for the one who just
    /// renamed it away.
    fn open_live(&self) -> Result<Open, AppendError> {
        let flags = OFlags::RDWR | OFlags::APPEND;
        let began = Instant::now();
        let opened = loop {
            match file::open(&self.live, flags) {
                Err(Errno::NOENT)
                    if began.elapsed() >= CREATE_GRACE || !was_rotated_now(&self.live) =>
                {
                    if moves::is_log_away(&self.live) {
                        return Err(AppendError::Moved);
                    }
                    break file::open(&self.live, flags | OFlags::CREATE);
                }
                Err(Errno::NOENT) => std::thread::sleep(CREATE_PAUSE),
                result => break result,
            }
        };
        let (file, stat) = opened.map_err(|error| AppendError::of(error, &self.live))?;
        Ok(Open {
            file: Arc::new(file),
            id: FileId::of(&stat),
            known_size: None,
        })
    }

    fn told<T>(&self, result: io::Result<T>) -> Result<T, AppendError> {
        result.map_err(|error| AppendError::of_io(error, &self.live))
    }
}

/// Finds a record under the lock, in the first bytes of the file.
type Already<'a> = dyn Fn(&Open, u64) -> Result<Option<RecordId>, AppendError> + 'a;

/// Where a record starts.
#[derive(Debug, Clone, Copy)]
struct Place {
    size: u64,
    /// A line end must be put before it.
    line_end: bool,
}

/// The file before a new, empty one. If it cannot be read, ids go by the clock alone.
fn predecessor(live: &Path) -> Option<File> {
    chain::predecessor(live)
        .ok()
        .flatten()?
        .open()
        .ok()
        .flatten()
}

/// True if the file before the missing one changed just now, as a rename makes it.
fn was_rotated_now(live: &Path) -> bool {
    let changed = chain::predecessor(live)
        .ok()
        .flatten()
        .and_then(|file| std::fs::symlink_metadata(file.path).ok())
        .and_then(|metadata| u64::try_from(metadata.ctime()).ok());
    let now = RecordId::now().as_micros() / 1_000_000;
    changed.is_some_and(|changed| changed.abs_diff(now) <= JUST_NOW.as_secs())
}

#[cfg(test)]
mod tests;
