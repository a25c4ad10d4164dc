//! A place in one of the log's files, and what is read from there.

use std::fs::File;
use std::io;

use memchr::memchr;

use crate::fs::file::{self, FileId};
use crate::fs::scratch;
use crate::log::bisect;
use crate::log::chain::{self, LogFile};
use crate::log::lines::{Backward, Forward};
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

#[derive(Debug)]
pub(super) struct Current {
    pub(super) file: File,
    pub(super) id: FileId,
    pub(super) pos: u64,
    pub(super) anchor: Option<Anchor>,
    /// The rest of a line that is too long is passed over.
    skipping: bool,
    /// Its writers are gone: what is read now is the last of it.
    pub(super) finishing: bool,
    /// Where the last read ended.
    pub(super) read_to: u64,
}

/// The last line before the place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    start: u64,
    head: [u8; HEAD_BYTES],
    length: usize,
}

pub(super) enum Step {
    Lines(usize),
    End(usize),
    Lost,
}

impl Current {
    pub(super) fn new(file: File, id: FileId, pos: u64) -> Self {
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
    pub(super) fn behind(entry: &LogFile, last: RecordId) -> io::Result<Option<Self>> {
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
    pub(super) fn anchor_at(&mut self, (start, end): (u64, u64)) -> io::Result<()> {
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
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<(usize, usize)>> {
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
    pub(super) fn take(
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
    /// from the future (see [`mend`](crate::log::mend)). Then the place is right.
    pub(super) fn mended(&mut self) -> io::Result<Option<RecordId>> {
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
