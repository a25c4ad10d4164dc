//! `log/audit.log`: who changed what, by which way and from where. Appended to and never changed; logrotate rotates it.
//!
//! A line is `TIME VIA WHO FROM WHAT`, joined by tabs, each field cleaned. Texts of messages, passwords and words of
//! links are in none.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::fs::dirs::{self, Dirs};
use crate::log::lines::Backward;
use crate::record::{RecordId, clean, show};

/// Bytes of one field: a reason and two names fit.
const MAX_FIELD: usize = 1024;
/// What is read of the end of a file at most, in bytes.
const MAX_TAIL: u64 = 1024 * 1024;

/// By which way something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The server's shell.
    Shell,
    /// The web administration.
    Web,
    /// A room, by somebody who moderates it.
    Room,
    /// The interface for programs.
    Api,
}

impl Via {
    /// As it stands in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Web => "web",
            Self::Room => "room",
            Self::Api => "api",
        }
    }
}

/// What somebody did.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// By which way.
    pub via: Via,
    /// Their account, or the name that they have on the machine.
    pub who: &'a str,
    /// The address that they came from; empty: not known.
    pub from: &'a str,
    /// As it would be typed at the shell, or why it was not done.
    pub what: &'a str,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub id: RecordId,
    /// By which way, as [`Via::as_str`] writes it.
    pub via: String,
    /// Whoever did it.
    pub who: String,
    /// From where.
    pub from: String,
    /// What.
    pub what: String,
}

impl Entry {
    /// Reads a line.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let mut fields = line.splitn(5, |&byte| byte == b'\t');
        let id = RecordId::parse(fields.next()?)?;
        let mut next = || fields.next().map(|field| show(field).into_owned());
        Some(Self {
            id,
            via: next()?,
            who: next()?,
            from: next()?,
            what: next()?,
        })
    }
}

/// Where it is.
pub fn path(dirs: &Dirs) -> PathBuf {
    dirs.log.join("audit.log")
}

/// Appends one line, in one write, so that those of two programs do not mix.
///
/// # Errors
/// Those of open(2) and write(2), with the path.
pub fn append(dirs: &Dirs, deed: &Deed<'_>) -> io::Result<()> {
    dirs::create_dir(&dirs.log)?;
    let path = path(dirs);
    let fields = [deed.via.as_str(), deed.who, deed.from, deed.what].map(field);
    let line = format!("{}\t{}\n", RecordId::now(), fields.join("\t"));
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(&path);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn field(text: &str) -> String {
    let text = clean(text);
    let mut end = text.len().min(MAX_FIELD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    match text[..end].trim() {
        "" => "-".to_owned(),
        text => text.to_owned(),
    }
}

/// The last entries before `before`, newest first.
///
/// # Errors
/// Those of reading the file; none if it is not there.
pub fn last(dirs: &Dirs, before: RecordId, limit: usize) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    each_from_end(&path(dirs), &mut |line| {
        found.extend(Entry::parse(line).filter(|entry| entry.id < before));
        found.len() < limit
    })?;
    Ok(found)
}

/// Lines of a log file from its end, newest first, until `take` says that it has enough.
///
/// # Errors
/// Those of reading the file; none if it is not there.
pub fn each_from_end(path: &Path, take: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let size = file.metadata()?.len();
    let mut lines = Backward::new(&file, size);
    while let Some((at, line)) = lines.next()? {
        if !take(line) || size - at > MAX_TAIL {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_read_again_newest_first() {
        let base = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(base.path());
        assert_eq!(last(&dirs, RecordId::MAX, 10).expect("nothing"), []);
        let long = format!("ban lobby {}", "x".repeat(5000));
        for (who, what) in [
            ("anna", "kick lobby bob"),
            ("b\tob\nx", "a\u{202e}b"),
            ("c", &long),
        ] {
            let deed = Deed {
                via: Via::Web,
                who,
                from: "",
                what,
            };
            append(&dirs, &deed).expect("written");
        }
        let found = last(&dirs, RecordId::MAX, 2).expect("read");
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].who.as_str(), found[0].what.len()),
            ("c", MAX_FIELD)
        );
        assert_eq!(
            (
                found[1].who.as_str(),
                found[1].from.as_str(),
                found[1].what.as_str()
            ),
            ("b ob x", "-", "ab")
        );
        let before = last(&dirs, found[1].id, 9).expect("read");
        assert_eq!(before[0].what, "kick lobby bob");
    }
}
