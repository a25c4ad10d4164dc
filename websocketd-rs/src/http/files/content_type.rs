//! The media type of a file: by its name, else by its first bytes (WHATWG MIME Sniffing, the useful part). Pure.

use std::path::Path;

/// How many bytes [`of`] looks at.
pub(in crate::http) const SNIFFED: usize = 512;

/// Begins of files that say what they are.
const MAGIC: [(&[u8], &str); 16] = [
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"OggS\0", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\0asm", "application/wasm"),
    (b"\xfe\xff", "text/plain; charset=utf-16be"),
    (b"\xff\xfe", "text/plain; charset=utf-16le"),
];

/// Begins of HTML, compared without case after leading blanks.
const HTML: [&[u8]; 8] = [
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<title",
    b"<h1",
    b"<!--",
];

/// The type of a file by name, else by its `begin`.
pub(in crate::http) fn of(name: &Path, begin: &[u8]) -> String {
    let Some(guess) = mime_guess::from_path(name).first() else {
        return sniff(begin).to_owned();
    };
    let kind = match guess.essence_str() {
        // RFC 9239 made the older name obsolete.
        "application/javascript" => "text/javascript",
        kind => kind,
    };
    // What browsers decode as text is in UTF-8 nowadays; without saying so they would guess by locale.
    if kind.starts_with("text/") {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_owned()
    }
}

/// The type of a body by its begin.
pub(in crate::http) fn sniff(begin: &[u8]) -> &'static str {
    let begin = &begin[..begin.len().min(SNIFFED)];
    let text = begin.trim_ascii_start();
    let is_html = HTML.iter().any(|tag| {
        let ends = text
            .get(tag.len())
            .is_none_or(|&byte| matches!(byte, b' ' | b'>' | b'\n' | b'\r' | b'\t'));
        text.len() >= tag.len()
            && text[..tag.len()].eq_ignore_ascii_case(tag)
            && (ends || *tag == b"<!--")
    });
    if is_html {
        return "text/html; charset=utf-8";
    }
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    if begin.len() >= 12 && begin.starts_with(b"RIFF") {
        match &begin[8..12] {
            b"WEBP" => return "image/webp",
            b"WAVE" => return "audio/wave",
            _ => {}
        }
    }
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| begin.starts_with(magic)) {
        return kind;
    }
    let is_binary =
        |&byte: &u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    if begin.iter().any(is_binary) {
        return "application/octet-stream";
    }
    "text/plain; charset=utf-8"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.SVG", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.wasm", "application/wasm"),
            ("a.webmanifest", "application/manifest+json"),
        ] {
            assert_eq!(of(Path::new(name), b""), expected, "{name}");
        }
    }

    #[test]
    fn by_content() {
        for (begin, expected) in [
            (&b""[..], "text/plain; charset=utf-8"),
            (b"hello\n", "text/plain; charset=utf-8"),
            (b" \n<!DOCTYPE HTML>", "text/html; charset=utf-8"),
            (b"<htmlx>", "text/plain; charset=utf-8"),
            (b"<?xml version", "text/xml; charset=utf-8"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"RIFF1234WEBPVP8 ", "image/webp"),
            (b"RIFF1234", "text/plain; charset=utf-8"),
            (b"\0\x01\x02", "application/octet-stream"),
            (b"\x7fELF\x02", "application/octet-stream"),
        ] {
            assert_eq!(sniff(begin), expected, "{begin:?}");
            assert_eq!(of(Path::new("noext"), begin), expected);
        }
    }
}
