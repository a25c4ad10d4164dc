//! Lists of people.

use memchr::memchr;

use crate::fs::pages::Pages;
use crate::name::Nick;

/// One person in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Their nick.
    pub nick: Nick,
    /// Their color, as the file has it.
    pub color: Box<str>,
}

/// Everybody in a room, in one piece of memory that is given back: twenty bytes a person in place of
/// a hundred.
#[derive(Debug, Default)]
pub struct Members {
    /// Nick and color, each with the line end that neither can hold.
    text: Pages,
    starts: Vec<u32>,
}

impl Members {
    /// With room for about `count` people.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self {
            text: Pages::default(),
            starts: Vec::with_capacity(count),
        }
    }

    /// Appends a member.
    ///
    /// # Panics
    /// If the names need more than 4 GiB.
    pub fn push(&mut self, nick: &str, color: &str) {
        // A color is cleaned, so it has no line end; a nick has none by its rules.
        let start = u32::try_from(self.text.len()).expect("MAX_MEMBERS names are some hundred KiB");
        self.starts.push(start);
        for field in [nick, color] {
            self.text.push(field.as_bytes());
            self.text.push(b"\n");
        }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True if nobody is there.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Puts them into the order of their nicks.
    pub fn sort(&mut self) {
        let text = &self.text;
        self.starts
            .sort_unstable_by_key(|&start| fields_at(text, start).0);
    }

    /// Each one's nick and color.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.starts
            .iter()
            .map(|&start| fields_at(&self.text, start))
    }
}

fn fields_at(text: &[u8], start: u32) -> (&str, &str) {
    let mut rest = &text[start as usize..];
    let mut next = || {
        let (field, after) = rest.split_at(memchr(b'\n', rest).unwrap_or(rest.len()));
        rest = after.get(1..).unwrap_or_default();
        std::str::from_utf8(field).unwrap_or_default()
    };
    (next(), next())
}
