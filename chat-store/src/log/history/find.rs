//! Single messages, by their ids.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::Readable;
use super::fold::{Fold, each_behind};
use super::page::Page;
use crate::log::bisect;
use crate::log::chain::{self, LogFile};
use crate::log::lines::{self, Forward};
use crate::record::{Kind, Record, RecordId};

/// A message that is in the log.
#[derive(Debug)]
pub struct Found {
    page: Page,
    /// Bytes of log from its start on.
    pub behind: u64,
}

impl Found {
    /// The message as it is by now.
    ///
    /// # Panics
    /// Never: there is one.
    pub fn record(&self) -> Record<'_> {
        self.page.records().next().expect("the message")
    }

    /// How often it was edited.
    pub fn edits(&self) -> usize {
        self.page.edits(0)
    }
}

/// The record with this id, as it is by now.
///
/// # Errors
/// Those of reading the log's files.
pub fn find(log: Readable<'_>, id: RecordId) -> io::Result<Option<Found>> {
    let live = log.dirs.room_log(log.room);
    let mut page = Page::default();
    let Some(behind) = locate(log, id, &mut |record| page.push(record))? else {
        return Ok(None);
    };
    Fold::of(&page, log.viewer).read_into(&mut page, &live, true, false)?;
    Ok(Some(Found { page, behind }))
}

/// Whether a record with this id can be read, and `keep` wants it; as it was written.
///
/// # Errors
/// Those of reading the log's files.
pub fn holds(
    log: Readable<'_>,
    id: RecordId,
    keep: impl FnOnce(&Record<'_>) -> bool,
) -> io::Result<bool> {
    let (mut keep, mut kept) = (Some(keep), false);
    locate(log, id, &mut |record| {
        kept = keep.take().is_some_and(|keep| keep(record));
    })?;
    Ok(kept)
}

/// Those of `ids` that are there and that `keep` wants, oldest first, as they are by now.
///
/// # Errors
/// Those of reading the log's files.
pub fn messages(
    log: Readable<'_>,
    ids: &[RecordId],
    mut keep: impl FnMut(&Record<'_>) -> bool,
) -> io::Result<Page> {
    let mut page = Page::default();
    for &id in &ids.iter().copied().collect::<BTreeSet<_>>() {
        locate(log, id, &mut |record| {
            if keep(record) {
                page.push(record);
            }
        })?;
    }
    let live = log.dirs.room_log(log.room);
    Fold::of(&page, log.viewer).read_into(&mut page, &live, true, false)?;
    Ok(page)
}

/// All forms that a message has had, oldest first: itself, then its edits, each under its own id.
///
/// # Errors
/// Those of reading the log's files.
pub fn forms(log: Readable<'_>, id: RecordId) -> io::Result<Page> {
    let mut page = Page::default();
    locate(log, id, &mut |record| {
        if record.kind.can_be_edited() && !record.is_redacted() {
            page.push(record);
        }
    })?;
    if !page.is_empty() {
        let live = log.dirs.room_log(log.room);
        each_behind(&live, &[id], &mut |record| {
            let is_form = record.kind == Kind::Edit && record.target() == Some(id);
            if is_form && !record.is_redacted() {
                page.push(record);
            }
        })?;
    }
    Ok(page)
}

/// The edits of some messages.
///
/// # Errors
/// Those of reading the log's files.
pub fn edits_of(live: &Path, ids: &BTreeSet<RecordId>) -> io::Result<Vec<RecordId>> {
    let sorted: Vec<_> = ids.iter().copied().collect();
    let mut edits = Vec::new();
    each_behind(live, &sorted, &mut |record| {
        let is_edit = record.kind == Kind::Edit && !record.is_redacted();
        if is_edit && record.target().is_some_and(|target| ids.contains(&target)) {
            edits.push(record.id);
        }
    })?;
    Ok(edits)
}

/// Gives the record with this id, if it may be read; the bytes of log from its start on.
fn locate(
    log: Readable<'_>,
    id: RecordId,
    give: &mut dyn FnMut(&Record<'_>),
) -> io::Result<Option<u64>> {
    if id <= log.floor()? || id.is_place() {
        return Ok(None);
    }
    let live = log.dirs.room_log(log.room);
    lines::until_whole(|| look(&live, id, give))
}

fn look(live: &Path, id: RecordId, give: &mut dyn FnMut(&Record<'_>)) -> io::Result<Option<u64>> {
    let holds = |file: &LogFile| file.first.is_some_and(|first| first <= id);
    // The usual case, without reading a directory that may hold 10,000 rooms.
    let files = match LogFile::at(live.to_owned())?.filter(holds) {
        Some(live) => vec![live],
        None => chain::list(live)?,
    };
    let Some(at) = files.iter().rposition(holds) else {
        return Ok(None);
    };
    let Some(file) = files[at].open()? else {
        // Rotated just now.
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let size = files[at].size;
    let start = bisect::first_after(&file, size, id.previous())?;
    let mut lines = Forward::new(&file, start);
    while let Some((place, line)) = lines.next()? {
        match Record::id_of(line) {
            None => {}
            Some(of) if of < id => {}
            Some(of) if of > id => break,
            Some(_) => {
                let Some(record) = Record::parse(line) else {
                    break;
                };
                give(&record);
                let later: u64 = files[at + 1..].iter().map(|file| file.size).sum();
                return Ok(Some(size.saturating_sub(place) + later));
            }
        }
    }
    Ok(None)
}
