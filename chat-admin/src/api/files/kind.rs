//! What a file is, by its first bytes, and how it is given out. Pure: what a client says of it counts for nothing.

use crate::picture;

/// So many bytes tell what it is.
pub(super) const SAMPLE: usize = 8 * 1024;
/// What is not known.
pub(super) const UNKNOWN: &str = "application/octet-stream";
const TEXT: &str = "text/plain";

/// What browsers play, as they call it; a page is none of these, whatever is in the file.
const PLAYED: [&str; 9] = [
    "audio/mpeg",
    "audio/ogg",
    "audio/flac",
    "audio/wav",
    "audio/mp4",
    "audio/aac",
    "video/mp4",
    "video/webm",
    "video/ogg",
];

/// What the file that begins with `sample` is.
pub(super) fn of(sample: &[u8]) -> &'static str {
    let found = infer::get(sample).map(|kind| kind.mime_type());
    match found {
        Some("audio/x-flac") => "audio/flac",
        Some("audio/x-wav") => "audio/wav",
        Some("audio/m4a") => "audio/mp4",
        Some(kind) => kind,
        None if is_text(sample) => TEXT,
        None => UNKNOWN,
    }
}

fn is_text(sample: &[u8]) -> bool {
    let is_cut = |error: std::str::Utf8Error| sample.len() == SAMPLE && error.error_len().is_none();
    !sample.contains(&0) && std::str::from_utf8(sample).map_or_else(is_cut, |_| true)
}

/// Whether the page shows it where it is.
pub(super) fn is_shown(kind: &str) -> bool {
    shown(kind) != UNKNOWN
}

/// How it is called when it is given out. What is not shown is bytes, so that no browser opens it.
pub(super) fn shown(kind: &str) -> &'static str {
    let known = picture::SHOWN.iter().chain(&PLAYED);
    known
        .copied()
        .find(|&known| known == kind)
        .unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_bytes_whatever_it_pretends_to_be() {
        for (sample, kind) in [
            (&b"\x89PNG\r\n\x1a\n<script>"[..], "image/png"),
            (b"GIF89a/*<html>*/", "image/gif"),
            (b"\xff\xd8\xff\xe0<html>", "image/jpeg"),
            (b"fLaC", "audio/flac"),
        ] {
            assert_eq!((of(sample), shown(kind)), (kind, kind));
        }
        for sample in [
            &b"<!DOCTYPE html><script>alert(1)</script>"[..],
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<?xml version='1.0'?><svg/>",
            b"%PDF-1.7",
            b"PK\x03\x04",
            b"#!/bin/sh\n",
            b"hello",
            b"\0\0\0",
        ] {
            assert_eq!(shown(of(sample)), UNKNOWN, "{}", of(sample));
        }
        assert_eq!((of("žluťoučký".as_bytes()), of(b"a\0b")), (TEXT, UNKNOWN));
    }
}
