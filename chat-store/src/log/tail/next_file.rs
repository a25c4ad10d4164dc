//! From one of the log's files to the next, and to the place that was lost.

use std::io;

use super::{Current, Tail};
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::log::chain::{self, LogFile};
use crate::log::room_log::LOCK_TIMEOUT;
use crate::record::RecordId;

impl Tail {
    /// At the end of a file: false if there is nothing behind it.
    pub(super) fn move_on(&mut self) -> io::Result<bool> {
        let newest = self.newest()?;
        let Some(current) = &mut self.current else {
            return self.find_again();
        };
        if newest.is_none_or(|newest| newest == current.id) {
            current.finishing = false;
            return Ok(false);
        }
        if !current.finishing {
            // A writer that holds the lock may still be putting a line there. After this none
            // will: each checks the path under the lock. One that was stopped while it held the
            // lock is not waited for longer.
            lock::take(&current.file, Share::Shared, LOCK_TIMEOUT)?;
            current.finishing = true;
            return Ok(true);
        }
        let id = current.id;
        // The usual case, without reading a directory that may hold 10,000 rooms.
        let next = if FileId::at(&file::suffixed(&self.live, ".1"))? == Some(id) {
            LogFile::at(self.live.clone())?
        } else {
            let files = chain::list(&self.live)?;
            // A file without ids has no place in the order.
            match files
                .iter()
                .position(|file| file.id == id && file.first.is_some())
            {
                Some(at) => files.into_iter().nth(at + 1),
                None => return self.find_again(),
            }
        };
        // Only now is its end the end: it may be a copy that was not complete when it was read.
        if file::size_of(&rustix::fs::fstat(&current.file)?) != current.read_to {
            return Ok(true);
        }
        next.map_or(Ok(false), |next| self.open_behind(&next))
    }

    /// The file that is written now: the live one, or, while it is renamed away and there is no new
    /// one yet, what it is called now.
    pub(super) fn newest(&self) -> io::Result<Option<FileId>> {
        match FileId::at(&self.live)? {
            None if self.current.is_some() => {
                Ok(chain::predecessor(&self.live)?.map(|file| file.id))
            }
            newest => Ok(newest),
        }
    }

    fn open_live(&mut self) -> io::Result<bool> {
        match LogFile::at(self.live.clone())? {
            Some(live) => self.open_behind(&live),
            None => Ok(false),
        }
    }

    /// Finds the place behind the last record again, in whatever file it is by now.
    pub(super) fn find_again(&mut self) -> io::Result<bool> {
        if self.last == RecordId::ZERO {
            return self.open_live();
        }
        if self.last.is_ahead()
            && let Some(current) = &mut self.current
            && let Some(mended) = current.mended()?
        {
            self.last = mended;
            return Ok(true);
        }
        let last = self.last;
        let holds = |file: &LogFile| file.first.is_some_and(|first| first <= last);
        if let Some(live) = LogFile::at(self.live.clone())?.filter(holds) {
            return self.open_behind(&live);
        }
        let files = chain::list(&self.live)?;
        let first = files.iter().position(|file| file.first.is_some());
        match files.iter().rposition(holds).or(first) {
            Some(at) => self.open_behind(&files[at]),
            None => self.open_live(),
        }
    }

    /// Opens a file behind the last record, or at its start if all of it is newer. A copy that
    /// copytruncate is just making and the live file hold the same records for a while.
    fn open_behind(&mut self, entry: &LogFile) -> io::Result<bool> {
        // Without a file the caller looks for the place again: this one may have been renamed since
        // it was listed, or truncated and grown again while it was searched.
        self.current = match Current::behind(entry, self.last) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            current => current?,
        };
        Ok(true)
    }
}
