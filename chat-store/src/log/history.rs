//! Pages of a room's history. The cost is that of the lines read, wherever they stand: a place is
//! found by bisection, and a page is read backwards from it in blocks.

use std::fs::File;
use std::io;

use crate::fs::dirs::Dirs;
use crate::fs::file::FileId;
use crate::log::bisect;
use crate::log::chain::{self, LogFile};
use crate::log::lines::{self, Backward};
use crate::log::tail::{Progress, Tail};
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::record::{Kind, Record, RecordId};
use crate::state;

mod find;
mod fold;
mod page;
mod period;

pub use find::{Found, edits_of, find, forms, holds, messages};
pub use fold::{AMEND_BYTES, FOLD_BYTES, MAX_DIFFERENT, MAX_OF_PERSON};
pub use page::Page;
pub use period::{Belongs, Most, period};

use fold::Fold;

/// What one page reads at most, in bytes of log, when few of its lines are wanted (a search). The
/// page then says how far it came, to go on from there.
pub const SCAN_BYTES: u64 = 4 * 1024 * 1024;
/// The most records of a page, whatever is asked for.
pub const MAX_LIMIT: usize = 500;

/// Where a page ends.
#[derive(Debug, Clone, Copy)]
pub enum Before<'a> {
    /// At the place of a tail: what it gives from then on follows the page without gap or overlap.
    Tail(&'a Tail),
    /// Before the record with this id.
    Id(RecordId),
}

/// A room's log, as far back as somebody may read it.
#[derive(Debug, Clone, Copy)]
pub struct Readable<'a> {
    /// Where it is.
    pub dirs: &'a Dirs,
    /// Which.
    pub room: &'a RoomName,
    /// What was said up to here is not for them.
    pub since: RecordId,
    /// Who that is: their own reactions are told from those of others.
    pub viewer: Option<&'a PersonId>,
}

impl<'a> Readable<'a> {
    /// All of it.
    pub fn all(dirs: &'a Dirs, room: &'a RoomName) -> Self {
        Self {
            dirs,
            room,
            since: RecordId::ZERO,
            viewer: None,
        }
    }

    /// Up to where nothing is to be read.
    fn floor(self) -> io::Result<RecordId> {
        Ok(state::cleared(self.dirs, self.room)?.max(self.since))
    }
}

/// The last `limit` records before a place that `keep` wants, as they are by now: edited, with reactions. What
/// was cleared is not there; what was redacted has blank text ([`Record::is_redacted`]). Edits and reactions
/// themselves are in no such page.
///
/// # Errors
/// Those of reading the log's files.
pub fn before(
    dirs: &Dirs,
    room: &RoomName,
    before: Before<'_>,
    limit: usize,
    keep: impl FnMut(&Record<'_>) -> bool,
) -> io::Result<Page> {
    before_in(Readable::all(dirs, room), before, limit, keep)
}

/// As [`before`], of what somebody may read.
///
/// # Errors
/// As [`before`].
pub fn before_in(
    log: Readable<'_>,
    before: Before<'_>,
    limit: usize,
    mut keep: impl FnMut(&Record<'_>) -> bool,
) -> io::Result<Page> {
    let mut look = |before| look_before(log, before, limit, &mut keep);
    let page = lines::until_whole(|| look(before));
    match (page, before) {
        // Truncated since the tail was placed: the place is gone for good, its id is not.
        (Err(error), Before::Tail(tail)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            lines::until_whole(|| look(Before::Id(tail.last_id().next())))
        }
        (page, _) => page,
    }
}

fn look_before(
    log: Readable<'_>,
    before: Before<'_>,
    limit: usize,
    keep: impl FnMut(&Record<'_>) -> bool,
) -> io::Result<Page> {
    let live = log.dirs.room_log(log.room);
    let mut reader = Reader {
        cleared: log.floor()?,
        amended: false,
        files: None,
        live: &live,
        page: Page::default(),
        limit: limit.clamp(1, MAX_LIMIT),
        scanned: 0,
        keep,
    };
    match before {
        Before::Tail(tail) => match tail.place() {
            Some((file, pos)) => {
                let id = FileId::of(&rustix::fs::fstat(file)?);
                reader.read_from(file, id, pos)?;
            }
            None => reader.read_all_before(None)?,
        },
        Before::Id(id) if id <= reader.cleared => {}
        Before::Id(id) => reader.read_before_id(id)?,
    }
    let Reader {
        mut page, amended, ..
    } = reader;
    page.finish();
    let at_end = matches!(before, Before::Tail(_) | Before::Id(RecordId::MAX));
    Fold::of(&page, log.viewer).read_into(&mut page, &live, amended, at_end)?;
    Ok(page)
}

/// The first `limit` records after an id that `keep` wants, oldest first and as they are by now; [`Page::more`]
/// tells whether there are more. Edits and reactions are among them, where `keep` wants them. To follow on live,
/// use [`Tail::after`].
///
/// # Errors
/// Those of reading the log's files.
pub fn after(
    dirs: &Dirs,
    room: &RoomName,
    after: RecordId,
    limit: usize,
    keep: impl FnMut(&Record<'_>) -> bool,
) -> io::Result<Page> {
    after_in(Readable::all(dirs, room), after, limit, keep)
}

/// As [`after`], of what somebody may read.
///
/// # Errors
/// As [`after`].
pub fn after_in(
    log: Readable<'_>,
    after: RecordId,
    limit: usize,
    mut keep: impl FnMut(&Record<'_>) -> bool,
) -> io::Result<Page> {
    let limit = limit.clamp(1, MAX_LIMIT);
    let after = after.max(log.floor()?);
    let mut tail = Tail::after(log.dirs, log.room, after)?;
    let mut page = Page::default();
    let (mut scanned, mut amended, mut at_end) = (0, false, false);
    while !page.more && scanned < SCAN_BYTES && !at_end {
        let progress = tail.read(1, &mut |record| {
            scanned += page::cost(record);
            amended |= record.kind.is_amendment();
            if page.len() == limit {
                page.more |= keep(record);
            } else if !page.more {
                page.scanned_to = Some(record.id).filter(|id| *id != RecordId::ZERO);
                if keep(record) {
                    page.push(record);
                }
            }
        })?;
        at_end = progress == Progress::Idle;
    }
    page.more |= !at_end;
    let live = log.dirs.room_log(log.room);
    let at_end = at_end && !page.more;
    Fold::of(&page, log.viewer).read_into(&mut page, &live, amended, at_end)?;
    Ok(page)
}

struct Reader<'r, K> {
    live: &'r std::path::Path,
    /// The log's files, listed when they are needed: most pages are in the live one.
    files: Option<Vec<LogFile>>,
    cleared: RecordId,
    /// Something that was read changes what stands before it.
    amended: bool,
    page: Page,
    limit: usize,
    scanned: u64,
    keep: K,
}

impl<K: FnMut(&Record<'_>) -> bool> Reader<'_, K> {
    fn files(&mut self) -> io::Result<&[LogFile]> {
        if self.files.is_none() {
            self.files = Some(chain::list(self.live)?);
        }
        Ok(self.files.as_deref().unwrap_or_default())
    }

    /// Reads back from a place in a file, then the files before it.
    fn read_from(&mut self, file: &File, id: FileId, pos: u64) -> io::Result<()> {
        if self.read_file(file, id, pos)? {
            self.read_all_before(Some(id))?;
        }
        Ok(())
    }

    /// Reads the files before one, or all of them.
    fn read_all_before(&mut self, id: Option<FileId>) -> io::Result<()> {
        let files = self.files()?;
        let mut end = match id {
            Some(id) => files.iter().position(|file| file.id == id).unwrap_or(0),
            None => files.len(),
        };
        while end > 0 {
            end -= 1;
            let entry = self.files()?[end].clone();
            let Some(file) = entry.open()? else { continue };
            if !self.read_file(&file, entry.id, entry.size)? {
                break;
            }
        }
        Ok(())
    }

    fn read_before_id(&mut self, id: RecordId) -> io::Result<()> {
        let files = self.files()?;
        let found = if id.is_place() {
            let mut left = id.as_micros();
            files.iter().find_map(|file| {
                let here = left <= file.size;
                let pos = left.saturating_sub(1);
                left = left.saturating_sub(file.size);
                here.then(|| (file.clone(), Some(pos)))
            })
        } else {
            let holder = files
                .iter()
                .rfind(|file| file.first.is_some_and(|first| first < id));
            holder.or(files.first()).map(|file| (file.clone(), None))
        };
        let Some((entry, pos)) = found else {
            return Ok(());
        };
        let Some(file) = entry.open()? else {
            return Err(io::ErrorKind::Interrupted.into());
        };
        let pos = match pos {
            Some(pos) => pos,
            None => bisect::first_after(&file, entry.size, id.previous())?,
        };
        self.read_from(&file, entry.id, pos)
    }

    /// Reads one file back from `pos`. False if the page is done.
    fn read_file(&mut self, file: &File, id: FileId, pos: u64) -> io::Result<bool> {
        let mut lines = Backward::new(file, pos);
        while let Some((place, line)) = lines.next()? {
            self.scanned += line.len() as u64;
            let Some(mut record) = Record::parse(line) else {
                continue;
            };
            if record.clock.is_some() {
                record.id = self.place_id(id, place)?;
            } else if record.id <= self.cleared || record.kind == Kind::Clear {
                return Ok(false);
            }
            // Such are shown in what they are about.
            let is_amendment = record.kind.is_amendment();
            self.amended |= is_amendment;
            let wanted = !is_amendment && (self.keep)(&record);
            if wanted && self.page.len() == self.limit {
                self.page.more = true;
                return Ok(false);
            }
            self.page.scanned_to = Some(record.id);
            if wanted {
                self.page.push(&record);
            }
            if self.scanned >= SCAN_BYTES {
                self.page.more = true;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The id of an old-form line: one more than the bytes before it in the log's files.
    fn place_id(&mut self, id: FileId, place: u64) -> io::Result<RecordId> {
        let before: u64 = self
            .files()?
            .iter()
            .take_while(|file| file.id != id)
            .map(|file| file.size)
            .sum();
        Ok(RecordId::from_micros(before + place + 1))
    }
}

#[cfg(test)]
mod tests;
