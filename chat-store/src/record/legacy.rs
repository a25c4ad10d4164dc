//! Lines of the 2016 script: `[10:15:30] alice> hello`, `[..] alice joined the ROOM`,
//! `[..] alice quit the ROOM`. Its user lists and the signalling it logged are no history.

use std::borrow::Cow;

use crate::name::MAX_NICK_CHARS;

use super::{Kind, Record, RecordId, show};

/// The length of `[HH:MM:SS] `.
const PREFIX_LEN: usize = 11;

/// The name before the first `: ` of a line, and the rest: how the pages of 2016 spoke to one person.
pub fn addressee(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.split_once(": ")?;
    let good = !name.is_empty() && name.len() <= 4 * MAX_NICK_CHARS;
    (good && !name.contains(char::is_whitespace)).then_some((name, text))
}

pub(super) fn parse(line: &[u8]) -> Option<Record<'_>> {
    let (prefix, rest) = line.split_at_checked(PREFIX_LEN)?;
    let clock = clock(prefix)?;
    let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
    let (kind, from, text) = split(rest)?;
    if from.is_empty() || is_signal(text) {
        return None;
    }
    Some(Record {
        id: RecordId::ZERO,
        clock: Some(clock),
        kind,
        from: show(from),
        attrs: Cow::Borrowed(""),
        edited: None,
        reactions: None,
        text: show(text),
    })
}

/// `[HH:MM:SS] ` -> `HH:MM:SS`.
fn clock(prefix: &[u8]) -> Option<&str> {
    let shape = b"[00:00:00] ";
    let fits = prefix.iter().zip(shape).all(|(&byte, &wanted)| {
        if wanted == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == wanted
        }
    });
    if fits {
        std::str::from_utf8(&prefix[1..9]).ok()
    } else {
        None
    }
}

fn split(rest: &[u8]) -> Option<(Kind, &[u8], &[u8])> {
    // The old names hold no blank and no `>`, so the first of both tells the kind of line.
    let at = memchr::memchr2(b'>', b' ', rest)?;
    let (from, after) = rest.split_at(at);
    if let Some(text) = after.strip_prefix(b">") {
        return Some((Kind::Say, from, text.strip_prefix(b" ").unwrap_or(text)));
    }
    if after.starts_with(b" joined the ") {
        return Some((Kind::Join, from, b""));
    }
    after
        .starts_with(b" quit the ")
        .then_some((Kind::Quit, from, &b""[..]))
}

/// The old pages sent WebRTC offers and candidates through the log, as `bob: {"type":"offer",...`.
fn is_signal(text: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', text) else {
        return false;
    };
    let data = text[colon + 1..].trim_ascii_start();
    data.starts_with(b"{")
        && ["\"offer\"", "\"answer\"", "\"candidate\""]
            .iter()
            .any(|word| memchr::memmem::find(data, word.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_addressee_is_one_word_before_colon_and_blank() {
        assert_eq!(addressee("bob: hi: you"), Some(("bob", "hi: you")));
        for line in ["bob:hi", ": hi", "two words: hi", "bob", ""] {
            assert_eq!(addressee(line), None, "{line}");
        }
    }
}
