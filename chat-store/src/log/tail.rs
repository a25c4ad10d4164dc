//! Following a room's log from a place: everything after it, once, in order, whatever is done to the
//! files meanwhile.
//!
//! The place is a file, an offset and the id of the last record. Every read starts with the last
//! line again: if it is not there any more, the file was truncated or rewritten, also when it has
//! grown past the old offset since, and the place is found again by the id. At the end of a file
//! that the path does not name any more, the next one of the chain follows.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memchr;
use rustix::io::Errno;

use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::fs::scratch;
use crate::log::bisect;
use crate::log::chain::{self, LogFile};
use crate::log::end;
use crate::log::lines::{Backward, Forward};
use crate::log::room_log::LOCK_TIMEOUT;
use crate::name::RoomName;
use crate::record::{MAX_LINE, Record, RecordId};

/// What one read takes, in bytes: a hundred usual lines. It grows for a longer line only.
const READ_BYTES: usize = scratch::KEPT_BYTES;
/// A last line up to this long is read again with what follows it; a longer one costs less as a
/// small read of its own.
const REREAD_BYTES: u64 = 1024;
/// What is kept of the last line to know it again: the id, which no other line has.
const HEAD_BYTES: usize = RecordId::TEXT_LEN + 1;
/// What a read(2) copies at once, at least.
const PAGE: u64 = 4096;
/// Files that are changed under one call before it gives up until the next.
const MAX_MOVES: u32 = 64;

/// Before every record. Zero would mean that the place has no id: a log in the old form.
const BEGINNING: RecordId = RecordId::from_micros(1);

/// Whether there is more to read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Read to the end: wait for the bell.
    Idle,
    /// The budget was used up first: call again before waiting.
    More,
}

/// A follower's place in a room's log.
#[derive(Debug)]
pub struct Tail {
    live: PathBuf,
    current: Option<Current>,
    last: RecordId,
    /// Where the file before the live one was found to have more, and how often.
    looked_back: (RecordId, u32),
}

#[derive(Debug)]
struct Current {
    file: File,
    id: FileId,
    pos: u64,
    anchor: Option<Anchor>,
    /// The rest of a line that is too long is passed over.
    skipping: bool,
    /// Its writers are gone: what is read now is the last of it.
    finishing: bool,
    /// Where the last read ended.
    read_to: u64,
}

/// The last line before the place.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    start: u64,
    head: [u8; HEAD_BYTES],
    length: usize,
}

enum Step {
    Lines(usize),
    End(usize),
    Lost,
}

impl Tail {
    /// At the end of the room's log as it is now. A log that is not there yet is followed from its
    /// start.
    ///
    /// # Errors
    /// Those of opening and reading the log.
    pub fn at_end(dirs: &Dirs, room: &RoomName) -> io::Result<Self> {
        Self::at_end_of(dirs.room_log(room))
    }

    /// Behind the record `after`, wherever in the log's files it is. If it is there no more, from
    /// the first record with a greater id.
    ///
    /// # Errors
    /// As [`Tail::at_end`].
    pub fn after(dirs: &Dirs, room: &RoomName, after: RecordId) -> io::Result<Self> {
        Self::after_in(dirs.room_log(room), after)
    }

    /// As [`Tail::at_end`], of the log whose live file is `live`.
    ///
    /// # Errors
    /// As [`Tail::at_end`].
    pub fn at_end_of(live: PathBuf) -> io::Result<Self> {
        let mut tail = Self {
            live,
            current: None,
            last: RecordId::ZERO,
            looked_back: (RecordId::ZERO, 0),
        };
        let mut is_empty = true;
        match file::open_read(&tail.live) {
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
            Ok((file, stat)) => {
                let size = file::size_of(&stat);
                let end = scratch::with(|buffer| end::look(&file, size, buffer))?;
                tail.last = end.last.unwrap_or_default();
                let mut current = Current::new(file, FileId::of(&stat), end.line.1);
                current.anchor_at(end.line)?;
                tail.current = Some(current);
                is_empty = size == 0;
            }
        }
        if tail.last == RecordId::ZERO {
            // There is nothing yet: everything is new. Or there is, in the old form.
            let unknown = if is_empty { BEGINNING } else { RecordId::ZERO };
            tail.last = chain::last_before(&tail.live)?.unwrap_or(unknown);
        }
        Ok(tail)
    }

    /// As [`Tail::after`], of the log whose live file is `live`.
    ///
    /// # Errors
    /// As [`Tail::at_end`].
    pub fn after_in(live: PathBuf, after: RecordId) -> io::Result<Self> {
        let last = after.max(BEGINNING);
        let mut tail = Self {
            live,
            current: None,
            last,
            looked_back: (RecordId::ZERO, 0),
        };
        tail.find_again()?;
        Ok(tail)
    }

    /// The greatest id that was read, or that the log had when this started.
    pub fn last_id(&self) -> RecordId {
        self.last
    }

    /// The open file and the offset behind the last line read; `None` if there is no log yet.
    pub fn place(&self) -> Option<(&File, u64)> {
        self.current
            .as_ref()
            .map(|current| (&current.file, current.pos))
    }

    /// The log's live file.
    pub fn path(&self) -> &Path {
        &self.live
    }

    /// Gives the records that came, oldest first, until about `budget` bytes of lines were read.
    ///
    /// # Errors
    /// Those of opening and reading the log, which may pass: call again at the next bell or poll.
    pub fn read(
        &mut self,
        budget: usize,
        give: &mut dyn FnMut(&Record<'_>),
    ) -> io::Result<Progress> {
        scratch::with(|buffer| self.read_with(buffer, budget, give))
    }

    fn read_with(
        &mut self,
        buffer: &mut Vec<u8>,
        budget: usize,
        give: &mut dyn FnMut(&Record<'_>),
    ) -> io::Result<Progress> {
        let mut spent = 0;
        let mut moves = 0;
        while spent < budget.max(1) {
            let step = self.step(buffer, budget.max(1) - spent, give)?;
            let go_on = match step {
                Step::Lines(count) => {
                    spent += count;
                    continue;
                }
                Step::End(count) => {
                    spent += count;
                    self.move_on()?
                }
                Step::Lost => self.find_again()?,
            };
            moves += 1;
            if moves > MAX_MOVES {
                return Ok(Progress::More);
            }
            if !go_on {
                return Ok(Progress::Idle);
            }
        }
        Ok(Progress::More)
    }

    /// One read.
    fn step(
        &mut self,
        buffer: &mut Vec<u8>,
        budget: usize,
        give: &mut dyn FnMut(&Record<'_>),
    ) -> io::Result<Step> {
        let Some(current) = &mut self.current else {
            return Ok(Step::End(0));
        };
        let Some(filled) = current.fill(buffer)? else {
            return Ok(Step::Lost);
        };
        // After the read, not before: what it gave was whole if nothing was cut until now.
        if self.is_behind()? {
            return Ok(Step::Lost);
        }
        let Some(current) = &mut self.current else {
            return Ok(Step::End(0));
        };
        Ok(current.take(buffer, filled, budget, &mut self.last, give))
    }

    /// At the start of the live file there is no line to know a truncation by: what was written
    /// here may have been copied away and cut already. Then the file before has it.
    fn is_behind(&mut self) -> io::Result<bool> {
        let Some(current) = &self.current else {
            return Ok(false);
        };
        let is_start = current.pos == 0 && current.anchor.is_none();
        let (last, times) = self.looked_back;
        // Enough, should that file have nothing to give.
        let is_vain = last == self.last && times >= MAX_MOVES / 2;
        if !is_start || self.last == RecordId::ZERO || is_vain {
            return Ok(false);
        }
        let (id, links) = (current.id, rustix::fs::fstat(&current.file)?.st_nlink);
        // One in the middle of the chain is read before those after it.
        if links > 0 && self.newest()? != Some(id) {
            return Ok(false);
        }
        let is_behind = chain::last_before(&self.live)? > Some(self.last);
        if is_behind {
            self.looked_back = (self.last, if last == self.last { times + 1 } else { 1 });
        }
        Ok(is_behind)
    }

    /// At the end of a file: false if there is nothing behind it.
    fn move_on(&mut self) -> io::Result<bool> {
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
    fn newest(&self) -> io::Result<Option<FileId>> {
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
    fn find_again(&mut self) -> io::Result<bool> {
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

impl Current {
    fn new(file: File, id: FileId, pos: u64) -> Self {
        Self {
            file,
            id,
            pos,
            anchor: None,
            skipping: false,
            finishing: false,
            read_to: 0,
        }
    }

    /// At the place in a file behind the record `last`. `None`: it changed meanwhile.
    fn behind(entry: &LogFile, last: RecordId) -> io::Result<Option<Self>> {
        let Some(file) = entry.open()? else {
            return Ok(None);
        };
        let mut current = Self::new(file, entry.id, 0);
        if entry.first.is_some_and(|first| first <= last) {
            current.pos = bisect::first_after(&current.file, entry.size, last)?;
            let mut lines = Backward::new(&current.file, current.pos);
            let line = lines
                .next()?
                .map(|(start, line)| (start, start + line.len() as u64));
            let Some(line) = line.filter(|(_, end)| *end == current.pos) else {
                return Ok(None);
            };
            current.anchor_at(line)?;
            // Truncated and grown past the place while it was searched.
            if chain::first_id(&current.file, entry.size)? != entry.first {
                return Ok(None);
            }
        }
        Ok(Some(current))
    }

    /// Remembers the line at `start..end`, which is before the place.
    fn anchor_at(&mut self, (start, end): (u64, u64)) -> io::Result<()> {
        let mut head = [0; HEAD_BYTES];
        let length = HEAD_BYTES.min(usize::try_from(end - start).unwrap_or(HEAD_BYTES));
        let length = file::read_at(&self.file, &mut head[..length], start)?;
        self.anchor = (length > 0).then_some(Anchor {
            start,
            head,
            length,
        });
        Ok(())
    }

    /// One read: how much of the buffer is the last line again, and how much is filled. `None`: the
    /// last line is not where it was.
    fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<(usize, usize)>> {
        if buffer.len() < READ_BYTES {
            buffer.resize(READ_BYTES, 0);
        }
        let back = self.anchor.map_or(0, |anchor| self.pos - anchor.start);
        let back = if back <= REREAD_BYTES { back } else { 0 };
        let from = self.pos - back;
        let filled = file::read_some_at(&self.file, buffer, from)?;
        self.read_to = from + filled as u64;
        let reread = usize::try_from(back).expect("at most REREAD_BYTES");
        let is_lost = match self.anchor {
            Some(anchor) if reread > 0 => {
                filled < reread
                    || buffer[reread - 1] != b'\n'
                    || !buffer.starts_with(&anchor.head[..anchor.length])
            }
            // A long line, or nothing to know the place by, as after one that was too long.
            Some(_) => !self.holds_anchor()?,
            None => filled == 0 && self.is_cut()?,
        };
        // A read is not atomic between pages: the file may have been truncated and have grown again
        // in the middle of it.
        let is_split = from / PAGE != (from + filled as u64) / PAGE;
        if is_lost || is_split && !self.holds_anchor()? {
            return Ok(None);
        }
        Ok(Some((reread, filled)))
    }

    /// Gives the lines that were read.
    fn take(
        &mut self,
        buffer: &mut Vec<u8>,
        (reread, filled): (usize, usize),
        budget: usize,
        last: &mut RecordId,
        give: &mut dyn FnMut(&Record<'_>),
    ) -> Step {
        let at_end = filled < buffer.len();
        match self.take_lines(&buffer[reread..filled], budget, last, give) {
            // A line longer than the buffer.
            0 if !at_end => {
                self.grow_or_skip(buffer);
                Step::Lines(0)
            }
            spent if at_end && spent < budget => Step::End(spent),
            spent => Step::Lines(spent),
        }
    }

    /// Whether the last line is still where it was.
    fn holds_anchor(&self) -> io::Result<bool> {
        let Some(Anchor {
            start,
            head,
            length,
        }) = self.anchor
        else {
            return Ok(true);
        };
        let mut now = [0; HEAD_BYTES];
        let filled = file::read_at(&self.file, &mut now[..length], start)?;
        Ok(now[..filled] == head[..length])
    }

    /// The new id of the last line, if it stands where it was with an id from the past in place of one
    /// from the future (see [`mend`](super::mend)). Then the place is right.
    fn mended(&mut self) -> io::Result<Option<RecordId>> {
        let Some(Anchor { start, .. }) = self.anchor else {
            return Ok(None);
        };
        let mut lines = Forward::new(&self.file, start);
        let found = match lines.next()? {
            Some((place, line)) if place + line.len() as u64 == self.pos => {
                Record::id_of(line).filter(|id| !id.is_ahead())
            }
            _ => None,
        };
        if found.is_some() {
            self.anchor_at((start, self.pos))?;
        }
        Ok(found)
    }

    fn is_cut(&self) -> io::Result<bool> {
        Ok(file::size_of(&rustix::fs::fstat(&self.file)?) < self.pos)
    }

    /// Gives the whole lines of `bytes`, which starts at the place, within the budget.
    fn take_lines(
        &mut self,
        bytes: &[u8],
        budget: usize,
        last: &mut RecordId,
        give: &mut dyn FnMut(&Record<'_>),
    ) -> usize {
        let mut taken = 0;
        while taken < budget
            && let Some(length) = memchr(b'\n', &bytes[taken..])
        {
            let line = &bytes[taken..=taken + length];
            let mut head = [0; HEAD_BYTES];
            let length = line.len().min(HEAD_BYTES);
            head[..length].copy_from_slice(&line[..length]);
            self.anchor = Some(Anchor {
                start: self.pos,
                head,
                length,
            });
            self.pos += line.len() as u64;
            taken += line.len();
            if std::mem::take(&mut self.skipping) || line.len() > MAX_LINE {
                continue;
            }
            *last = (*last).max(Record::id_of(line).unwrap_or_default());
            if let Some(record) = Record::parse(line) {
                give(&record);
            }
        }
        taken
    }

    fn grow_or_skip(&mut self, buffer: &mut Vec<u8>) {
        // The last line is read again with the next, so the buffer must hold both.
        if buffer.len() < MAX_LINE + READ_BYTES && !self.skipping {
            let size = (buffer.len() * 2).min(MAX_LINE + READ_BYTES);
            buffer.resize(size, 0);
        } else {
            // Passed over up to its end; from the next read on, nothing before is read again.
            self.skipping = true;
            self.pos += (buffer.len() / 2) as u64;
            self.anchor = None;
        }
    }
}

#[cfg(test)]
mod tests;
