//! Words looked for in the logs of many rooms, newest first, read backwards and without an index.
//!
//! Each log is read in blocks from its end; of all rooms the one is read on that was read back least, so that the
//! hits come in one order. What a search reads is bounded in bytes, and it says how far it has come: `before` of
//! [`Wish`] goes on from there, and needs nothing that was kept meanwhile. A line that looks like a hit is asked for as
//! a page of [`history`](crate::log::history), which knows its last form and what may be read: only that is matched.

mod changes;
pub mod fold;
pub mod listing;
pub mod matcher;
mod prefilter;
mod scan;
mod turn;

use std::collections::{BTreeMap, BinaryHeap};
use std::io;

use crate::log::history::{self, Before, Page, Readable};
use crate::log::lines::until_whole;
use crate::record::{Record, RecordId};
use matcher::{Mark, Matcher};
use scan::Scan;

pub(crate) use listing::stem_of;
pub use turn::{BURST_BYTES, Refused, Turn};

/// What one search reads at most, in bytes of log: some tenths of a second.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// The most hits of one answer.
pub const MAX_HITS: usize = 50;
/// Lines that are looked at closely for each hit that is wanted, when what they hold now is not what was looked for.
const CANDIDATES_PER_HIT: usize = 4;
/// What such a look counts, in bytes read: about what it costs.
const LOOK_BYTES: u64 = 256 * 1024;
/// The most rooms of one search; of more, those are read that were written to last.
pub const MAX_ROOMS: usize = 10_000;

/// A room that may be searched.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// As far as it may be read.
    pub log: Readable<'a>,
    /// Bytes of all its files.
    pub bytes: u64,
}

/// How much, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Only what is older than this.
    pub before: RecordId,
    /// Only what is as old as this or newer.
    pub from: RecordId,
    /// Hits.
    pub limit: usize,
    /// What is read at most, in bytes; [`MAX_BYTES`] or less.
    pub bytes: u64,
}

/// A message that was found.
#[derive(Debug)]
pub struct Hit {
    /// Which of the places.
    pub place: usize,
    /// Its id.
    pub id: RecordId,
    /// What was said before it and itself, and what was said after it.
    pub around: [Page; 2],
    /// Where in its text the words are.
    pub marks: Vec<Mark>,
}

/// What a search found, and how far it came.
#[derive(Debug, Default)]
pub struct Found {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// To go on: only what is older than this was not looked at. `None`: all was.
    pub next: Option<RecordId>,
    /// Bytes of log that it read.
    pub read: u64,
    /// Bytes of log that it did not look at.
    pub rest: u64,
}

/// Looks for it.
///
/// # Errors
/// Those of reading the logs.
pub fn run(places: &[Place<'_>], matcher: &mut Matcher, wish: Wish) -> io::Result<Found> {
    let mut search = Search {
        places,
        matcher,
        wish,
        scans: Vec::with_capacity(places.len()),
        candidates: BTreeMap::new(),
        looks: 0,
        found: Found::default(),
    };
    for place in places {
        search.scans.push(Scan::new(place, wish)?);
    }
    search.run()?;
    let rests = search.scans.iter().map(Scan::rest);
    search.found.rest = rests.sum();
    Ok(search.found)
}

struct Search<'a, 'p> {
    places: &'p [Place<'a>],
    matcher: &'p mut Matcher,
    wish: Wish,
    scans: Vec<Scan<'a>>,
    /// Ids of messages that may be hits and their places; and an id that is between each and the next.
    candidates: BTreeMap<(RecordId, usize), RecordId>,
    looks: usize,
    found: Found,
}

impl Search<'_, '_> {
    fn run(&mut self) -> io::Result<()> {
        let mut heap: BinaryHeap<(RecordId, usize)> = self
            .scans
            .iter()
            .enumerate()
            .filter_map(|(number, scan)| Some((scan.frontier()?, number)))
            .collect();
        loop {
            let horizon = heap
                .peek()
                .map_or(RecordId::ZERO, |&(frontier, _)| frontier);
            if self.take_candidates(horizon)? {
                return Ok(());
            }
            let Some((_, number)) = heap.pop() else {
                return Ok(());
            };
            // Each room is read once at least: else there were no way on.
            if self.found.read >= self.wish.bytes && horizon < self.wish.before {
                self.found.next = Some(horizon);
                return Ok(());
            }
            let (scan, candidates) = (&mut self.scans[number], &mut self.candidates);
            self.found.read += scan.read(self.matcher, &mut |id, behind| {
                candidates.insert((id, number), behind);
            })?;
            if let Some(frontier) = scan.frontier() {
                heap.push((frontier, number));
            }
        }
    }

    /// Looks closely at what no room can have anything newer than; true: that is enough.
    fn take_candidates(&mut self, horizon: RecordId) -> io::Result<bool> {
        let most = self.wish.limit.clamp(1, MAX_HITS);
        let mut last = None;
        while let Some((&(id, number), &behind)) = self.candidates.last_key_value() {
            if id < horizon {
                break;
            }
            let is_enough =
                self.found.hits.len() >= most || self.looks >= most * CANDIDATES_PER_HIT;
            // Two rooms may have said something in the same microsecond: the place to go on from is one time.
            if is_enough && last != Some(id) {
                self.found.next = Some(last.unwrap_or(id.next()));
                return Ok(true);
            }
            self.candidates.pop_last();
            if id < self.wish.before && id >= self.wish.from {
                last = Some(id);
                self.looks += 1;
                self.found.read += LOOK_BYTES;
                let hit = self.look(id, behind, number)?;
                self.found.hits.extend(hit);
            }
        }
        let is_enough = self.found.hits.len() >= most || self.looks >= most * CANDIDATES_PER_HIT;
        let is_all = horizon == RecordId::ZERO && self.candidates.is_empty();
        if let Some(last) = last.filter(|_| is_enough && !is_all) {
            self.found.next = Some(last);
            return Ok(true);
        }
        Ok(false)
    }

    /// The message as it is now, if it is a hit, and what stands beside it.
    fn look(&mut self, id: RecordId, behind: RecordId, place: usize) -> io::Result<Option<Hit>> {
        let log = self.places[place].log;
        let keep = |record: &Record<'_>| is_shown(record);
        let before = until_whole(|| history::before_in(log, Before::Id(behind), 2, keep))?;
        let marks = match before.records().next_back() {
            Some(record) if record.id == id => self.matcher.marks(&record),
            _ => None,
        };
        let Some(marks) = marks else {
            return Ok(None);
        };
        // What follows a line in the old form is not found by its id.
        let after = if id.is_place() {
            Page::default()
        } else {
            until_whole(|| history::after_in(log, id, 1, keep))?
        };
        Ok(Some(Hit {
            place,
            id,
            around: [before, after],
            marks,
        }))
    }
}

/// What people read as the conversation. Whispers of 2016 stood in the log.
fn is_shown(record: &Record<'_>) -> bool {
    record.kind.is_talk() && !record.is_redacted() && !record.may_be_old_whisper()
}

#[cfg(test)]
mod tests;
