//! The header block that a CGI script prints (RFC 3875 section 6). Pure.

use memchr::memchr_iter;

use crate::http::request::{is_token_byte, parse_digits};
use crate::http::response::Response;

/// What a script's header block asks for.
#[derive(Debug, Clone)]
pub(super) struct ScriptReply {
    /// Status and fields.
    pub(super) response: Response,
    /// `Content-Length`, if the script says it.
    pub(super) length: Option<u64>,
    /// Whether some line was no field and was left out.
    pub(super) is_odd: bool,
}

impl ScriptReply {
    /// Whether the status has a body.
    pub(super) fn has_body(&self) -> bool {
        !matches!(self.response.status, 204 | 304)
    }

    /// Whether each piece matters at once (server-sent events).
    pub(super) fn is_event_stream(&self) -> bool {
        let kind = self.response.get("content-type").unwrap_or_default();
        kind.len() >= EVENTS.len() && kind[..EVENTS.len()].eq_ignore_ascii_case(EVENTS)
    }
}

const EVENTS: &[u8] = b"text/event-stream";

/// Looks for the empty line that ends the block; bytes before `from` were looked at already.
/// The length of the block with that line.
pub(in crate::http) fn find_end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr_iter(b'\n', &bytes[from..])
        .map(|at| at + from)
        .find_map(|at| {
            let line = bytes[..at].strip_suffix(b"\r").unwrap_or(&bytes[..at]);
            (line.is_empty() || line.ends_with(b"\n")).then_some(at + 1)
        })
}

/// Reads the block. Like websocketd, lines that are no field are left out, and every Location is left to the client:
/// a script's local redirect (section 6.2.2) is a 302 too, so that the address a page was loaded from is its own.
///
/// # Errors
/// What is wrong with it; the client gets a 500.
pub(super) fn parse(block: &[u8]) -> Result<ScriptReply, &'static str> {
    let (mut status, mut length, mut is_odd) = (None, None, false);
    let mut response = Response::new(200);
    let mut fields = 0;
    for line in block.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = split_field(line) else {
            is_odd = true;
            continue;
        };
        fields += 1;
        if name.eq_ignore_ascii_case("status") {
            status = Some(parse_status(value).ok_or("the Status is not a number from 200 to 599")?);
        } else if name.eq_ignore_ascii_case("content-length") {
            length = Some(parse_digits(value).ok_or("the Content-Length is not a number")?);
        } else {
            response.add(name.to_owned(), value.to_vec());
        }
    }
    if fields == 0 {
        return Err("no headers");
    }
    response.status = match status {
        Some(status) => status,
        None if response.has("location") => 302,
        None if response.has("content-type") => 200,
        None => return Err("missing required Content-Type in headers"),
    };
    Ok(ScriptReply {
        response,
        length,
        is_odd,
    })
}

pub(in crate::http) fn split_field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = std::str::from_utf8(&line[..colon]).ok()?;
    let is_name = !name.is_empty() && name.bytes().all(is_token_byte);
    is_name.then(|| (name, line[colon + 1..].trim_ascii()))
}

/// The reason after the number is left out: the one that goes with the number is sent.
/// 1xx would be read as the beginning of another reply.
pub(in crate::http) fn parse_status(value: &[u8]) -> Option<u16> {
    let number = value.split(|&byte| byte == b' ').next()?;
    let status = u16::try_from(parse_digits(number)?).ok()?;
    (200..600).contains(&status).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status(block: &str) -> Result<u16, &'static str> {
        parse(block.as_bytes()).map(|reply| reply.response.status)
    }

    #[test]
    fn statuses() {
        for (block, expected) in [
            ("Content-Type: text/plain\n\n", Ok(200)),
            ("Status: 404 Not Found\r\n\r\n", Ok(404)),
            ("status:418\n\n", Ok(418)),
            ("Location: /x\n\n", Ok(302)),
            ("Location: http://h/x\nContent-Type: text/html\n\n", Ok(302)),
            ("Status: 303\nLocation: /x\n\n", Ok(303)),
            ("Content-Type: a/b", Ok(200)),
            ("bogus\nContent-Type: a/b\n\n", Ok(200)),
        ] {
            assert_eq!(status(block), expected, "{block:?}");
        }
        for block in [
            "",
            "\n",
            "hi\n\n",
            "X-A: 1\n\n",
            "Status: 101\n\n",
            "Status: 99\n\n",
            "Status: 600\n\n",
            "Status: abc\n\n",
            "Status: +200\n\n",
            "Status:\n\n",
            ": x\n\n",
            "a b: c\n\n",
            "Content-Type: a/b\nContent-Length: x\n\n",
        ] {
            assert!(status(block).is_err(), "{block:?}");
        }
    }

    #[test]
    fn repeated_fields_stay_and_framing_does_not() {
        let block = b"Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n\
                      Transfer-Encoding: chunked\nConnection: close\nContent-Length: 5\n\n";
        let reply = parse(block).unwrap();
        assert_eq!(reply.length, Some(5));
        for (name, expected) in [
            ("set-cookie", true),
            ("transfer-encoding", false),
            ("connection", false),
        ] {
            assert_eq!(reply.response.has(name), expected, "{name}");
        }
        assert!(!reply.is_odd && parse(b"x\nContent-Type: a/b\n\n").unwrap().is_odd);
    }

    #[test]
    fn the_end_is_an_empty_line() {
        for (text, end) in [
            ("A: 1\n\nbody", Some(6)),
            ("A: 1\r\n\r\nbody", Some(8)),
            ("A: 1\r\n\nbody", Some(7)),
            ("\nbody", Some(1)),
            ("\r\nbody", Some(2)),
            ("A: 1\n", None),
            ("A: 1\r\n\r", None),
        ] {
            for from in 0..end.unwrap_or(text.len()) {
                assert_eq!(find_end(text.as_bytes(), from), end, "{text:?} {from}");
            }
        }
    }

    #[test]
    fn events_are_known() {
        let is_events = |kind: &str| {
            parse(format!("Content-Type: {kind}\n\n").as_bytes())
                .unwrap()
                .is_event_stream()
        };
        assert!(is_events("text/event-stream") && is_events("Text/Event-Stream; charset=utf-8"));
        assert!(!is_events("text/plain"));
    }

    proptest! {
        #[test]
        fn no_block_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = find_end(&bytes, 0);
            let _ = parse(&bytes);
        }
    }
}
