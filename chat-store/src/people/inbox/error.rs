//! What can go wrong on the way to a person.

use std::{fmt, io};

use crate::record::MAX_LINE;

/// Why something did not reach a person.
#[derive(Debug)]
pub enum SendError {
    /// Nobody of this name is in the room.
    NotHere,
    /// More waits for them than [`MAX_UNREAD`](super::MAX_UNREAD).
    Full,
    /// Others held the inbox's lock all the time.
    Busy,
    /// They have lost their connection just now, and may come back.
    Away,
    /// It would be longer than [`MAX_LINE`] as a line.
    TooLong,
    /// Anything else.
    Io(io::Error),
}

impl SendError {
    /// A word for programs, stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHere => "not-here",
            Self::Full => "inbox-full",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::TooLong => "too-long",
            Self::Io(_) => "io",
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not sent: ")?;
        match self {
            Self::NotHere => f.write_str("nobody of this name is in the room"),
            Self::Full => f.write_str("too much waits for them already, send it again later"),
            Self::Busy => f.write_str("they get too much at once, send it again"),
            Self::Away => {
                f.write_str("they have no connection just now, send it again in a moment")
            }
            Self::TooLong => write!(f, "it is longer than {MAX_LINE} bytes"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for SendError {}

impl From<io::Error> for SendError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
