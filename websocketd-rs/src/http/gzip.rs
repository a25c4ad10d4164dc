//! Compressed replies: who takes them (RFC 9110 section 12.5.3), what is worth it, and the stream itself.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::request::Headers;

/// Bodies below this are sent as they are: they fit a segment or two either way.
pub(super) const MIN_LENGTH: u64 = 1024;

/// Largest stored file that is compressed: at some 50 MB/s of one CPU a larger one would hold up other connections.
pub(super) const MAX_LENGTH: u64 = 16 << 20;

/// Half the time of zlib's default for 2 % more bytes of text.
const LEVEL: Compression = Compression::new(4);

/// Whether the client takes gzip.
pub(super) fn is_accepted(headers: &Headers) -> bool {
    let mut any = false;
    for value in headers.all("accept-encoding") {
        for entry in value.split(|&byte| byte == b',') {
            let mut parts = entry.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let coding = parts.next().unwrap_or_default();
            let is_taken = !parts.any(is_zero_weight);
            if coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip") {
                return is_taken;
            }
            any |= coding == b"*" && is_taken;
        }
    }
    any
}

/// `q=0`, `q=0.000`.
fn is_zero_weight(parameter: &[u8]) -> bool {
    let weight = parameter
        .strip_prefix(b"q=")
        .or(parameter.strip_prefix(b"Q="));
    weight.is_some_and(|weight| weight.iter().all(|byte| matches!(byte, b'0' | b'.')))
}

/// Whether bodies of this media type are text of some kind. Events are left as they are: each must leave at once.
pub(super) fn is_compressible(content_type: &[u8]) -> bool {
    const KINDS: [&str; 7] = [
        "application/json",
        "application/javascript",
        "application/manifest+json",
        "application/wasm",
        "application/xml",
        "image/svg+xml",
        "application/xhtml+xml",
    ];
    let kind = content_type.split(|&byte| byte == b';').next();
    let kind = String::from_utf8_lossy(kind.unwrap_or_default().trim_ascii()).to_ascii_lowercase();
    (kind.starts_with("text/") && kind != "text/event-stream")
        || kind.ends_with("+json")
        || KINDS.contains(&kind.as_str())
}

/// The validator of a compressed copy: other bytes need another one (RFC 9110 section 8.8.3.3).
pub(super) fn variant(etag: &str) -> String {
    let opaque = etag.strip_suffix('"').unwrap_or(etag);
    format!("{opaque}-gz\"")
}

/// A stream under compression.
#[derive(Debug)]
pub(super) struct Gzip(GzEncoder<Vec<u8>>);

impl Gzip {
    pub(super) fn new() -> Self {
        Self(GzEncoder::new(Vec::new(), LEVEL))
    }

    /// Adds `bytes`; what can be sent of the stream.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(bytes)?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// As [`Gzip::add`], but all that was added can be read from what is sent.
    pub(super) fn add_and_flush(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(bytes)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// The rest of the stream.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.0.finish()
    }
}

/// A whole body.
pub(super) fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = Gzip::new();
    let mut whole = gzip.add(bytes)?;
    whole.extend(gzip.finish()?);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request;

    #[test]
    fn who_takes_gzip() {
        for (fields, expected) in [
            ("", false),
            ("Accept-Encoding: gzip, deflate, br\r\n", true),
            (
                "Accept-Encoding: br\r\nAccept-Encoding: GZip;q=0.5\r\n",
                true,
            ),
            ("Accept-Encoding: x-gzip\r\n", true),
            ("Accept-Encoding: *\r\n", true),
            ("Accept-Encoding: gzip;q=0\r\n", false),
            ("Accept-Encoding: *, gzip; q=0.000\r\n", false),
            ("Accept-Encoding: *;q=0\r\n", false),
            ("Accept-Encoding: identity\r\n", false),
        ] {
            let text = format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
            let head = request::parse(text.as_bytes(), 16).unwrap();
            assert_eq!(is_accepted(&head.headers), expected, "{fields}");
        }
    }

    #[test]
    fn what_is_worth_it() {
        for kind in [
            "text/html; charset=utf-8",
            "Application/JSON",
            "image/svg+xml",
            "a/b+json",
        ] {
            assert!(is_compressible(kind.as_bytes()), "{kind}");
        }
        for kind in [
            "",
            "image/png",
            "text/event-stream",
            "application/zip",
            "font/woff2",
        ] {
            assert!(!is_compressible(kind.as_bytes()), "{kind}");
        }
        assert_eq!(variant("\"a-1\""), "\"a-1-gz\"");
    }
}
