//! Files that people put into a room: `files/ROOM/` holds each content once, under its hash, and a line beside it for
//! each time that somebody gave it, under an id that nobody can guess.
//!
//! `ID.file` is that line: what the file is, whose, and which message it belongs to. What belongs to none within
//! [`UNSAID_MAX`] is deleted, and what belongs to one is deleted with it. All changes are made under the lock of the
//! room's directory. On one machine it is held until the message is in the log, so that none names what is being deleted.
//!
//! On several machines a file is put on one of them, and the others fetch it when a message names it ([`Arrival`]). There
//! the relay changes the directory while who says something waits for it: that file's age keeps it ([`Shelf::give`]).

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use crate::record::RecordId;

mod arrival;
mod drop;
mod given;
mod incoming;
mod ledger;
mod named;
mod recount;
mod shelf;
mod sidecar;
mod sweep;

pub use arrival::{Arrival, ArrivalError, Naming, Standing};
pub use given::{Elsewhere, Given, GivenError};
pub use incoming::{Incoming, PutError};
pub use ledger::{Bounds, Full};
pub use named::{Named, clean_name, lines, named, named_key};
pub use recount::{Usage, recount};
pub use shelf::Shelf;
pub use sweep::{Orphans, Swept};

/// How long a file may wait for the message that it is for.
pub const UNSAID_MAX: Duration = Duration::from_secs(3600);
/// Files of one message.
pub const MAX_OF_MESSAGE: usize = 10;
/// The longest name of a file, in bytes.
pub const MAX_NAME: usize = 200;
/// Bytes of an id: who wants to guess one has 2^128 to try.
const ID_BYTES: usize = 16;

/// What one file is known by. Random: it tells nothing of the content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachmentId(Box<str>);

impl AttachmentId {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new() -> std::io::Result<Self> {
        let mut bytes = [0; ID_BYTES];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        let mut text = String::with_capacity(2 * ID_BYTES);
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text.into()))
    }

    /// What a client says it is; `None`: not one of ours, and so never part of a path.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 2 * ID_BYTES && text.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    /// As hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is kept beside a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// What it is called: a name, never a path.
    pub name: String,
    /// What it is, by its first bytes: `image/png`.
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Width and height of a picture, as it is shown.
    pub pixels: Option<(u32, u32)>,
    /// SHA-256 of the content, which is the name of the file that holds it.
    pub hash: String,
    /// The [`PersonId`](crate::people::person::PersonId) of whoever gave it.
    pub person: String,
    /// Who they were logged in as.
    pub account: Option<String>,
    /// What their share of the disk is counted by.
    pub owner: String,
    /// When it came.
    pub at: RecordId,
    /// The message it belongs to, once there is one.
    pub message: Option<RecordId>,
    /// The client's own id of that message: it may be sent again.
    pub msgid: Option<String>,
}

#[cfg(test)]
mod tests;
