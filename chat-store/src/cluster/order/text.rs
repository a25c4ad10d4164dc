//! What an order says as a record's text, which is one line. Pure.

use crate::record::clean;

/// Where two texts begin to differ, and how many bytes of the first one go there.
pub(super) fn difference(before: &[u8], after: &[u8]) -> (usize, usize) {
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let start = before.iter().zip(after).take_while(same).count();
    let most = before.len().min(after.len()) - start;
    let ends = before.iter().rev().zip(after.iter().rev());
    let end = ends.take(most).take_while(same).count();
    (start, before.len() - start - end)
}

/// Bytes as a text that a record can have: control characters and `%` as `%` and two digits, and if that is not enough,
/// all that is not ASCII.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let is_control = |byte: u8| byte < b' ' || byte == 0x7f || byte == b'%';
    let plain = escape(bytes, is_control);
    match String::from_utf8(plain) {
        Ok(text) if clean(&text) == text && !text.starts_with(' ') && !text.ends_with(' ') => text,
        _ => {
            let text = escape(bytes, |byte| {
                is_control(byte) || !byte.is_ascii() || byte == b' '
            });
            String::from_utf8_lossy(&text).into_owned()
        }
    }
}

fn escape(bytes: &[u8], must: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if must(byte) {
            let digits =
                [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
            text.push(b'%');
            text.extend(digits);
        } else {
            text.push(byte);
        }
    }
    text
}

/// What was [`escaped`].
pub(super) fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let code = after
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match code.filter(|_| byte == b'%') {
            Some(code) => {
                bytes.push(code);
                rest = &after[2..];
            }
            None => bytes.push(byte),
        }
    }
    bytes
}
