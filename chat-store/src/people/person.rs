//! Who somebody is, under whatever name: what whispers and signals are addressed to.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};

use sha2::{Digest as _, Sha256};

use crate::record::{Record, attrs};

/// Bytes of the hash that are kept: who wants to be somebody else has 2^80 tokens to try.
const BYTES: usize = 10;

/// A person's own number, the same in all rooms and for all connections. It is public, what it is made of is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonId(Box<str>);

impl PersonId {
    /// Of an account; else of a guest's browser, by the token that nobody else knows. `None`: a guest who is known by
    /// name alone, as text clients are.
    pub fn of(account: Option<&str>, client: Option<&str>) -> Option<Self> {
        let (kind, secret) = match (account, client) {
            (Some(account), _) => ("account", account),
            (None, Some(client)) => ("guest", client),
            (None, None) => return None,
        };
        Some(Self(hex_of(&[kind, "\0", secret]).into()))
    }

    /// Of who wrote a record, under whatever name and on whatever device; `None`: that cannot be known.
    pub fn of_author(record: &Record<'_>) -> Option<Self> {
        let (account, client) = (record.attr(attrs::ACCOUNT), record.attr(attrs::CLIENT));
        let number = || Self::parse(&record.attr(attrs::PERSON)?);
        Self::of(account.as_deref(), client.as_deref()).or_else(number)
    }

    /// Of a guest whose client has no token, by the site's session.
    pub fn of_session(session: &str) -> Self {
        Self(hex_of(&["session\0", session]).into())
    }

    /// Of a guest of whom nothing else is known than their open page.
    pub fn of_page(page: &str) -> Self {
        Self(hex_of(&["page\0", page]).into())
    }

    /// Of a connection of which nothing is known: nobody else's, and never again.
    pub fn of_connection() -> Self {
        // Its keys are random; the time too, because a machine may have little of that when it starts.
        let chance = RandomState::new().hash_one(std::process::id());
        let now = crate::record::RecordId::now().as_micros();
        Self(hex_of(&["connection\0", &format!("{chance} {now}")]).into())
    }

    /// As a presence file or a record has it; `None`: not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 2 * BYTES && text.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    /// As hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The start of a SHA-256 of `parts`, one behind the other, as hexadecimal digits.
pub fn hex_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex_of_bytes(&hash.finalize())
}

/// The start of a hash, as hexadecimal digits.
pub(crate) fn hex_of_bytes(hash: &[u8]) -> String {
    let mut text = String::with_capacity(2 * BYTES);
    for byte in &hash[..BYTES] {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_file_is_a_number() {
        let id = PersonId::of_connection();
        assert_eq!(PersonId::parse(id.as_str()), Some(id.clone()));
        assert_ne!(PersonId::of_connection(), id);
        for text in [
            "",
            "../../../../etc/passw",
            "ABCDEF0123456789abcd",
            "0123456789",
        ] {
            assert_eq!(PersonId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_account_is_the_same_person_in_every_browser() {
        let of = |account, client| PersonId::of(account, client);
        assert_eq!(of(Some("anna"), Some("one")), of(Some("anna"), None));
        assert_ne!(of(Some("anna"), None), of(None, Some("anna")));
        assert_ne!(of(None, Some("one")), of(None, Some("two")));
        assert_eq!(of(None, None), None);
        assert_eq!(of(None, Some("one")).map(|id| id.as_str().len()), Some(20));
    }
}
