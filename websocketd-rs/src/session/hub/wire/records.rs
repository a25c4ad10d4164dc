//! Events and orders as records: what `--framing=length` has, of many clients. A client's number is eight bytes, big-endian, and
//! a message has its kind before it, `T` or `B`.
//!
//! ```text
//! J  number, NAME=VALUE NUL ..      S  number, kind, message: to this one
//! M  number, kind, message          A  0, kind, message: to all
//! L  number, code                   X  number, kind, message: to all except this one
//!                                   C  number, code and reason, or nothing: close
//! ```
//!
//! A program of `--shared=broadcast` gets and sends `T` and `B` alone, without numbers.

use std::borrow::Cow;

use super::Found;
use crate::buffer::{Lines, text_of};
use crate::config::SharedMode;
use crate::session::framing::{BadOutput, Kind, Record, read_close, read_record};
use crate::session::hub::order::{MemberId, Message, Order};

/// Bytes of a client's number and a message's kind.
pub(super) const MAX_HEAD: usize = size_of::<MemberId>() + 1;

/// Appends a record of `parts`.
fn put(stdin: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let len = u32::try_from(len).expect("messages in records are bounded at start");
    stdin.extend_from_slice(&len.to_be_bytes());
    stdin.push(kind);
    for part in parts {
        stdin.extend_from_slice(part);
    }
}

fn letter(kind: Kind) -> u8 {
    match kind {
        Kind::Text => b'T',
        Kind::Binary => b'B',
    }
}

pub(super) fn join<'v>(
    id: MemberId,
    variables: impl IntoIterator<Item = (&'v [u8], &'v [u8])>,
) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in variables {
        block.extend_from_slice(name);
        block.push(b'=');
        // A variable of the environment has none; whatever makes these one day, its rest would be a variable of the client's.
        block.extend(value.iter().filter(|byte| **byte != 0));
        block.push(0);
    }
    let mut record = Vec::new();
    put(&mut record, b'J', &[&id.to_be_bytes(), &block]);
    record
}

pub(super) fn put_message(stdin: &mut Vec<u8>, id: MemberId, kind: Kind, payload: &[u8]) {
    put(stdin, b'M', &[&id.to_be_bytes(), &[letter(kind)], payload]);
}

pub(super) fn put_plain(stdin: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    put(stdin, letter(kind), &[payload]);
}

pub(super) fn put_leave(stdin: &mut Vec<u8>, id: MemberId, code: u16) {
    put(stdin, b'L', &[&id.to_be_bytes(), &code.to_be_bytes()]);
}

/// Bytes of the first record of our own.
pub(super) fn len_of(stdin: &[u8]) -> Option<usize> {
    read_record(stdin).map(|record| record.len())
}

/// Whether a record tells who comes and goes.
pub(super) fn is_presence(record: &[u8]) -> bool {
    matches!(
        read_record(record),
        Some(Record {
            kind: b'J' | b'L',
            ..
        })
    )
}

pub(super) fn take(
    output: &mut Lines,
    max_message: usize,
    mode: SharedMode,
    mut each: impl FnMut(Found<'_>),
) -> Result<(), BadOutput> {
    while let Some(record) = read_record(output.pending()) {
        check_head(&record, max_message, mode)?;
        let Some(payload) = record.payload else {
            break;
        };
        let len = record.len();
        if !record.kind.is_ascii_lowercase() {
            read(record.kind, payload, mode, &mut each);
        }
        output.skip(len);
    }
    Ok(())
}

/// What is wrong with a record is known before its payload has come. What is known to have an end, but no meaning, is left to
/// [`read`].
fn check_head(record: &Record<'_>, max_message: usize, mode: SharedMode) -> Result<(), BadOutput> {
    let is_known = match mode {
        SharedMode::Broadcast => matches!(record.kind, b'T' | b'B'),
        SharedMode::Ids => matches!(record.kind, b'S' | b'A' | b'X' | b'C'),
    };
    if !is_known && !record.kind.is_ascii_lowercase() {
        return Err(BadOutput::BadRecord(match mode {
            SharedMode::Broadcast => {
                "Program wrote what is no record of --shared=broadcast: its length in four bytes, T or B, and its payload"
            }
            SharedMode::Ids => {
                "Program wrote what is no record of --shared=ids: its length in four bytes, S, A, X or C, and its payload"
            }
        }));
    }
    let overhead = match mode {
        SharedMode::Broadcast => 0,
        SharedMode::Ids => MAX_HEAD,
    };
    if record.payload_len > max_message.saturating_add(overhead) {
        return Err(BadOutput::BadRecord(
            "Program wrote a record over --maxline, or what is no record of --framing=length",
        ));
    }
    Ok(())
}

/// What has no meaning is shown by its type alone: the rest may be a secret.
fn read(kind: u8, payload: &[u8], mode: SharedMode, each: &mut impl FnMut(Found<'_>)) {
    let order = match mode {
        SharedMode::Broadcast => kind_of(kind).map(|kind| (Target::All, kind, payload)),
        SharedMode::Ids if kind == b'C' => return each(read_end(payload)),
        SharedMode::Ids => read_order(kind, payload),
    };
    let Some((target, kind, payload)) = order else {
        return each(no_order(kind));
    };
    let text;
    let payload = match kind {
        Kind::Binary => payload,
        Kind::Text => {
            text = text_of(payload);
            if matches!(text, Cow::Owned(_)) {
                each(Found::Replaced);
            }
            text.as_bytes()
        }
    };
    let message = Message { kind, payload };
    each(Found::Order(match target {
        Target::All => Order::All(message),
        Target::Only(id) => Order::Send(vec![id], message),
        Target::But(id) => Order::But(id, message),
    }));
}

enum Target {
    All,
    Only(MemberId),
    But(MemberId),
}

/// A message to all has the number 0: one that a program took for another kind of record reaches nobody it is not for.
fn read_order(kind: u8, payload: &[u8]) -> Option<(Target, Kind, &[u8])> {
    let (id, rest) = read_number(payload)?;
    let (letter, message) = rest.split_first()?;
    let target = match (kind, id) {
        (b'A', 0) => Target::All,
        (b'S', _) => Target::Only(id),
        (b'X', _) => Target::But(id),
        _ => return None,
    };
    Some((target, kind_of(*letter)?, message))
}

fn read_end(payload: &[u8]) -> Found<'_> {
    let close = read_number(payload).and_then(|(id, rest)| {
        let (code, reason) = read_close(rest)?;
        Some(Order::Close(id, code, reason))
    });
    close.map_or_else(|| no_order(b'C'), Found::Order)
}

fn read_number(payload: &[u8]) -> Option<(MemberId, &[u8])> {
    let (id, rest) = payload.split_first_chunk()?;
    Some((MemberId::from_be_bytes(*id), rest))
}

fn kind_of(letter: u8) -> Option<Kind> {
    match letter {
        b'T' => Some(Kind::Text),
        b'B' => Some(Kind::Binary),
        _ => None,
    }
}

fn no_order<'a>(kind: u8) -> Found<'a> {
    Found::NoOrder(match kind {
        b'S' => "S",
        b'A' => "A",
        b'X' => "X",
        _ => "C",
    })
}
