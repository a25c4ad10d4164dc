//! A file on its way in: it has a name of its own until it is whole, on the disk and counted.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::ledger::{Bounds, Full};
use super::shelf::{FILE_MODE, SCRATCH};
use super::{Attachment, AttachmentId, Shelf};
use crate::fs::file;
use crate::fs::lock::{self, Share};

/// What is hashed at a time, in bytes.
const STEP: usize = 64 * 1024;

/// Why a file was not kept. Nothing of it stays.
#[derive(Debug)]
pub enum PutError {
    /// There would be too much.
    Full(Full),
    /// It could not be written or read.
    Io(io::Error),
}

impl fmt::Display for PutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(full) => full.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PutError {}

impl From<io::Error> for PutError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A file that is not kept yet; gone when it is dropped. That of a process that was killed is nobody's, as its lock
/// says, and goes with the next [`Shelf::sweep`].
#[derive(Debug)]
pub struct Incoming<'s> {
    shelf: &'s Shelf,
    id: AttachmentId,
    path: PathBuf,
    file: File,
}

impl Drop for Incoming<'_> {
    fn drop(&mut self) {
        // Renamed if it was kept; else there is nobody to tell, and the next sweep does it.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Shelf {
    /// Takes a file in: what `content` gives, to its end.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub fn take_in(&self, content: &mut impl Read) -> io::Result<Incoming<'_>> {
        self.create()?;
        let id = AttachmentId::new()?;
        let path = self.dir.join(format!("{id}.in{SCRATCH}"));
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(&path)?;
        let mut incoming = Incoming {
            shelf: self,
            id,
            path,
            file,
        };
        lock::try_hold(&incoming.file, Share::Exclusive)?;
        io::copy(content, &mut incoming.file)?;
        Ok(incoming)
    }
}

impl Incoming<'_> {
    /// Where it is meanwhile, for a program that looks at it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its id.
    pub fn id(&self) -> &AttachmentId {
        &self.id
    }

    /// Keeps it: `about` says what it is, without the id, size and hash, which are found here.
    ///
    /// # Errors
    /// Nothing of it stays then.
    pub fn keep(mut self, about: Attachment, bounds: &Bounds) -> Result<Attachment, PutError> {
        let (hash, size) = hash_of(&mut self.file)?;
        let kept = Attachment {
            id: self.id.clone(),
            hash,
            size,
            ..about
        };
        self.file.sync_all()?;
        let entry = self.shelf.entry(&kept.owner);
        let put = self.shelf.locked(|| {
            if let Err(full) = self.shelf.ledger.add(size, entry, bounds)? {
                return Ok(Err(full));
            }
            if let Err(error) = self.put(&kept) {
                self.shelf.ledger.subtract(size, entry)?;
                return Err(error);
            }
            Ok(Ok(()))
        })?;
        match put {
            Some(Ok(())) => Ok(kept),
            Some(Err(full)) => Err(PutError::Full(full)),
            None => Err(PutError::Io(io::ErrorKind::NotFound.into())),
        }
    }

    fn put(&self, kept: &Attachment) -> io::Result<()> {
        let content = self.shelf.content(kept);
        let is_there = self.shelf.has_content(kept);
        if !is_there {
            std::fs::rename(&self.path, &content)?;
            file::sync_directory_of(&content)?;
        }
        let written = self.shelf.write(kept);
        if written.is_err() && !is_there {
            // Nobody else has this content: it would be nobody's.
            let _ = std::fs::remove_file(&content);
        }
        written
    }
}

fn hash_of(file: &mut File) -> io::Result<(String, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; STEP];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        size += count as u64;
    }
    Ok((hex(&hash.finalize()), size))
}

/// How a hash is written.
pub(super) fn hex(hash: &[u8]) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
