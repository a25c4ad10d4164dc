//! Names of rooms and people. Pure. Nothing a client sends reaches a path without passing here.
//!
//! A room's name cannot hold `_` (it becomes `-`) and a nick cannot either, so `ROOM_NICK` splits
//! one way only, and `_` is free to mark the stems of names too long for a file system.

use std::fmt::{self, Write as _};

use crate::record::is_bidi_control;

mod allowed;
mod look_alike;
mod stem;

pub use look_alike::Key;

/// The longest room name, in characters.
pub const MAX_ROOM_CHARS: usize = 64;
/// The longest nick, in characters.
pub const MAX_NICK_CHARS: usize = 32;
/// The name that the server's shell speaks and moderates under; nobody else can have it.
pub const SERVER: &str = "server";
/// What the name of a closed room begins with, before its digits.
const CLOSED: char = '~';
/// Hexadecimal digits of it: nobody guesses 80 bits.
const CLOSED_DIGITS: usize = 20;
/// The room of those who name none.
pub const LOBBY: &str = "lobby";

/// Why a name is refused. The text is for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// Nothing (visible) is left of it.
    Empty,
    /// More characters than allowed.
    TooLong {
        /// What is allowed.
        max: usize,
    },
    /// It holds `/`, NUL, another control character or a bidi control.
    Forbidden,
    /// It starts with a dot.
    LeadingDot,
    /// It is not UTF-8.
    NotUtf8,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the name is empty, use at least one visible character"),
            Self::TooLong { max } => {
                write!(f, "the name is too long, use at most {max} characters")
            }
            Self::Forbidden => {
                f.write_str("the name holds a slash or a control character, leave it out")
            }
            Self::LeadingDot => f.write_str("the name starts with a dot, leave it out"),
            Self::NotUtf8 => f.write_str("the name is not UTF-8"),
        }
    }
}

impl std::error::Error for NameError {}

/// A room's name: NFC, 1 to 64 characters of those that names may have (ASCII, letters, digits and marks
/// of every script, emoji), without blank, `_`, `/` or control character, and without a leading dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Box<str>);

impl RoomName {
    /// The room of those who name none.
    pub fn lobby() -> Self {
        Self(LOBBY.into())
    }

    /// From the `PATH_INFO` variable: its first segment, percent-decoded; empty is the lobby. A `%`
    /// that starts no escape stands for itself (some servers have decoded the path already).
    ///
    /// # Errors
    /// As [`RoomName::parse`].
    pub fn from_path_info(path: &[u8]) -> Result<Self, NameError> {
        let path = &path[path.iter().take_while(|&&byte| byte == b'/').count()..];
        let segment = path.split(|&byte| byte == b'/').next().unwrap_or_default();
        if segment.is_empty() {
            return Ok(Self::lobby());
        }
        let decoded = percent_decode(segment);
        Self::parse(std::str::from_utf8(&decoded).map_err(|_| NameError::NotUtf8)?)
    }

    /// From a name as typed: blanks and `_` become `-`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        checked(name, MAX_ROOM_CHARS, |c| c == '_').map(|name| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a room for some only (see [`crate::closed`]), of random bytes.
    pub(crate) fn closed(random: &[u8]) -> Self {
        let mut name = String::from(CLOSED);
        for byte in random.iter().take(CLOSED_DIGITS / 2) {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Self(name.into())
    }

    /// Whether it is the name of a room for some only, which nobody makes by entering it.
    pub fn is_closed(&self) -> bool {
        self.0.strip_prefix(CLOSED).is_some_and(|digits| {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            digits.len() == CLOSED_DIGITS && digits.bytes().all(is_digit)
        })
    }

    /// What this name looks like. Rooms with equal keys are one, see [`crate::log::create`].
    pub fn key(&self) -> Key {
        Key::of(&self.0)
    }

    /// What its files in `rooms/`, `run/` and `state/` are called, without what follows: the name,
    /// or, if that is too long for a file name, its start, `_` and a hash of it all.
    pub fn file_stem(&self) -> String {
        stem::for_files(&self.0)
    }

    /// As [`RoomName::file_stem`], shorter, because `_NICK` follows.
    pub fn users_stem(&self) -> String {
        stem::for_users(&self.0)
    }

    /// The room whose log is called `STEM.log`. `None`: no stem, or one with a hash (then the name
    /// stands in `state/STEM.name`).
    pub fn from_file_stem(stem: &str) -> Option<Self> {
        Self::parse(stem)
            .ok()
            .filter(|room| &*room.0 == stem && room.file_stem() == stem)
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A person's name in a room: as a room's, of 1 to 32 characters, also without `:`, `,` and `>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nick(Box<str>);

impl Nick {
    /// From a name as typed, or as a session has it: blanks and the characters that delimit on disk
    /// and on the wire (`_ : , >`) become `-`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        checked(name, MAX_NICK_CHARS, |c| matches!(c, '_' | ':' | ',' | '>'))
            .map(|name| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What this nick looks like. Two nicks with equal keys cannot be in one room.
    pub fn key(&self) -> Key {
        Key::of(&self.0)
    }

    /// The nick that a person gets who wishes for this one: what looks like [`SERVER`] gets a number.
    #[must_use]
    pub fn of_person(self) -> Self {
        if self.key() == Key::of(SERVER) {
            self.numbered(1)
        } else {
            self
        }
    }

    /// The nick with a number appended; its end gives way if it would be too long.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let digits = number.to_string();
        let keep = MAX_NICK_CHARS - digits.len();
        let mut name: String = self.0.chars().take(keep).collect();
        name.push_str(&digits);
        Self(name.into())
    }
}

impl fmt::Display for Nick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The rules both kinds of names share.
fn checked(name: &str, max: usize, delimits: fn(char) -> bool) -> Result<String, NameError> {
    // More bytes than `max` characters can ever have: refused before any work is done on it.
    if name.len() > max * 32 {
        return Err(NameError::TooLong { max });
    }
    let name = name.trim_matches(' ');
    if name
        .chars()
        .any(|c| c == '/' || c.is_control() || is_separator(c) || is_bidi_control(c))
    {
        return Err(NameError::Forbidden);
    }
    let without_delimiter = |c: char| {
        if c.is_whitespace() || delimits(c) {
            '-'
        } else {
            c
        }
    };
    // ASCII is NFC. A joiner checks the names of everybody in the room.
    let name: String = if name.is_ascii() {
        name.chars().map(without_delimiter).collect()
    } else {
        let allowed = allowed::only(name);
        allowed.chars().map(without_delimiter).collect()
    };
    if name.starts_with('.') {
        return Err(NameError::LeadingDot);
    }
    if name.chars().count() > max {
        return Err(NameError::TooLong { max });
    }
    if look_alike::is_invisible(&name) {
        return Err(NameError::Empty);
    }
    Ok(name)
}

/// Line and paragraph separators start a new line in some programs.
fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &rest[3..] } else { after };
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests;
