//! What an account is part of.

use std::fmt;

/// Groups of one account.
pub const MAX_GROUPS: usize = 50;
/// The longest name of one, in bytes.
const MAX_BYTES: usize = 32;
/// The group of those who may administer the site, unless chat.ini says otherwise.
pub const ADMINISTRATORS: &str = "admin";

/// A group's name: 1 to 32 of `a-z 0-9 . -`, so that it needs no quotes anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group(Box<str>);

impl Group {
    /// Reads a name; `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
        let fits = (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(good);
        fits.then(|| Self(text.into()))
    }

    /// The group of administrators.
    pub fn administrators() -> Self {
        Self(ADMINISTRATORS.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
