//! A request's body, out of the connection's bytes (RFC 9112 sections 6 and 7). Pure.

use super::request::{BadRequest, BodyLength, is_token_byte};

/// Most bytes of one body. Bodies are passed on as they come and never kept, so this bounds what one request may fill
/// a script's disk with; a script that wants less looks at `CONTENT_LENGTH`.
pub(super) const MAX_BODY: u64 = 1 << 30;

/// Most bytes of an unwanted body that are skipped to keep the connection; beyond that closing is cheaper.
pub(super) const MAX_DRAIN: u64 = 64 * 1024;

/// Longest line before a chunk: 16 digits and room for extensions, which are rare.
const MAX_CHUNK_LINE: usize = 256;

/// Most bytes of fields after the last chunk; they are skipped.
const MAX_TRAILERS: usize = 8 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyState {
    /// So many bytes of the body follow.
    Plain(u64),
    /// A line with a chunk's size follows.
    Size,
    /// So many bytes of a chunk follow, then its line end.
    Chunk(u64),
    /// The line end of a chunk follows.
    ChunkEnd,
    /// Fields, then an empty line; the number is the bytes of them read so far.
    Trailers(usize),
    /// Nothing follows.
    Done,
}

/// What is left of a request's body.
#[derive(Debug)]
pub(super) struct Body {
    state: BodyState,
    taken: u64,
}

const fn bad(reason: &'static str) -> BadRequest {
    BadRequest {
        status: 400,
        reason,
    }
}

const TOO_LARGE: BadRequest = BadRequest {
    status: 413,
    reason: "request body is too large",
};

impl Body {
    /// # Errors
    /// 413 when the announced length is over [`MAX_BODY`].
    pub(super) fn new(length: BodyLength) -> Result<Self, BadRequest> {
        let state = match length {
            BodyLength::Known(0) => BodyState::Done,
            BodyLength::Known(length) if length > MAX_BODY => return Err(TOO_LARGE),
            BodyLength::Known(length) => BodyState::Plain(length),
            BodyLength::Chunked => BodyState::Size,
        };
        Ok(Self { state, taken: 0 })
    }

    /// Whether all of it was taken.
    pub(super) fn is_done(&self) -> bool {
        self.state == BodyState::Done
    }

    /// Whether what is still to come is too much, or of unknown size, to skip it for the next request.
    pub(super) fn must_close(&self) -> bool {
        match self.state {
            BodyState::Plain(left) => left > MAX_DRAIN,
            BodyState::Done => false,
            _ => true,
        }
    }

    /// Moves what `buffer` holds of the body to the end of `out`.
    ///
    /// # Errors
    /// Malformed chunks, or over [`MAX_BODY`] bytes.
    pub(super) fn take(
        &mut self,
        buffer: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), BadRequest> {
        let before = out.len();
        let mut used = 0;
        loop {
            let rest = &buffer[used..];
            let (step, next) = match self.state {
                BodyState::Done => break,
                BodyState::Plain(left) | BodyState::Chunk(left) => {
                    let count = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    if count == 0 {
                        break;
                    }
                    out.extend_from_slice(&rest[..count]);
                    (count, self.after_data(left - count as u64))
                }
                BodyState::Size => match find_line(rest, MAX_CHUNK_LINE)? {
                    None => break,
                    Some(line) => (line.len() + 2, after_size(line)?),
                },
                BodyState::ChunkEnd => match find_line(rest, 0)? {
                    None => break,
                    Some(_) => (2, BodyState::Size),
                },
                BodyState::Trailers(read) => match find_line(rest, MAX_TRAILERS - read)? {
                    None => break,
                    Some(b"") => (2, BodyState::Done),
                    Some(line) if read + line.len() + 2 > MAX_TRAILERS => {
                        return Err(bad("trailer fields are too large"));
                    }
                    Some(line) => {
                        check_trailer(line)?;
                        let length = line.len() + 2;
                        (length, BodyState::Trailers(read + length))
                    }
                },
            };
            used += step;
            self.state = next;
        }
        buffer.drain(..used);
        self.taken += (out.len() - before) as u64;
        if self.taken > MAX_BODY {
            Err(TOO_LARGE)
        } else {
            Ok(())
        }
    }

    fn after_data(&self, left: u64) -> BodyState {
        match self.state {
            BodyState::Plain(_) if left == 0 => BodyState::Done,
            BodyState::Plain(_) => BodyState::Plain(left),
            _ if left == 0 => BodyState::ChunkEnd,
            _ => BodyState::Chunk(left),
        }
    }
}

/// `chunk-size [ chunk-ext ]` (RFC 9112 section 7.1.1). Blanks after the size are let through, as by Apache and nginx; a control
/// character is refused even in an extension: a CR there is a line end to some readers.
fn after_size(line: &[u8]) -> Result<BodyState, BadRequest> {
    let malformed = bad("malformed chunk size");
    if !is_field_text(line) {
        return Err(malformed);
    }
    let size = line.split(|&byte| byte == b';').next().unwrap_or_default();
    let digits = size.trim_ascii_end();
    if digits.is_empty() || digits.len() > 16 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(malformed);
    }
    let text = std::str::from_utf8(digits).map_err(|_| malformed)?;
    match u64::from_str_radix(text, 16).map_err(|_| malformed)? {
        0 => Ok(BodyState::Trailers(0)),
        size => Ok(BodyState::Chunk(size)),
    }
}

/// A trailer is a field like any other, folded ones excluded.
fn check_trailer(line: &[u8]) -> Result<(), BadRequest> {
    let colon = memchr::memchr(b':', line);
    let is_field = colon.is_some_and(|colon| {
        let (name, value) = line.split_at(colon);
        !name.is_empty() && name.iter().copied().all(is_token_byte) && is_field_text(value)
    });
    if is_field {
        Ok(())
    } else {
        Err(bad("malformed trailer field"))
    }
}

/// No control characters but tabs (RFC 9110 section 5.5).
fn is_field_text(text: &[u8]) -> bool {
    text.iter()
        .all(|&byte| byte == b'\t' || !byte.is_ascii_control())
}

/// The first line of `bytes`, without its CRLF; `None` while it is incomplete.
fn find_line(bytes: &[u8], max: usize) -> Result<Option<&[u8]>, BadRequest> {
    match memchr::memchr(b'\n', bytes) {
        Some(end) if end > max + 1 => Err(bad("line in the body is too long")),
        Some(end) if end > 0 && bytes[end - 1] == b'\r' => Ok(Some(&bytes[..end - 1])),
        Some(_) => Err(bad("line ends without CR")),
        None if bytes.len() > max + 1 => Err(bad("line in the body is too long")),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `text` in pieces of `step` bytes; the body, and what follows it.
    fn read(
        length: BodyLength,
        text: &[u8],
        step: usize,
    ) -> Result<(Vec<u8>, Vec<u8>, bool), BadRequest> {
        let mut body = Body::new(length)?;
        let (mut buffer, mut out) = (Vec::new(), Vec::new());
        for piece in text.chunks(step) {
            buffer.extend_from_slice(piece);
            body.take(&mut buffer, &mut out)?;
        }
        Ok((out, buffer, body.is_done()))
    }

    #[test]
    fn a_known_length_ends_there() {
        for step in 1..8 {
            let (out, rest, done) = read(BodyLength::Known(5), b"helloGET", step).unwrap();
            assert_eq!(
                (&out[..], &rest[..], done),
                (&b"hello"[..], &b"GET"[..], true)
            );
        }
        assert!(!read(BodyLength::Known(5), b"hell", 1).unwrap().2);
        assert!(Body::new(BodyLength::Known(0)).unwrap().is_done());
        assert_eq!(
            Body::new(BodyLength::Known(MAX_BODY + 1))
                .unwrap_err()
                .status,
            413
        );
    }

    #[test]
    fn chunks_are_joined() {
        let text = b"5\r\nhello\r\n00006 ;a=b\r\n world\r\n0\r\nX: 1\r\n\r\nGET";
        for step in 1..text.len() {
            let (out, rest, done) = read(BodyLength::Chunked, text, step).unwrap();
            assert_eq!(
                (&out[..], &rest[..], done),
                (&b"hello world"[..], &b"GET"[..], true)
            );
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for text in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            "5\nhello",
            "5\r\nhelloX\r\n",
            "5\r\nhello\n",
            "11111111111111111\r\n",
            " 5\r\n",
            "5\rx\n",
            "5\r\r\nhello\r\n",
            "5;a\rb\r\nhello\r\n",
            "5;a\0b\r\nhello\r\n",
            "5 5\r\n",
            "0\r\nno colon\r\n\r\n",
            "0\r\n: no name\r\n\r\n",
            "0\r\nA B: x\r\n\r\n",
            "0\r\n folded: x\r\n\r\n",
            "0\r\nX: a\rb\r\n\r\n",
        ] {
            for step in 1..=text.len() {
                let result = read(BodyLength::Chunked, text.as_bytes(), step);
                assert_eq!(
                    result.map_err(|refusal| refusal.status),
                    Err(400),
                    "{text:?} {step}"
                );
            }
        }
        let long = format!("5;{}", "x".repeat(400));
        assert!(read(BodyLength::Chunked, long.as_bytes(), 7).is_err());
        let trailers = format!("0\r\n{}", "X: 12345\r\n".repeat(1000));
        assert!(read(BodyLength::Chunked, trailers.as_bytes(), 64).is_err());
        let huge = format!("{:x}\r\n", u64::MAX);
        assert!(
            read(BodyLength::Chunked, huge.as_bytes(), 4).is_ok(),
            "refused once it comes"
        );
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(parts in proptest::collection::vec("[a-z\r\n]{1,9}", 0..6),
                                    step in 1_usize..20) {
            let mut text = String::new();
            for part in &parts {
                text.extend([format!("{:x}", part.len()), format!("\r\n{part}\r\n")]);
            }
            text += "0\r\n\r\n";
            let (out, rest, done) = read(BodyLength::Chunked, text.as_bytes(), step).unwrap();
            prop_assert_eq!(out, parts.concat().into_bytes());
            prop_assert!(rest.is_empty() && done);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), step in 1_usize..9) {
            let _ = read(BodyLength::Chunked, &bytes, step);
        }
    }
}
