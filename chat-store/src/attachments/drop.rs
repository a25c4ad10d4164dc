//! Deleting files: with their message, and with all that one person gave.

use std::collections::HashSet;
use std::io;

use super::{Attachment, AttachmentId, Shelf};

impl Shelf {
    /// Deletes the files that are `wanted`; how many. A content goes with the last file that has it.
    ///
    /// # Errors
    /// Those of reading and deleting; doing it again completes it.
    pub fn delete(&self, wanted: &dyn Fn(&Attachment) -> bool) -> io::Result<usize> {
        let deleted = self.locked(|| self.delete_now(wanted))?;
        Ok(deleted.unwrap_or_default())
    }

    /// Deletes the files `ids`, if they are there.
    ///
    /// # Errors
    /// As [`Shelf::delete`].
    pub fn delete_ids(&self, ids: &[AttachmentId]) -> io::Result<usize> {
        if ids.is_empty() {
            return Ok(0);
        }
        self.delete(&|file| ids.contains(&file.id))
    }

    /// As [`Shelf::delete`], for who has the lock.
    pub(super) fn delete_now(&self, wanted: &dyn Fn(&Attachment) -> bool) -> io::Result<usize> {
        let (goes, stays): (Vec<_>, Vec<_>) =
            self.all()?.into_iter().partition(|file| wanted(file));
        let needed: HashSet<&str> = stays.iter().map(|file| file.hash.as_str()).collect();
        for file in &goes {
            // First what people asked to be gone, then the line that says it was there: what is left of a crash in
            // between is deleted again.
            if !needed.contains(file.hash.as_str()) {
                remove_if_there(&self.content(file))?;
            }
            if self.remove(&file.id)? {
                self.ledger.subtract(file.size, self.entry(&file.owner))?;
            }
        }
        Ok(goes.len())
    }

    /// Deletes all that the room has, and its directory.
    ///
    /// # Errors
    /// As [`Shelf::delete`].
    pub fn delete_all(&self) -> io::Result<usize> {
        let count = self.delete(&|_| true)?;
        match std::fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(count),
        }
    }
}

fn remove_if_there(path: &std::path::Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
