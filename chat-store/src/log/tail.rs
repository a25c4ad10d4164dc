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

use rustix::io::Errno;

use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::fs::scratch;
use crate::log::chain;
use crate::log::end;
use crate::name::RoomName;
use crate::record::{Record, RecordId};

mod current;
mod next_file;

use current::{Current, Step};

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

    /// The id of the log's first record, if all of the log is newer than `after`, behind which this was just placed: of
    /// what was said in between, some may be kept no more. Only then the log's files are listed.
    ///
    /// # Errors
    /// Those of listing the log's files.
    pub fn begins_after(&self, after: RecordId) -> io::Result<Option<RecordId>> {
        if self.place().is_none_or(|(_, pos)| pos > 0) {
            return Ok(None);
        }
        let files = chain::list(&self.live)?;
        let first = files.iter().find_map(|file| file.first);
        Ok(first.filter(|first| *first > after))
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
}

#[cfg(test)]
mod tests;
