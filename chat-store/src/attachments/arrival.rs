//! A file that another machine of the site gives: it comes in parts, and gets its place when it is whole, is what was
//! announced, and a message of this machine's log still names it. No bounds hold for it: the machine where it was put
//! has looked at them, and all machines have the same messages.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::incoming::hex;
use super::ledger::Bounds;
use super::shelf::{FILE_MODE, SCRATCH};
use super::{Attachment, AttachmentId, Named, Shelf, named};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::log::history::{self, Readable};
use crate::name::RoomName;
use crate::record::{RecordId, attrs};

/// No bounds.
const BOUNDLESS: Bounds = Bounds {
    person: u64::MAX,
    room: u64::MAX,
    site: u64::MAX,
};

/// Why a file was not kept. Nothing of it stays.
#[derive(Debug)]
pub enum ArrivalError {
    /// It is not what its message, or the machine that gave it, says that it is.
    Wrong,
    /// No message names it any more.
    Gone,
    /// It could not be written.
    Io(io::Error),
}

impl fmt::Display for ArrivalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong => f.write_str("it is not what its message says that it is"),
            Self::Gone => f.write_str("no message names it any more"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ArrivalError {}

impl From<io::Error> for ArrivalError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How a file stands that a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is in its place, and the message's.
    Here,
    /// It has to come from another machine.
    Lacking,
    /// No message names it any more.
    Gone,
}

/// A message of a room that names a file.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The room's directories.
    pub dirs: &'a Dirs,
    /// The room.
    pub room: &'a RoomName,
    /// The message.
    pub message: RecordId,
}

impl Naming<'_> {
    /// How it names the file, and what its sender calls the message.
    fn look(&self, id: &AttachmentId) -> io::Result<Option<(Named, Option<String>)>> {
        let mut found = None;
        history::holds(
            Readable::all(self.dirs, self.room),
            self.message,
            |record| {
                let file = named(record).into_iter().find(|file| file.id == *id);
                found = file.map(|file| (file, record.attr(attrs::MSGID).map(Into::into)));
                found.is_some()
            },
        )?;
        Ok(found)
    }
}

impl Named {
    /// Whether `file` is the one that is named here.
    pub fn is(&self, file: &Attachment) -> bool {
        let mine = (&self.id, &self.name, &self.kind, self.size, self.pixels);
        // Lines of the ledger are made of it.
        let is_plain = !file.owner.contains(char::is_control);
        is_plain && mine == (&file.id, &file.name, &file.kind, file.size, file.pixels)
    }
}

impl Shelf {
    /// Makes the file `id` that message's, if it is here.
    ///
    /// # Errors
    /// Those of reading and writing; to be tried again.
    pub fn settle(&self, naming: Naming<'_>, id: &AttachmentId) -> io::Result<Standing> {
        let Some((_, msgid)) = naming.look(id)? else {
            return Ok(Standing::Gone);
        };
        match self.find(id)? {
            Some(file) if !self.has_content(&file) => return Ok(Standing::Lacking),
            Some(file) if file.message.is_some() => return Ok(Standing::Here),
            Some(_) => {}
            None => return Ok(Standing::Lacking),
        }
        self.claim(id, naming.message, msgid.as_deref())?;
        Ok(Standing::Here)
    }

    /// The message `message` has the file `id`, if it is there and no other message's.
    pub(super) fn claim(
        &self,
        id: &AttachmentId,
        message: RecordId,
        msgid: Option<&str>,
    ) -> io::Result<()> {
        self.locked(|| match self.find(id)? {
            Some(file) if file.message.is_none() => self.write(&Attachment {
                message: Some(message),
                msgid: msgid.map(str::to_owned),
                ..file
            }),
            _ => Ok(()),
        })
        .map(drop)
    }

    /// Takes in the file that another machine calls `about`, part by part.
    ///
    /// # Errors
    /// Those of making a file.
    pub fn expect(&self, about: Attachment) -> io::Result<Arrival> {
        self.create()?;
        self.sweep_scratch()?;
        let scratch = AttachmentId::new()?;
        let path = self.dir.join(format!("{scratch}.in{SCRATCH}"));
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(&path)?;
        lock::try_hold(&file, Share::Exclusive)?;
        Ok(Arrival {
            shelf: self.clone(),
            about,
            path,
            file,
            hash: Sha256::new(),
            size: 0,
        })
    }
}

/// A file of which some parts are here; gone when it is dropped.
#[derive(Debug)]
pub struct Arrival {
    shelf: Shelf,
    about: Attachment,
    path: PathBuf,
    file: File,
    hash: Sha256,
    size: u64,
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // Renamed if it was kept; else there is nobody to tell, and the next sweep does it.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Arrival {
    /// Where the next part begins, in bytes; `None`: there is none, it can be kept.
    pub fn next(&self) -> Option<u64> {
        let is_whole = self.size >= self.about.size || self.shelf.has_content(&self.about);
        (!is_whole).then_some(self.size)
    }

    /// Adds the next part.
    ///
    /// # Errors
    /// It would be longer than announced, or cannot be written.
    pub fn add(&mut self, part: &[u8]) -> Result<(), ArrivalError> {
        if part.is_empty() || self.size + part.len() as u64 > self.about.size {
            return Err(ArrivalError::Wrong);
        }
        self.file.write_all(part)?;
        self.hash.update(part);
        self.size += part.len() as u64;
        Ok(())
    }

    /// Puts it into its place, as a file of the message that names it.
    ///
    /// # Errors
    /// Nothing of it stays then. `NotFound`: another file of the room had what it holds, so that it did not come, and that
    /// one has been deleted meanwhile; it is to be asked for again.
    pub fn keep(self, naming: Naming<'_>) -> Result<(), ArrivalError> {
        let has_all = self.size == self.about.size;
        let is_whole = has_all && hex(&self.hash.clone().finalize()) == self.about.hash;
        if is_whole {
            self.file.sync_all()?;
        } else if has_all && !self.shelf.has_content(&self.about) {
            return Err(ArrivalError::Wrong);
        }
        let put = self.shelf.locked(|| Ok(self.put(naming, is_whole)))?;
        put.unwrap_or(Err(ArrivalError::Gone))
    }

    /// Under the shelf's lock: who takes the message back waits, or has done so.
    fn put(&self, naming: Naming<'_>, is_whole: bool) -> Result<(), ArrivalError> {
        let Self { shelf, about, .. } = self;
        let (named, msgid) = naming.look(&about.id)?.ok_or(ArrivalError::Gone)?;
        if !named.is(about) {
            return Err(ArrivalError::Wrong);
        }
        // Only now nobody takes away what another file has of it.
        let is_there = shelf.has_content(about);
        if !is_there && !is_whole {
            return Err(ArrivalError::Io(io::ErrorKind::NotFound.into()));
        }
        let entry = shelf.entry(&about.owner);
        let is_counted = shelf.find(&about.id)?.is_some();
        if !is_counted {
            // Nothing is more than that.
            let _ = shelf.ledger.add(about.size, entry, &BOUNDLESS)?;
        }
        let content = shelf.content(about);
        let put = (|| {
            if !is_there {
                std::fs::rename(&self.path, &content)?;
                file::sync_directory_of(&content)?;
            }
            shelf.write(&Attachment {
                message: Some(naming.message),
                msgid,
                ..about.clone()
            })
        })();
        if put.is_err() && !is_there {
            // Nobody else has it: it would be nobody's.
            let _ = std::fs::remove_file(&content);
        }
        if put.is_err() && !is_counted {
            shelf.ledger.subtract(about.size, entry)?;
        }
        Ok(put?)
    }
}
