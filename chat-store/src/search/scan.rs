//! One room's log read backwards, block by block, over its rotated files.

use std::io;

use memchr::{memchr, memrchr};

use super::changes::{self, candidate, fill};
use super::matcher::Matcher;
use super::prefilter::Prefilter;
use super::{Place, Wish};
use crate::log::bisect;
use crate::log::chain::{self, LogFile};
use crate::log::history::Readable;
use crate::record::{MAX_LINE, Record, RecordId};
use crate::state;

/// The first and the largest block, in bytes: most rooms of a search have nothing in its time and are read once;
/// a large block stays in the CPU's cache.
const BLOCK_MIN: u64 = 16 * 1024;
pub(super) const BLOCK_MAX: u64 = 256 * 1024;
/// How often the files may be moved under one search before the room is given up.
const MAX_MOVES: u32 = 16;

/// Takes the id of a message that may be a hit, and one that is between it and the next.
pub(super) type Give<'g> = &'g mut dyn FnMut(RecordId, RecordId);

/// Where the reading of a room stands.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    log: Readable<'a>,
    bytes: u64,
    floor: RecordId,
    /// What was not read is older than this; `None`: all was read.
    frontier: Option<RecordId>,
    at: Option<At>,
    block: u64,
    buffer: Vec<u8>,
    prefilter: Prefilter,
    moves: u32,
}

/// The files of the log that are not read yet, the last of them up to a place.
#[derive(Debug)]
struct At {
    files: Vec<LogFile>,
    pos: u64,
}

impl<'a> Scan<'a> {
    pub(super) fn new(place: &Place<'a>, wish: Wish) -> io::Result<Self> {
        let log = place.log;
        let hidden = state::cleared(log.dirs, log.room)?.max(log.since);
        let floor = hidden.max(wish.from.previous());
        Ok(Self {
            log,
            bytes: place.bytes,
            floor,
            frontier: (place.bytes > 0 && wish.before > floor.next()).then_some(wish.before),
            at: None,
            block: BLOCK_MIN,
            buffer: Vec::new(),
            prefilter: Prefilter::default(),
            moves: 0,
        })
    }

    pub(super) fn frontier(&self) -> Option<RecordId> {
        self.frontier
    }

    /// Bytes that were not read.
    pub(super) fn rest(&self) -> u64 {
        match (&self.frontier, &self.at) {
            (None, _) => 0,
            (Some(_), None) => self.bytes,
            (Some(_), Some(At { files, pos })) => {
                let older = files.split_last().map_or(&[][..], |(_, older)| older);
                older.iter().map(|file| file.size).sum::<u64>() + pos
            }
        }
    }

    /// Reads one block further back; gives the ids of messages that may be hits, and how much was read.
    pub(super) fn read(&mut self, matcher: &mut Matcher, give: Give<'_>) -> io::Result<u64> {
        match self.read_on(matcher, give) {
            // Rotated or cut meanwhile: the place is found again by the time.
            Err(error) if is_moved(&error) => {
                self.moves += 1;
                self.at = None;
                if self.moves > MAX_MOVES {
                    self.frontier = None;
                }
                Ok(0)
            }
            read => read,
        }
    }

    fn read_on(&mut self, matcher: &mut Matcher, give: Give<'_>) -> io::Result<u64> {
        let begun = match self.at {
            Some(_) => 0,
            None => self.begin(matcher, give)?,
        };
        Ok(begun + self.read_block(matcher, give)?)
    }

    /// Finds the place.
    fn begin(&mut self, matcher: &mut Matcher, give: Give<'_>) -> io::Result<u64> {
        let Some(before) = self.frontier else {
            return Ok(0);
        };
        let mut files = chain::list(&self.log.dirs.room_log(self.log.room))?;
        let found = place_of(&files, before)?;
        let (index, pos) = found.unwrap_or_default();
        // On from a place: what was changed after it, may have been said before it.
        let read = if before < RecordId::MAX && index < files.len() {
            changes::read(&files[index..], pos, before, matcher, give)?
        } else {
            0
        };
        files.truncate(index + 1);
        if files.is_empty() {
            self.frontier = None;
        }
        self.at = Some(At { files, pos });
        Ok(read)
    }

    fn read_block(&mut self, matcher: &mut Matcher, give: Give<'_>) -> io::Result<u64> {
        let Some(at) = &mut self.at else {
            return Ok(0);
        };
        while at.pos == 0 && !at.files.is_empty() {
            at.files.pop();
            at.pos = at.files.last().map_or(0, |file| file.size);
        }
        let Some(entry) = at.files.last().cloned() else {
            self.frontier = None;
            return Ok(0);
        };
        let Some(file) = entry.open()? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let pos = at.pos;
        let count = self.block.min(pos);
        fill(&mut self.buffer, &file, pos - count, count)?;
        self.block = (self.block * 4).min(BLOCK_MAX);
        // Lines that begin in this block and end in it; the others are too long, or torn.
        let begin = match memchr(b'\n', &self.buffer) {
            Some(first) if pos > count => first + 1,
            None if pos > count => self.buffer.len(),
            _ => 0,
        };
        let end = memrchr(b'\n', &self.buffer).map_or(0, |last| last + 1);
        let next = if begin < self.buffer.len() {
            pos - count + begin as u64
        } else if count <= MAX_LINE as u64 {
            // The line is longer than the block: it is read again with a larger one, unless no line may be so long.
            pos
        } else {
            pos - count
        };
        if let Some(at) = &mut self.at {
            at.pos = next;
        }
        if begin < end {
            self.search_block(begin..end, pos - count, &entry, matcher, give);
        }
        Ok(count)
    }

    fn search_block(
        &mut self,
        lines: std::ops::Range<usize>,
        base: u64,
        entry: &LogFile,
        matcher: &mut Matcher,
        give: Give<'_>,
    ) {
        let block = &self.buffer[lines.clone()];
        let before = self.before_file(entry);
        let place_id = |offset: usize| {
            let place = before + base + (lines.start + offset) as u64;
            RecordId::from_micros(place + 1)
        };
        let floor = self.floor;
        self.prefilter
            .each(block, matcher, &mut |matcher, offset, line| {
                let Some(id) = candidate(line, matcher) else {
                    return;
                };
                if id == RecordId::ZERO {
                    // A line in the old form: its place is its id.
                    give(place_id(offset), place_id(offset + line.len()));
                } else if id > floor {
                    give(id, id.next());
                }
            });
        let mut first = block.split_inclusive(|&byte| byte == b'\n');
        let oldest = first.find_map(Record::id_of);
        let oldest = oldest.or_else(|| block.starts_with(b"[").then(|| place_id(0)));
        if let Some(oldest) = oldest {
            let frontier = self
                .frontier
                .map_or(oldest, |frontier| frontier.min(oldest));
            self.frontier = (frontier > self.floor.next()).then_some(frontier);
        }
    }

    /// Bytes of the files before this one.
    fn before_file(&self, entry: &LogFile) -> u64 {
        let files = self.at.as_ref().map_or(&[][..], |at| &at.files);
        files
            .iter()
            .take_while(|file| file.id != entry.id)
            .map(|file| file.size)
            .sum()
    }
}

fn is_moved(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// The file, and the place in it, behind the last record that is older.
fn place_of(files: &[LogFile], before: RecordId) -> io::Result<Option<(usize, u64)>> {
    if before.is_place() {
        let mut left = before.as_micros().saturating_sub(1);
        for (index, file) in files.iter().enumerate() {
            if left <= file.size {
                return Ok(Some((index, left)));
            }
            left -= file.size;
        }
        return Ok(None);
    }
    let holder = files
        .iter()
        .rposition(|file| file.first.is_some_and(|first| first < before));
    let Some(index) = holder.or((!files.is_empty()).then_some(0)) else {
        return Ok(None);
    };
    let entry = &files[index];
    if before == RecordId::MAX {
        return Ok(Some((index, entry.size)));
    }
    let Some(file) = entry.open()? else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let pos = bisect::first_after(&file, entry.size, before.previous())?;
    Ok(Some((index, pos)))
}
