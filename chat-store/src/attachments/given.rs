//! Files that a message is to have.

use std::fmt;
use std::fs::File;
use std::io;
use std::time::Duration;

use super::{Attachment, AttachmentId, MAX_OF_MESSAGE, Shelf, UNSAID_MAX, named_key};
use crate::fs::lock::{self, Share};
use crate::log::room_log::LOCK_TIMEOUT;
use crate::people::person::PersonId;
use crate::record::RecordId;

/// How long before the end of [`UNSAID_MAX`] a file is given to no message any more that nobody holds meanwhile: longer
/// than a message is under way.
const LAST_MOMENT: Duration = Duration::from_secs(120);

/// What finds out what a file is that was put on another machine; `None`: none of them has it.
pub type Elsewhere<'a> = dyn FnMut(&AttachmentId) -> io::Result<Option<Attachment>> + 'a;

/// Why a message cannot have them.
#[derive(Debug)]
pub enum GivenError {
    /// One is not there, is somebody else's, or belongs to another message.
    NotFound,
    /// There are more than [`MAX_OF_MESSAGE`].
    TooMany,
    /// They cannot be read just now.
    Io(io::Error),
}

impl fmt::Display for GivenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("a file is not there any more, choose it again"),
            Self::TooMany => write!(f, "a message has at most {MAX_OF_MESSAGE} files"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for GivenError {}

impl From<io::Error> for GivenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Files that are held for a message: until this is dropped nobody deletes them.
#[derive(Debug)]
pub struct Given<'s> {
    shelf: &'s Shelf,
    files: Vec<Attachment>,
    /// Its lock is given back when it is closed. None on several machines: the relay, which puts the message into the
    /// log, would wait for it; that they are young is what keeps them.
    held: Option<File>,
}

impl Shelf {
    /// Holds the files `ids` of `person` for a message that they call `msgid`. If the site is on several machines,
    /// those that are not here may be `elsewhere`.
    ///
    /// # Errors
    /// Why not; nothing is held then.
    pub fn give(
        &self,
        ids: &[AttachmentId],
        person: &PersonId,
        msgid: Option<&str>,
        elsewhere: Option<&mut Elsewhere<'_>>,
    ) -> Result<Given<'_>, GivenError> {
        if ids.len() > MAX_OF_MESSAGE {
            return Err(GivenError::TooMany);
        }
        let is_alone = elsewhere.is_none();
        let none: &mut Elsewhere<'_> = &mut |_| Ok(None);
        let elsewhere = elsewhere.unwrap_or(none);
        let held = if is_alone { Some(self.hold()?) } else { None };
        let mut files: Vec<Attachment> = Vec::with_capacity(ids.len());
        for id in ids {
            let here = self.find(id)?;
            let file = match here {
                None => elsewhere(id)?,
                here => here,
            };
            let file = file.ok_or(GivenError::NotFound)?;
            // One that has a message already may come with the same message, sent again.
            let is_free = if file.message.is_none() {
                is_alone || !is_at_its_end(&file)
            } else {
                msgid.is_some() && file.msgid.as_deref() == msgid
            };
            if file.person != person.as_str() || !is_free {
                return Err(GivenError::NotFound);
            }
            if !files.iter().any(|known| known.id == file.id) {
                files.push(file);
            }
        }
        Ok(Given {
            shelf: self,
            files,
            held,
        })
    }

    fn hold(&self) -> Result<File, GivenError> {
        let held = self.lock_file()?.ok_or(GivenError::NotFound)?;
        let Some(lock) = lock::take(&held, Share::Exclusive, LOCK_TIMEOUT)? else {
            let text = "others change the room's files all the time";
            return Err(GivenError::Io(io::Error::other(text)));
        };
        // Until the file is closed: it and what it guards are dropped together.
        std::mem::forget(lock);
        Ok(held)
    }
}

/// Whether it may be swept before the message is in the log.
fn is_at_its_end(file: &Attachment) -> bool {
    let age = RecordId::now()
        .as_micros()
        .saturating_sub(file.at.as_micros());
    Duration::from_micros(age) > UNSAID_MAX.saturating_sub(LAST_MOMENT)
}

impl Given<'_> {
    /// How a record names them: the values of the attribute `file`.
    pub fn values(&self) -> Vec<String> {
        self.files.iter().map(named_key).collect()
    }

    /// The message is in the log: they belong to it from now on.
    ///
    /// # Errors
    /// Those of writing. The next sweep finds the message, and does it.
    pub fn belong_to(self, message: RecordId, msgid: Option<&str>) -> io::Result<()> {
        for file in self.files.iter().filter(|file| file.message.is_none()) {
            if self.held.is_none() {
                self.shelf.claim(&file.id, message, msgid)?;
                continue;
            }
            self.shelf.write(&Attachment {
                message: Some(message),
                msgid: msgid.map(str::to_owned),
                ..file.clone()
            })?;
        }
        Ok(())
    }
}
