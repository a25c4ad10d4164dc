//! Why a closed room was not made or changed.

use std::{fmt, io};

use super::{MAX_INVITATIONS, MAX_MEMBERS, MAX_TITLE_CHARS};

/// Why a closed room was not made or changed. The text is for whoever asked.
#[derive(Debug)]
pub enum ClosedError {
    /// There is no such room, or whoever asks is not in it.
    NotThere,
    /// It would have more than [`MAX_MEMBERS`].
    TooManyMembers,
    /// It would have more than [`MAX_INVITATIONS`].
    TooManyInvitations,
    /// The title has more than [`MAX_TITLE_CHARS`].
    TitleTooLong,
    /// A conversation of two stays one of two.
    Pair,
    /// Only who keeps the room may do this.
    NotKeeper,
    /// A conversation has no name that others could enter.
    Conversation,
    /// Another room has that name.
    NameTaken,
    /// It never had one, and none was given.
    NoName,
    /// Somebody else held the lock all the time.
    Busy,
    /// The file could not be read or written.
    Io(io::Error),
}

impl fmt::Display for ClosedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere => f.write_str("there is no such room"),
            Self::TooManyMembers => write!(f, "the room has {MAX_MEMBERS} members, no more fit"),
            Self::TooManyInvitations => write!(
                f,
                "there are {MAX_INVITATIONS} invitations, wait until some are used or over"
            ),
            Self::TitleTooLong => {
                write!(
                    f,
                    "the title is too long, use at most {MAX_TITLE_CHARS} characters"
                )
            }
            Self::Pair => f.write_str("this is a conversation of two, begin one with more people"),
            Self::NotKeeper => f.write_str("only who keeps the room may do this"),
            Self::Conversation => f.write_str("a conversation stays for its people only"),
            Self::NameTaken => f.write_str("another room has that name, take another"),
            Self::NoName => f.write_str("say under which name everybody is to find it"),
            Self::Busy => f.write_str("somebody else is changing it just now, try again"),
            Self::Io(error) => write!(f, "not done: {error}"),
        }
    }
}

impl std::error::Error for ClosedError {}

impl From<io::Error> for ClosedError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
