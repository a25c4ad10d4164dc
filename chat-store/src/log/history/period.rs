//! All that was said in a period, as it is by now.

use std::io;

use super::Readable;
use super::fold::Fold;
use super::page::{self, Page};
use crate::log::tail::{Progress, Tail};
use crate::record::{Record, RecordId};

/// What is read between two looks at the bounds, in bytes.
const STEP_BYTES: usize = 64 * 1024;

/// How much is read and kept at most, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Of log.
    pub read: usize,
    /// Of names and texts.
    pub kept: u64,
}

/// Whether a record belongs to a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belongs {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It does not, and what comes after it does not either.
    Over,
}

/// The records after an id that belong to a period, oldest first; `None`: they are too many. Edits and reactions
/// are in what they are about.
///
/// # Errors
/// Those of reading the log's files.
pub fn period(
    log: Readable<'_>,
    after: RecordId,
    most: Most,
    mut belongs: impl FnMut(&Record<'_>) -> Belongs,
) -> io::Result<Option<Page>> {
    let after = after.max(log.floor()?);
    let mut tail = Tail::after(log.dirs, log.room, after)?;
    let mut page = Page::default();
    let (mut read, mut kept, mut amended, mut is_over) = (0, 0, false, false);
    let mut at_end = false;
    while !at_end && !is_over {
        let progress = tail.read(STEP_BYTES, &mut |record| {
            if is_over || kept > most.kept {
                return;
            }
            let belonging = belongs(record);
            is_over = belonging == Belongs::Over;
            if record.kind.is_amendment() {
                amended = true;
            } else if belonging == Belongs::Yes {
                kept += page::cost(record);
                page.push(record);
            }
        })?;
        read += STEP_BYTES;
        if read > most.read || kept > most.kept {
            return Ok(None);
        }
        at_end = progress == Progress::Idle;
    }
    let live = log.dirs.room_log(log.room);
    Fold::of(&page, log.viewer).read_into(&mut page, &live, amended, !is_over)?;
    Ok(Some(page))
}
