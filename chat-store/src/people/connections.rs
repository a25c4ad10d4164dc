//! How many connections one person has: each holds a locked file of theirs in `run/`. Locks go
//! with their process, so nothing needs to be cleaned up after a crash.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::PathBuf;

use rustix::fs::OFlags;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};

/// One of the connections that a person may have, for as long as this lives.
#[derive(Debug)]
pub struct ConnectionPermit {
    path: PathBuf,
    _locked: File,
}

impl ConnectionPermit {
    /// Takes a permit of `owner` (a session or an account); `None`: they have `max` connections already.
    ///
    /// # Errors
    /// Those of open(2) and flock(2).
    pub fn take(dirs: &Dirs, owner: &str, max: usize) -> io::Result<Option<Self>> {
        // A hash, because a session's id must not be found in a directory listing.
        let mut hasher = DefaultHasher::new();
        owner.hash(&mut hasher);
        let name = hasher.finish();
        for number in 0..max {
            let path = dirs.run.join(format!("{name:016x}.{number}.seat"));
            let (file, _) = file::open(&path, OFlags::RDWR | OFlags::CREATE)?;
            // The second look: its last owner may have removed it between our two calls.
            if lock::try_hold(&file, Share::Exclusive)? && file::is_at(&file, &path)? {
                return Ok(Some(Self {
                    path,
                    _locked: file,
                }));
            }
        }
        Ok(None)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        // Left behind, it is an empty file that the next connection takes.
        let _ = rustix::fs::unlink(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_so_many_connections_and_no_more() {
        let dir = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(dir.path());
        dirs.create().expect("directories");
        let take = |owner| ConnectionPermit::take(&dirs, owner, 2).expect("files");
        let (first, second) = (take("alice"), take("alice"));
        assert!(first.is_some() && second.is_some() && take("alice").is_none());
        assert!(take("bob").is_some());
        drop(first);
        assert!(take("alice").is_some());
    }
}
