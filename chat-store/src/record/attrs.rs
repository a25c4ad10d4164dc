//! The ATTRS field: `key=value` pairs joined by `;`, in any order, unknown ones skipped.
//!
//! `;` and `%` inside a value are written `%3B` and `%25`: an account's name may hold either, and
//! two accounts must not become one, as they would by replacing the character.

use std::borrow::Cow;

use super::clean;

/// The client's own id of a message.
pub const MSGID: &str = "msgid";
/// Who the sender logged in as.
pub const ACCOUNT: &str = "account";
/// The sender's [`PersonId`](crate::people::person::PersonId).
pub const PERSON: &str = "person";
/// The record that this one is about.
pub const TARGET: &str = "target";
/// The record that this one answers.
pub const REPLY: &str = "reply";
/// Whom the words were for, in the copy that the sender's other connections get.
pub const TO: &str = "to";
/// The client's token.
pub const CLIENT: &str = "client";
/// The sender's color.
pub const COLOR: &str = "color";
/// A file that the message has, once for each; see [`attachments`](crate::attachments).
pub const FILE: &str = "file";
/// What an event of a channel is.
pub const EV: &str = "ev";
/// For other machines of the site, and in no log: the address that somebody comes from, and that they moderate the site.
pub const ADDRESS: &str = ".address";
/// See [`ADDRESS`].
pub const SITE: &str = ".site";
/// How attributes begin that are for other machines and stand in no log.
pub const FOR_MACHINES: char = '.';
/// Of a `clear` record: what was said up to it is deleted, not hidden alone.
pub const DELETE: &str = "delete";
/// Of who comes in: they have a profile.
pub const PROFILE: &str = "profile";
/// The machine a line came from.
pub const ORIGIN: &str = "origin";
/// Of a record that stands in this machine's log under another id than on machines that had it first, since an engine
/// has lost its tail: the id that it has there.
pub const WAS: &str = "was";

/// The pairs of one record, in the order they stand there.
// Each handler of a room takes each line apart: memchr, because a search for a char costs five times
// as much on fields this short.
#[derive(Debug, Clone)]
pub struct Attrs<'a>(&'a str);

impl<'a> Attrs<'a> {
    /// Those of a field as it stands in a line.
    pub fn new(field: &'a str) -> Self {
        Self(field)
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.0.is_empty() {
            let (pair, rest) = cut(b';', self.0).unwrap_or((self.0, ""));
            self.0 = rest;
            if let Some((key, value)) = cut(b'=', pair) {
                return Some((key, unescape(value)));
            }
        }
        None
    }
}

/// What is before and behind the first such byte, which is ASCII.
fn cut(byte: u8, text: &str) -> Option<(&str, &str)> {
    let at = memchr::memchr(byte, text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// Appends the pairs that have a value.
pub fn write_to<'a>(
    pairs: impl IntoIterator<Item = &'a (&'a str, Option<&'a str>)>,
    line: &mut Vec<u8>,
) {
    let mut separator: &[u8] = b"";
    for (key, value) in pairs {
        let Some(value) = value else { continue };
        line.extend_from_slice(separator);
        line.extend_from_slice(key.as_bytes());
        line.push(b'=');
        escape_to(&clean(value), line);
        separator = b";";
    }
}

/// The bytes one pair has on disk, to look for it without parsing.
pub fn needle(key: &str, value: &str) -> Vec<u8> {
    let mut needle = Vec::with_capacity(key.len() + value.len() + 1);
    write_to([&(key, Some(value))], &mut needle);
    needle
}

/// Whether a file of the message was taken back: where its value stood are blanks.
pub(crate) fn has_blank_file(attrs: &str) -> bool {
    Attrs(attrs).any(|(key, value)| key == FILE && value.starts_with(' '))
}

fn escape_to(value: &str, line: &mut Vec<u8>) {
    for &byte in value.as_bytes() {
        match byte {
            b';' => line.extend_from_slice(b"%3B"),
            b'%' => line.extend_from_slice(b"%25"),
            byte => line.push(byte),
        }
    }
}

fn unescape(value: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', value.as_bytes()).is_some() {
        // In this order "%253B" gives "%3B", not ";".
        Cow::Owned(value.replace("%3B", ";").replace("%25", "%"))
    } else {
        Cow::Borrowed(value)
    }
}
