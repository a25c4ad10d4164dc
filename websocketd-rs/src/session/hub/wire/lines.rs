//! Events and orders as lines, or as texts that end with a NUL byte.
//!
//! ```text
//! join ID NAME=VALUE NAME=VALUE      send ID TEXT, send ID,ID TEXT
//! msg ID TEXT                        all TEXT, but ID TEXT
//! leave ID CODE                      close ID CODE REASON, # TEXT
//! ```
//!
//! A client's text can't forge one: its newlines become blanks (where a NUL byte is the end, no text holds one), and what a client
//! chose of a `join` line is percent-encoded, so that no value holds a blank, a newline or a NUL byte.

use std::borrow::Cow;
use std::io::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::Found;
use crate::buffer::{Lines, text_of};
use crate::config::SharedMode;
use crate::session::framing::{BadOutput, MAX_REASON, is_close_code};
use crate::session::hub::order::{MemberId, Message, Order};

/// What is encoded in a value of a `join` line. Bytes beyond ASCII are, always.
const VALUE: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Characters of a line without an order that the log shows.
const MAX_WORD: usize = 32;

pub(super) fn take(
    output: &mut Lines,
    end: u8,
    max_line: usize,
    mode: SharedMode,
    mut each: impl FnMut(Found<'_>),
) -> Result<(), BadOutput> {
    while let Some(line) = output.next_until(end) {
        if line.len() > max_line {
            return Err(BadOutput::LineTooLong);
        }
        read(line, mode, &mut each);
    }
    if output.pending().len() > max_line {
        return Err(BadOutput::LineTooLong);
    }
    Ok(())
}

pub(super) fn take_rest(output: &mut Lines, mode: SharedMode, mut each: impl FnMut(Found<'_>)) {
    if let Some(line) = output.take_rest() {
        read(line, mode, &mut each);
    }
}
fn read(line: &[u8], mode: SharedMode, each: &mut impl FnMut(Found<'_>)) {
    let text = text_of(line);
    if matches!(text, Cow::Owned(_)) {
        each(Found::Replaced);
    }
    each(match mode {
        SharedMode::Broadcast => Found::Order(Order::All(Message::text(&text))),
        SharedMode::Ids => parse(&text).map_or_else(|| no_order(&text), Found::Order),
    });
}

/// Its first word, shortened: the rest may be a secret.
fn no_order(line: &str) -> Found<'_> {
    let word = line.split(' ').next().unwrap_or_default();
    let end = word.char_indices().nth(MAX_WORD).map(|(at, _)| at);
    Found::NoOrder(&word[..end.unwrap_or(word.len())])
}

/// Reads one line of a program; `None` when it is no order.
fn parse(line: &str) -> Option<Order<'_>> {
    if let Some(remark) = line.strip_prefix('#') {
        return Some(Order::Remark(remark.trim_start()));
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "all" => Some(Order::All(Message::text(rest))),
        "send" => {
            let (ids, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let ids: Option<Vec<_>> = ids.split(',').map(parse_id).collect();
            Some(Order::Send(ids?, Message::text(text)))
        }
        "but" => {
            let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
            Some(Order::But(parse_id(id)?, Message::text(text)))
        }
        "close" => {
            let mut words = rest.splitn(3, ' ');
            let id = parse_id(words.next()?)?;
            let code = words.next().unwrap_or("1000").parse().ok()?;
            let reason = words.next().unwrap_or_default();
            is_close_code(code).then(|| Order::Close(id, code, cut(reason)))
        }
        _ => None,
    }
}

/// The reason as far as a close frame holds it, cut between characters.
fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

/// A decimal number as we write it: no sign, no leading zero.
fn parse_id(text: &str) -> Option<MemberId> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

/// `join ID NAME=value NAME=value`.
pub(super) fn join<'v>(
    id: MemberId,
    variables: impl IntoIterator<Item = (&'v [u8], &'v [u8])>,
    end: u8,
) -> Vec<u8> {
    let mut line = format!("join {id}").into_bytes();
    for (name, value) in variables {
        line.push(b' ');
        line.extend_from_slice(name);
        line.push(b'=');
        for piece in percent_encode(value, VALUE) {
            line.extend_from_slice(piece.as_bytes());
        }
    }
    line.push(end);
    line
}

/// Appends `msg ID TEXT`, the text without what would end it.
pub(super) fn put_message(line: &mut Vec<u8>, id: MemberId, text: &[u8], end: u8) {
    let _ = write!(line, "msg {id} ");
    let start = line.len();
    line.extend_from_slice(text);
    for byte in &mut line[start..] {
        if *byte == end {
            *byte = b' ';
        }
    }
    line.push(end);
}

/// Appends `leave ID CODE`.
pub(super) fn put_leave(line: &mut Vec<u8>, id: MemberId, code: u16, end: u8) {
    let _ = write!(line, "leave {id} {code}");
    line.push(end);
}

/// Whether a line tells who comes and goes.
pub(super) fn is_presence(line: &[u8]) -> bool {
    line.starts_with(b"join ") || line.starts_with(b"leave ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Order<'_> {
        Order::All(Message::text(text))
    }

    #[test]
    fn orders() {
        for (line, expected) in [
            ("all hello world", Some(all("hello world"))),
            ("all ", Some(all(""))),
            ("all", Some(all(""))),
            ("all  two blanks", Some(all(" two blanks"))),
            (
                "send 7 x y",
                Some(Order::Send(vec![7], Message::text("x y"))),
            ),
            (
                "send 7,12,7 x",
                Some(Order::Send(vec![7, 12, 7], Message::text("x"))),
            ),
            ("send 7", Some(Order::Send(vec![7], Message::text("")))),
            ("but 7 x", Some(Order::But(7, Message::text("x")))),
            (
                "close 7 4000 go away",
                Some(Order::Close(7, 4000, "go away")),
            ),
            ("close 7 1000", Some(Order::Close(7, 1000, ""))),
            ("close 7", Some(Order::Close(7, 1000, ""))),
            ("# note", Some(Order::Remark("note"))),
            ("#", Some(Order::Remark(""))),
            ("", None),
            ("hello", None),
            ("All x", None),
            ("send x y", None),
            ("send 7, x", None),
            ("send ,7 x", None),
            ("send 07 x", None),
            ("send +7 x", None),
            ("send 99999999999999999999 x", None),
            ("but 7,8 x", None),
            ("close", None),
            ("close 7 999", None),
            ("close 7 1001", None),
            ("close 7 1005", None),
            ("close 7 1006", None),
            ("close 7 5000", None),
            ("close 7 four", None),
        ] {
            assert_eq!(parse(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        let line = format!("close 1 4000 {}", "ž".repeat(100));
        let Some(Order::Close(1, 4000, reason)) = parse(&line) else {
            panic!("{line}")
        };
        assert_eq!(reason, "ž".repeat(61));
    }

    #[test]
    fn values_hold_no_blank_and_no_newline() {
        let line = join(
            3,
            [
                (&b"REMOTE_ADDR"[..], &b"::1"[..]),
                (b"QUERY_STRING", b"a=1%20&b"),
                (b"PATH_INFO", "/x y\n%\u{17e}".as_bytes()),
            ],
            b'\n',
        );
        let expected =
            "join 3 REMOTE_ADDR=::1 QUERY_STRING=a=1%2520&b PATH_INFO=/x%20y%0A%25%C5%BE\n";
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn whatever_clients_send_each_event_is_one_line(
            id in 1..u64::MAX,
            text in proptest::collection::vec(any::<u8>(), 0..200),
            end in prop_oneof![Just(b'\n'), Just(0)],
        ) {
            let mut message = Vec::new();
            put_message(&mut message, id, &text, end);
            let joined = join(id, [(&b"QUERY_STRING"[..], &text[..])], end);
            for (line, start) in [(message, format!("msg {id} ")), (joined, format!("join {id} "))] {
                prop_assert!(line.starts_with(start.as_bytes()));
                let newline = line.iter().position(|byte| *byte == end);
                prop_assert_eq!(newline, Some(line.len() - 1));
            }
        }

        #[test]
        fn no_line_of_a_program_panics(line in ".*") {
            let _ = parse(&line);
        }
    }
}
