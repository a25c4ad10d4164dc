//! How much of the disk a site may take (`DISK_MAX`), so that one cannot starve the others.
//!
//! A sum over all files is looked up once a minute by whoever writes then, and kept in `run/disk` for all. What
//! is written in that minute comes on top: a site's rate of messages bounds it. Who has no limit does none of
//! this.

use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};

/// How long a sum holds.
const HOLDS: Duration = Duration::from_secs(60);

/// How deep directories may be in each other: `closed/ROOM/files/ROOM/FILE` is the deepest.
const MAX_DEPTH: usize = 6;

/// The longest number in `run/disk`.
const MAX_DIGITS: usize = 20;

/// Whether a site has taken `max` bytes. What can't be found out is not held against it: a disk that is really
/// full says so itself.
pub fn is_used_up(dirs: &Dirs, max: u64) -> bool {
    used(dirs).is_ok_and(|bytes| bytes >= max)
}

/// The bytes that a site takes, as they were at most a minute ago: the sum in `run/disk`, made anew if it is old and
/// nobody else does it.
///
/// # Errors
/// Those of reading the directories and of that file.
pub fn used(dirs: &Dirs) -> io::Result<u64> {
    let path = dirs.site_run().join("disk");
    let flags = OFlags::RDWR | OFlags::CREATE;
    let (mut kept, _) = file::open(&path, flags)?;
    let mut text = [0; MAX_DIGITS];
    let read = kept.read_at(&mut text, 0)?;
    let known: Option<u64> = std::str::from_utf8(&text[..read])
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let age = SystemTime::now().duration_since(kept.metadata()?.modified()?);
    // A clock that was set back makes a sum that never gets old.
    let is_fresh = age.is_ok_and(|age| age < HOLDS);
    if let Some(known) = known
        && (is_fresh || !lock::try_hold(&kept, Share::Exclusive)?)
    {
        return Ok(known);
    }
    let bytes = measure(dirs)?;
    kept.set_len(0)?;
    kept.write_all(bytes.to_string().as_bytes())?;
    Ok(bytes)
}

/// The bytes of all that people said and sent: logs, those of closed rooms, and files.
///
/// # Errors
/// Those of reading the directories; what goes away meanwhile does not count.
pub fn measure(dirs: &Dirs) -> io::Result<u64> {
    let base = dirs.base();
    let mut bytes = 0;
    for dir in [base.join("rooms"), dirs.closed.clone(), base.join("files")] {
        bytes += sum(&dir, 0)?;
    }
    Ok(bytes)
}

fn sum(dir: &Path, depth: usize) -> io::Result<u64> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        // Of the entry itself: a link elsewhere is not the site's.
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() && depth < MAX_DEPTH => {
                bytes += sum(&entry.path(), depth + 1)?;
            }
            Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
            _ => {}
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_sum_holds_for_a_minute() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        dirs.create().unwrap();
        fs::write(dirs.rooms.join("a.log"), [b'x'; 100]).unwrap();
        fs::create_dir_all(dirs.closed.join("~r/rooms")).unwrap();
        fs::write(dirs.closed.join("~r/rooms/r.log"), [b'x'; 20]).unwrap();
        fs::create_dir(base.path().join("files")).unwrap();
        fs::write(base.path().join("files/f"), [b'x'; 3]).unwrap();
        fs::write(dirs.sessions.join("s"), [b'x'; 1000]).unwrap();
        assert_eq!(measure(&dirs).unwrap(), 123);
        assert!(is_used_up(&dirs, 123) && !is_used_up(&dirs, 124));
        fs::write(dirs.rooms.join("a.log"), b"").unwrap();
        assert!(is_used_up(&dirs, 123), "nobody looks that soon");
        let kept = fs::File::options()
            .write(true)
            .open(dirs.run.join("disk"))
            .unwrap();
        kept.set_modified(SystemTime::now() - HOLDS).unwrap();
        assert!(!is_used_up(&dirs, 123));
        // One that the clock left in the future is no use.
        fs::write(dirs.rooms.join("a.log"), [b'x'; 200]).unwrap();
        kept.set_modified(SystemTime::now() + HOLDS).unwrap();
        assert!(is_used_up(&dirs, 200));
    }

    #[test]
    fn whose_sum_can_not_be_made_may_write() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(&base.path().join("nowhere"));
        assert!(!is_used_up(&dirs, 0));
    }
}
