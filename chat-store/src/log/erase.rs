//! Deleting what was said: texts are overwritten with blanks where they stand, in every file of the log,
//! as [`redact`](super::room_log::RoomLog::redact) does it for one. Who was there when stays.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::chain::{self, LogFile};
use super::forget;
use super::lines::Forward;
use super::room_log::LOCK_TIMEOUT;
use super::{end, packed};
use crate::attachments::{AttachmentId, Shelf, named};
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::record::{Record, RecordId, attrs};

/// Times it is begun again because a file was put in the place of another.
const TRIES: u32 = 5;
/// The lock is given back so often: whoever talks waits for it.
const HOLD: Duration = Duration::from_millis(100);

/// Which records are meant.
pub type Wanted<'a> = dyn Fn(&Record<'_>) -> bool + 'a;

/// What becomes of a line: another of the same length, or `None`: it stays.
pub type Edit<'a> = dyn FnMut(&[u8]) -> Option<Vec<u8>> + 'a;

/// Overwrites the text of what was said (see [`Kind::has_words`](crate::record::Kind::has_words)) and is
/// `wanted`, in all files of the log that are not compressed; the ids of the messages that had one.
///
/// # Errors
/// Those of reading and writing the files; what was done is done, and doing it again completes it.
pub fn texts(live: &Path, wanted: &Wanted<'_>) -> io::Result<Vec<RecordId>> {
    let files = delete_files_of(live, &|record| record.kind.is_talk() && wanted(record))?;
    let mut erased = Vec::new();
    rewrite(live, &mut |line| {
        let record = Record::parse(line)?;
        (has_words(&record) && wanted(&record)).then(|| {
            if record.kind.is_talk() {
                erased.push(record.id);
            }
            blanked(line)
        })
    })?;
    // One may have come from another machine just before its line was blank; from here on none comes.
    delete_files(live, &files)?;
    Ok(erased)
}

/// Deletes the files of the records that are `wanted`; which these are. Before what names them is overwritten: whoever
/// is stopped in between finds them again.
///
/// # Errors
/// As [`texts`].
pub fn delete_files_of(live: &Path, wanted: &Wanted<'_>) -> io::Result<Vec<AttachmentId>> {
    let Some(shelf) = Shelf::beside(live).filter(Shelf::exists) else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    rewrite(live, &mut |line| {
        let record = Record::parse(line)?;
        if wanted(&record) {
            files.extend(files_of(&record));
        }
        None
    })?;
    shelf.delete_ids(&files)?;
    Ok(files)
}

/// Whether there is something in a record that can be erased: a text, or files.
pub fn has_words(record: &Record<'_>) -> bool {
    record.kind.has_words() && !(record.text.trim().is_empty() && named(record).is_empty())
}

/// The files of a record.
pub fn files_of(record: &Record<'_>) -> Vec<AttachmentId> {
    named(record).into_iter().map(|file| file.id).collect()
}

/// Deletes files of the room whose live log this is.
///
/// # Errors
/// Those of reading and deleting.
pub fn delete_files(live: &Path, ids: &[AttachmentId]) -> io::Result<()> {
    if let Some(shelf) = Shelf::beside(live) {
        shelf.delete_ids(ids)?;
    }
    Ok(())
}

/// Overwrites lines where they stand, in all files of the log that are not compressed. A line may be given twice, the
/// second time as it was left.
///
/// # Errors
/// As [`texts`].
pub fn rewrite(live: &Path, edit: &mut Edit<'_>) -> io::Result<()> {
    'again: for _ in 0..TRIES {
        for entry in chain::list(live)? {
            if !rewrite_file(&entry, edit)? {
                continue 'again;
            }
        }
        return Ok(());
    }
    let text = "the log is rotated again and again, run this later";
    Err(io::Error::other(text))
}

/// As [`texts`] for everything up to `last`. Rotated files that hold nothing later are removed, compressed
/// ones too.
///
/// # Errors
/// As [`texts`].
pub fn everything(live: &Path, last: RecordId) -> io::Result<()> {
    for path in packed::list(live)? {
        // The live file is newer than all of these.
        remove(&path)?;
    }
    for entry in chain::list(live)? {
        let Some(file) = entry.open()? else { continue };
        let newest = end::look(&file, entry.size, &mut Vec::new())?.last;
        if entry.path != live && newest.is_none_or(|newest| newest <= last) {
            remove(&entry.path)?;
        }
    }
    texts(live, &|record| record.id <= last)?;
    delete_files_until(live, last)
}

/// Deletes the files of all messages up to `last`: those in compressed logs too, which only the files themselves tell.
///
/// # Errors
/// Those of reading and deleting.
pub fn delete_files_until(live: &Path, last: RecordId) -> io::Result<()> {
    if let Some(shelf) = Shelf::beside(live) {
        shelf.delete(&|file| file.message.is_some_and(|message| message <= last))?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        // Rotated or expired since it was listed.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// False: the file has been renamed, or another is in its place; to be done again.
fn rewrite_file(entry: &LogFile, edit: &mut Edit<'_>) -> io::Result<bool> {
    // Not for appending: with O_APPEND a pwrite(2) goes to the end (BUGS in pwrite(2)).
    let (file, stat) = match file::open(&entry.path, OFlags::RDWR) {
        Err(rustix::io::Errno::NOENT) => return Ok(false),
        opened => opened?,
    };
    if FileId::of(&stat) != entry.id {
        return Ok(false);
    }
    let mut lines = Forward::new(&file, 0);
    let mut from = 0;
    loop {
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Err(io::Error::other("others hold its lock all the time"));
        };
        if !file::is_at(&file, &entry.path)? {
            return Ok(false);
        }
        let began = Instant::now();
        while let Some((place, line)) = lines.next()? {
            from = place + line.len() as u64;
            if let Some(new) = edit(line).filter(|new| new.len() == line.len()) {
                file.write_all_at(&new, place)?;
            }
            if began.elapsed() > HOLD {
                break;
            }
        }
        if from >= file::size_of(&rustix::fs::fstat(&file)?) || began.elapsed() <= HOLD {
            // What was deleted does not come back.
            rustix::fs::fdatasync(&file)?;
            return Ok(true);
        }
    }
}

/// A record's line with blanks in place of its text and of what its files are.
pub fn blanked(line: &[u8]) -> Vec<u8> {
    let mut blanked = line.to_vec();
    for words in words_of(line) {
        blanked[words].fill(b' ');
    }
    blanked
}

/// Overwrites the text of the record in `line`, which stands at `place`.
pub(super) fn blank(file: &File, place: u64, line: &[u8]) -> io::Result<()> {
    for words in words_of(line) {
        file.write_all_at(&vec![b' '; words.len()], place + words.start as u64)?;
    }
    Ok(())
}

/// Where in a line is what somebody wrote.
fn words_of(line: &[u8]) -> Vec<Range<usize>> {
    let mut words = forget::values(&[attrs::FILE], line);
    words.push(text_of(line));
    words
}

/// Where a record's text is in its line.
fn text_of(line: &[u8]) -> Range<usize> {
    let end = line.len() - usize::from(line.ends_with(b"\n"));
    let tab = memchr::memchr_iter(b'\t', line).nth(3).map(|tab| tab + 1);
    // In the old form: `[HH:MM:SS] NAME> TEXT`.
    let old = || memchr::memmem::find(line, b"> ").map(|mark| mark + 2);
    let start = tab.or_else(old).unwrap_or(end).min(end);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::dirs::Dirs;
    use crate::log::room_log::RoomLog;
    use crate::name::RoomName;
    use crate::record::{Draft, Kind};

    #[test]
    fn what_was_said_is_in_no_file_any_more() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let live = dirs.room_log(&RoomName::parse("r").unwrap());
        let write = |suffix: &str, from: &str| {
            let mut log = RoomLog::at(live.clone());
            for (kind, text) in [
                (Kind::Join, ""),
                (Kind::Say, "sesame"),
                (Kind::Me, "opens sesame"),
                (Kind::Topic, "sesame"),
            ] {
                log.append(&Draft::new(kind, from, text)).unwrap();
            }
            if !suffix.is_empty() {
                std::fs::rename(&live, file::suffixed(&live, suffix)).unwrap();
            }
        };
        std::fs::write(&live, "[10:15:30] alice> sesame of 2016\n").unwrap();
        write(".2", "alice");
        std::fs::write(file::suffixed(&live, ".3.gz"), "packed").unwrap();
        write(".1", "bob");
        write("", "alice");
        let all = || {
            let files = std::fs::read_dir(&dirs.rooms).unwrap();
            let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
            texts.collect::<String>()
        };
        let before = all().len();
        let erased = texts(&live, &|record| record.from == "alice").unwrap();
        assert_eq!(erased.len(), 7);
        assert_eq!(all().matches("sesame").count(), 3);
        assert_eq!(all().len(), before, "nothing moved");
        assert!(
            texts(&live, &|record| record.from == "alice")
                .unwrap()
                .is_empty()
        );

        let last = RecordId::now();
        RoomLog::at(live.clone())
            .append(&Draft::new(Kind::Say, "carol", "later"))
            .unwrap();
        everything(&live, last).unwrap();
        assert_eq!(all().matches("sesame").count(), 0);
        assert!(all().contains("later") && all().contains("\tjoin\talice"));
        let left = std::fs::read_dir(&dirs.rooms).unwrap().count();
        assert_eq!(left, 1);
    }
}
