//! The ledger made anew from the files that are there.

use std::io;
use std::path::Path;

use super::Shelf;
use super::ledger::{self, line};
use crate::fs::dirs::{self, Dirs};

/// How much the files of a site take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Files.
    pub files: usize,
    /// Bytes.
    pub bytes: u64,
}

/// Counts all files of the site whose directories are `dirs`, open rooms and closed ones.
///
/// # Errors
/// Those of reading and writing.
pub fn recount(dirs: &Dirs) -> io::Result<Usage> {
    let mut usage = Usage::default();
    if !dirs.site_files.is_dir() {
        return Ok(usage);
    }
    let ledger = ledger::of_site(&dirs.site_files);
    ledger.replace(&mut || {
        let mut text = String::new();
        usage = Usage::default();
        for shelf in shelves(dirs)? {
            for file in shelf.all()? {
                usage.files += 1;
                usage.bytes += file.size;
                text.push_str(&line('+', file.size, shelf.entry(&file.owner)));
            }
        }
        Ok(text)
    })?;
    Ok(usage)
}

fn shelves(dirs: &Dirs) -> io::Result<Vec<Shelf>> {
    let mut found = Vec::new();
    for dir in directories(&dirs.site_files)? {
        found.extend(shelf(dirs, &dir));
    }
    for closed in directories(&dirs.closed)? {
        for dir in directories(&closed.join(dirs::FILES))? {
            found.extend(shelf(dirs, &dir));
        }
    }
    Ok(found)
}

fn shelf(dirs: &Dirs, dir: &Path) -> Option<Shelf> {
    Some(Shelf {
        room: dir.file_name()?.to_str()?.to_owned(),
        dir: dir.to_owned(),
        ledger: ledger::of_site(&dirs.site_files),
    })
}

fn directories(dir: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
