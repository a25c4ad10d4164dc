//! The files that hold one room's log, oldest first: what logrotate left and the live one.
//!
//! Names: `ROOM.log.N`, `ROOM.log-DATE...` (`dateext`) and `....backup` (what logrotate makes of a
//! file that is in its way). The order is that of the first record's id, not of the names, so both
//! styles may be mixed. Compressed files are not read here: they cannot be searched by bisection
//! (`chatctl export` reads them).

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::fs::file::{self, FileId};
use crate::log::end;
use crate::log::lines::Forward;
use crate::record::{Record, RecordId};

/// Rotated files that are looked at, for one room. A rule that rotates daily and keeps ten years is
/// within it.
const MAX_FILES: usize = 4_000;
/// How far into a file old-form lines are read before a look at its end.
const OLD_FORM_BYTES: u64 = 64 * 1024;
/// Listings that are made until two agree, while somebody rotates.
const LIST_TRIES: u32 = 8;

/// One file of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Where it was when the list was made.
    pub path: PathBuf,
    /// Which file it is.
    pub id: FileId,
    /// Its size then, in bytes.
    pub size: u64,
    /// The id of its first record; `None` if it is empty or has lines in the old form only.
    pub first: Option<RecordId>,
    modified: i64,
}

impl LogFile {
    /// Opens it; `None` if the name stands for another file by now.
    ///
    /// # Errors
    /// Those of open(2) other than `ENOENT`.
    pub fn open(&self) -> io::Result<Option<File>> {
        match file::open_read(&self.path) {
            Ok((file, stat)) => Ok((FileId::of(&stat) == self.id).then_some(file)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The file at `path`; `None` if there is none.
    ///
    /// # Errors
    /// Those of open(2) and read(2).
    pub fn at(path: PathBuf) -> io::Result<Option<Self>> {
        let (file, stat) = match file::open_read(&path) {
            Ok(opened) => opened,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (id, size) = (FileId::of(&stat), file::size_of(&stat));
        let first = first_id(&file, size)?;
        Ok(Some(Self {
            path,
            id,
            size,
            first,
            modified: stat.st_mtime,
        }))
    }
}

/// The first id in the first `size` bytes of a file. Nearly always that of its first line.
pub(crate) fn first_id(file: &File, size: u64) -> io::Result<Option<RecordId>> {
    let mut lines = Forward::new(file, 0);
    while let Some((place, line)) = lines.next()? {
        let id = Record::id_of(line);
        if id.is_some() {
            return Ok(id);
        }
        // A long file of old-form lines alone is not read through, one with records behind them is.
        if place > OLD_FORM_BYTES && end::look(file, size, &mut Vec::new())?.last.is_none() {
            break;
        }
    }
    Ok(None)
}

/// All files of the log whose live file is `live`, oldest first, the live one last if it is there.
///
/// # Errors
/// Those of reading the directory and the files. A missing directory is an empty list.
pub fn list(live: &Path) -> io::Result<Vec<LogFile>> {
    let mut files = scan(live)?;
    for _ in 0..LIST_TRIES {
        // A rename while the directory is read can hide a file from the reader.
        let again = scan(live)?;
        let same =
            files.len() == again.len() && files.iter().zip(&again).all(|(a, b)| a.id == b.id);
        files = again;
        if same {
            break;
        }
    }
    Ok(files)
}

fn scan(live: &Path) -> io::Result<Vec<LogFile>> {
    let (Some(dir), Some(name)) = (live.parent(), live.file_name()) else {
        return Ok(Vec::new());
    };
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files: Vec<LogFile> = Vec::new();
    for entry in entries {
        let entry = entry?.file_name();
        let suffix = entry.as_bytes().strip_prefix(name.as_bytes());
        if suffix.is_some_and(is_rotated) && files.len() < MAX_FILES {
            let found = LogFile::at(dir.join(&entry))?;
            let is_new = |new: &LogFile| new.size > 0 && files.iter().all(|old| old.id != new.id);
            files.extend(found.filter(is_new));
        }
    }
    files.sort_by_key(|file| (file.first.unwrap_or_default(), file.modified));
    if let Some(last) = LogFile::at(live.to_owned())? {
        files.retain(|file| file.id != last.id);
        files.push(last);
    }
    Ok(files)
}

/// The file before the live one.
///
/// # Errors
/// As [`list`].
pub fn predecessor(live: &Path) -> io::Result<Option<LogFile>> {
    // Rotation by number is what we ship, and a directory of 10,000 rooms is long to read.
    if let Some(file) = LogFile::at(file::suffixed(live, ".1"))? {
        return Ok(Some(file));
    }
    let now = FileId::at(live)?;
    Ok(list(live)?.into_iter().rfind(|file| Some(file.id) != now))
}

/// The last id in the files before the live one.
///
/// # Errors
/// As [`list`].
pub fn last_before(live: &Path) -> io::Result<Option<RecordId>> {
    let last_in = |entry: &LogFile| -> io::Result<Option<RecordId>> {
        let Some(file) = entry.open()? else {
            return Ok(None);
        };
        Ok(end::look(&file, entry.size, &mut Vec::new())?.last)
    };
    if let Some(before) = LogFile::at(file::suffixed(live, ".1"))?
        && let Some(last) = last_in(&before)?
    {
        return Ok(Some(last));
    }
    let now = FileId::at(live)?;
    for entry in list(live)?
        .iter()
        .rev()
        .filter(|entry| Some(entry.id) != now)
    {
        if let Some(last) = last_in(entry)? {
            return Ok(Some(last));
        }
    }
    Ok(None)
}

/// `.1`, `-20261121`, `-20261121-1795256130`, `-2026112110.backup`.
pub fn is_rotated(suffix: &[u8]) -> bool {
    let number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match suffix {
        [b'.', rest @ ..] => number(rest),
        [b'-', rest @ ..] => {
            let rest = rest.strip_suffix(b".backup").unwrap_or(rest);
            rest.split(|&byte| byte == b'-').all(number)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_known() {
        for name in [
            ".1",
            ".12",
            "-20261121",
            "-20261121-1795256130",
            "-2026112110.backup",
        ] {
            assert!(is_rotated(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            ".",
            ".gz",
            ".1.gz",
            "-",
            "-a",
            ".log",
            "-20261121.gz",
            ".new-1",
            "-1-",
        ] {
            assert!(!is_rotated(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn files_are_ordered_by_what_they_hold() {
        let dir = tempfile::tempdir().unwrap();
        let live = dir.path().join("a.log");
        let record = |day: u32| format!("2026-01-{day:02}T00:00:00.000000Z\tsay\tx\t\ty\n");
        for (name, text) in [
            ("a.log", String::new()),
            ("a.log.1", record(9)),
            ("a.log.2", record(5)),
            ("a.log-20260107", record(7)),
            ("a.log-2026010710.backup", record(8)),
            ("a.log.3", "[10:00:00] old> form\n".to_owned()),
            ("ab.log", record(1)),
            ("a.log.4.gz", record(1)),
        ] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let names: Vec<_> = list(&live)
            .unwrap()
            .iter()
            .map(|file| file.path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let wanted = [
            "a.log.3",
            "a.log.2",
            "a.log-20260107",
            "a.log-2026010710.backup",
            "a.log.1",
            "a.log",
        ];
        assert_eq!(names, wanted);
        assert!(
            predecessor(&live)
                .unwrap()
                .unwrap()
                .path
                .ends_with("a.log.1")
        );
    }

    #[test]
    fn a_missing_directory_holds_no_files() {
        assert_eq!(list(Path::new("/nonexistent/a.log")).unwrap(), []);
    }
}
