//! Taking a record back: its text is overwritten with blanks where it stands, in whatever file of
//! the log that is, and a `redact` record tells those who have it on their screen.
//!
//! A record that only marks another as redacted was refused: every page of history would have to
//! read on to the end of the log to know what it may show, and the text would stay on disk. What a
//! message became by edits is blanked with it.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::OFlags;

use super::{AppendError, LOCK_TIMEOUT, RoomLog};
use crate::attachments::AttachmentId;
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::log::chain::{self, LogFile};
use crate::log::lines::Forward;
use crate::log::{bisect, erase, history};
use crate::record::{Draft, Kind, Record, RecordId};

/// Why a record was not taken back.
#[derive(Debug)]
pub enum RedactError {
    /// No such record in the log's files.
    NotFound,
    /// It is there but holds nothing that a person wrote.
    NotText,
    /// The log could not be read or written.
    Append(AppendError),
}

impl fmt::Display for RedactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no message with this id"),
            Self::NotText => f.write_str("this id is not a message"),
            Self::Append(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RedactError {}

impl From<AppendError> for RedactError {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

impl RoomLog {
    /// Blanks the text of `target` and appends a `redact` record from `by` about it. On several machines the relay of each
    /// blanks it when it writes the record.
    ///
    /// # Errors
    /// The text stays if it could not be blanked, and on several machines if the record could not be put in order. If
    /// only the record about it failed ([`RedactError::Append`]), doing it again completes it.
    pub fn redact(&mut self, target: RecordId, by: &str) -> Result<RecordId, RedactError> {
        self.redact_as(target, &Draft::new(Kind::Redact, by, ""))
    }

    /// As [`RoomLog::redact`], with what `by` says of who does it.
    ///
    /// # Errors
    /// As [`RoomLog::redact`].
    pub fn redact_as(&mut self, target: RecordId, by: &Draft<'_>) -> Result<RecordId, RedactError> {
        let targets = BTreeSet::from([target]);
        let id = self.redact_one(target, by, &targets)?;
        // Whoever edits it just now looks at it again afterwards, and takes their edit back.
        let _ = blank_edits(self.path(), &targets);
        Ok(id)
    }

    /// As [`RoomLog::redact_as`] for many, of which some may have been taken back meanwhile.
    ///
    /// # Errors
    /// As [`RoomLog::redact`]; those before the one that failed are taken back.
    pub fn redact_all(
        &mut self,
        targets: &BTreeSet<RecordId>,
        by: &Draft<'_>,
    ) -> Result<(), RedactError> {
        let live = self.path().to_owned();
        let failed = |error| RedactError::Append(AppendError::of_io(error, &live));
        if !self.is_relayed() {
            blank_edits(&live, targets).map_err(failed)?;
        }
        for &target in targets {
            match self.redact_one(target, by, &BTreeSet::new()) {
                Ok(_) | Err(RedactError::NotFound | RedactError::NotText) => {}
                Err(error) => return Err(error),
            }
        }
        let _ = blank_edits(&live, targets);
        Ok(())
    }

    /// Takes a text back that was never shown: nobody is told.
    ///
    /// # Errors
    /// As [`RoomLog::redact`].
    pub fn withdraw(&mut self, id: RecordId) -> Result<(), RedactError> {
        let live = self.path().to_owned();
        blank(&live, id, is_edit)
            .map_err(|error| RedactError::Append(AppendError::of_io(error, &live)))?
    }

    fn redact_one(
        &mut self,
        target: RecordId,
        by: &Draft<'_>,
        edited: &BTreeSet<RecordId>,
    ) -> Result<RecordId, RedactError> {
        let live = self.path().to_owned();
        let failed = |error| RedactError::Append(AppendError::of_io(error, &live));
        if self.is_relayed() {
            // Not yet: what is refused would be blank on this machine, and on no other.
            holds(&live, target, Kind::is_talk).map_err(failed)??;
        } else {
            blank(&live, target, Kind::is_talk).map_err(failed)??;
            blank_edits(&live, edited).map_err(failed)?;
        }
        let text = target.to_string();
        let stored = self.append_once(&Draft {
            kind: Kind::Redact,
            text: &text,
            ..*by
        })?;
        // `chatctl expire` may have copied the old text just before; from the record on it looks.
        // If the log cannot be read again now, the first time was right.
        let _ = blank(&live, target, Kind::is_talk);
        Ok(stored.id())
    }
}

/// Blanks the text of a record and all its later forms, in the log whose live file is `live`: what was taken back on
/// another machine. That it is not there is no error.
///
/// # Errors
/// Those of reading and writing the files.
pub fn blank_all(live: &Path, target: RecordId) -> io::Result<()> {
    if let Err(RedactError::Append(error)) = blank(live, target, Kind::is_talk)? {
        return Err(io::Error::other(error));
    }
    blank_edits(live, &BTreeSet::from([target]))
}

/// Blanks all later forms of some messages.
fn blank_edits(live: &Path, targets: &BTreeSet<RecordId>) -> io::Result<()> {
    for edit in history::edits_of(live, targets)? {
        match blank(live, edit, is_edit)? {
            // Expired since it was found.
            Ok(()) | Err(RedactError::NotFound | RedactError::NotText) => {}
            Err(RedactError::Append(error)) => return Err(io::Error::other(error)),
        }
    }
    Ok(())
}

fn is_edit(kind: Kind) -> bool {
    kind == Kind::Edit
}

/// The file of a log that has a record, if one has.
fn holder_of(live: &Path, target: RecordId) -> io::Result<Option<LogFile>> {
    let mut files = chain::list(live)?.into_iter();
    Ok(files.rfind(|file| file.first.is_some_and(|first| first <= target)))
}

/// Whether there is a record, of a kind that `may` be.
fn holds(
    live: &Path,
    target: RecordId,
    may: fn(Kind) -> bool,
) -> io::Result<Result<(), RedactError>> {
    let Some(holder) = holder_of(live, target)? else {
        return Ok(Err(RedactError::NotFound));
    };
    let file = holder.open()?.ok_or(io::ErrorKind::Interrupted)?;
    find_in(&file, &holder, target, may, |_, _| Ok(()))
}

/// Blanks the text of a record, if that is of a kind that `may` be.
fn blank(
    live: &Path,
    target: RecordId,
    may: fn(Kind) -> bool,
) -> io::Result<Result<(), RedactError>> {
    let Some(holder) = &holder_of(live, target)? else {
        return Ok(Err(RedactError::NotFound));
    };
    // Not for appending: with O_APPEND a pwrite(2) goes to the end (BUGS in pwrite(2)).
    let (file, stat) = file::open(&holder.path, OFlags::RDWR)?;
    if FileId::of(&stat) != holder.id {
        return Err(io::ErrorKind::Interrupted.into());
    }
    // Before the line that names them, so that whoever is stopped in between finds them again; and before the lock:
    // who says something with files has theirs first.
    let files = files_in(&file, holder, target)?;
    erase::delete_files(live, &files)?;
    let blanked = {
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Ok(Err(RedactError::Append(AppendError::Busy)));
        };
        find_in(&file, holder, target, may, |place, line| {
            erase::blank(&file, place, line)?;
            // What was taken back does not come back.
            Ok(rustix::fs::fdatasync(&file)?)
        })?
    };
    // One may have come from another machine just before the line was blank; from here on none comes.
    erase::delete_files(live, &files)?;
    Ok(blanked)
}

/// The files that the record has.
fn files_in(file: &File, holder: &LogFile, target: RecordId) -> io::Result<Vec<AttachmentId>> {
    let start = bisect::first_after(file, holder.size, target.previous())?;
    let mut lines = Forward::new(file, start);
    while let Some((_, line)) = lines.next()? {
        match Record::parse(line) {
            Some(record) if record.id == target => return Ok(erase::files_of(&record)),
            Some(record) if record.id > target => break,
            _ => {}
        }
    }
    Ok(Vec::new())
}

/// Gives the place of a record and its line, if it is of a kind that `may` be.
fn find_in(
    file: &File,
    holder: &LogFile,
    target: RecordId,
    may: fn(Kind) -> bool,
    give: impl FnOnce(u64, &[u8]) -> io::Result<()>,
) -> io::Result<Result<(), RedactError>> {
    let start = bisect::first_after(file, holder.size, target.previous())?;
    let mut lines = Forward::new(file, start);
    while let Some((place, line)) = lines.next()? {
        let Some(id) = Record::id_of(line) else {
            continue;
        };
        if id != target {
            break;
        }
        let Some(record) = Record::parse(line) else {
            break;
        };
        if !may(record.kind) {
            return Ok(Err(RedactError::NotText));
        }
        return give(place, line).map(Ok);
    }
    Ok(Err(RedactError::NotFound))
}
