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

/// One person of [`Members`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberRef<'a> {
    /// Their nick.
    pub nick: &'a str,
    /// Their color, as the file has it.
    pub color: &'a str,
    /// Who they logged in as.
    pub account: Option<&'a str>,
    /// Their number under all names.
    pub person: Option<&'a str>,
}

/// Everybody in a room, in one piece of memory that is given back: few bytes a person in place of
/// a hundred.
#[derive(Debug, Default)]
pub struct Members {
    /// The fields of each, with a line end that none can hold.
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
    pub fn push(&mut self, member: MemberRef<'_>) {
        // What comes from a line of a file has no line end; a nick has none by its rules.
        let start = u32::try_from(self.text.len()).expect("MAX_MEMBERS names are some hundred KiB");
        self.starts.push(start);
        let MemberRef {
            nick,
            color,
            account,
            person,
        } = member;
        for field in [
            nick,
            color,
            account.unwrap_or_default(),
            person.unwrap_or_default(),
        ] {
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
            .sort_unstable_by_key(|&start| member_at(text, start).nick);
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = MemberRef<'_>> {
        self.starts
            .iter()
            .map(|&start| member_at(&self.text, start))
    }
}

fn member_at(text: &[u8], start: u32) -> MemberRef<'_> {
    let mut rest = &text[start as usize..];
    let mut next = || {
        let (field, after) = rest.split_at(memchr(b'\n', rest).unwrap_or(rest.len()));
        rest = after.get(1..).unwrap_or_default();
        std::str::from_utf8(field).unwrap_or_default()
    };
    let filled = |field: &'_ str| !field.is_empty();
    let (nick, color) = (next(), next());
    MemberRef {
        nick,
        color,
        account: Some(next()).filter(|it| filled(it)),
        person: Some(next()).filter(|it| filled(it)),
    }
}
