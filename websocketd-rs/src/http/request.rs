//! A request head: from bytes to [`Head`], or to the refusal the client gets (RFC 9112, RFC 9110).
//!
//! `httparse` is used and not the `http` crate: browsers' address bars and scripts send raw `"`, `<` and `>` in
//! targets, and `http::Uri` refuses them.

use std::borrow::Cow;

use memchr::memchr_iter;

pub use super::headers::Headers;
use super::target::{self, Target};
use crate::session::linger::offer::Offer;

/// The HTTP version of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
}

impl Version {
    /// As in a start line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }
}

/// How a request's body is delimited (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// So many bytes, perhaps none.
    Known(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// A request head that is well-formed and not ambiguous.
#[derive(Debug, Clone)]
pub struct Head {
    /// The method, case-sensitive.
    pub method: String,
    /// The target in origin form, as sent and decoded.
    pub target: Target,
    /// The version.
    pub version: Version,
    /// Host and perhaps port; empty only for HTTP/1.0.
    pub host: String,
    /// All fields, without the token of [`Self::linger`].
    pub headers: Headers,
    /// What the client offers for a session that outlives its connection.
    pub linger: Option<Offer>,
    /// How the body is delimited.
    pub body: BodyLength,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// Whether the connection stays open after the reply, as far as the client wishes.
    pub keep_alive: bool,
}

impl Head {
    /// Whether this asks for a WebSocket: `Upgrade` equals `websocket`, `Connection` lists `upgrade`.
    /// Like websocketd, anything else is ordinary HTTP, also a list of protocols in `Upgrade`.
    pub fn is_upgrade(&self) -> bool {
        self.headers
            .get("upgrade")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
            && self.headers.has_token("connection", "upgrade")
    }
}

/// Why a request is not served: a status, and the reason for client and log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRequest {
    /// 400, 417, 431, 501 or 505.
    pub status: u16,
    /// What is wrong, in a few words.
    pub reason: &'static str,
}

/// A [`BadRequest`] with 400.
const fn bad(reason: &'static str) -> BadRequest {
    BadRequest {
        status: 400,
        reason,
    }
}

/// Looks for the end of the head in `bytes`, of which those before `from` were looked at already.
/// `Some(n)`: the head is `bytes[..n]`.
///
/// # Errors
/// A line that ends in a bare LF, which other software on the path may take for the start of another message, and bytes
/// that can't start a request, such as a TLS handshake: waiting for the rest of those is useless.
pub fn find_end(bytes: &[u8], from: usize) -> Result<Option<usize>, BadRequest> {
    if bytes
        .first()
        .is_some_and(|&byte| byte != b'\r' && !is_token_byte(byte))
    {
        return Err(bad("this is not an HTTP request"));
    }
    for at in memchr_iter(b'\n', &bytes[from..]).map(|at| at + from) {
        if at == 0 || bytes[at - 1] != b'\r' {
            return Err(bad("line ends without CR"));
        }
        if at >= 3 && bytes[at - 3..at] == *b"\r\n\r" {
            return Ok(Some(at + 1));
        }
    }
    Ok(None)
}

/// Parses a whole head, as found by [`find_end`].
///
/// # Errors
/// Why the head is not served.
pub fn parse(bytes: &[u8], max_headers: usize) -> Result<Head, BadRequest> {
    let bytes = &as_known_version(bytes)[..];
    let mut fields = vec![httparse::EMPTY_HEADER; max_headers];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(bad("incomplete head")),
        Err(error) => return Err(refuse(error, bytes)),
    }
    let (Some(method), Some(raw_target), Some(minor)) =
        (request.method, request.path, request.version)
    else {
        return Err(bad("incomplete head"));
    };
    let version = if minor == 0 {
        Version::Http10
    } else {
        Version::Http11
    };
    let mut headers = Headers::new(
        request
            .headers
            .iter()
            .map(|field| (field.name.to_owned(), field.value.to_vec()))
            .collect(),
    );
    let (authority, target) = Target::parse(method, raw_target).map_err(bad)?;
    let host = find_host(&headers, version, authority)?;
    if let Some(authority) = authority {
        // RFC 9112 section 3.2.2: so that nothing downstream sees two names.
        headers.replace("host", authority);
    }
    let linger = headers.take_linger();
    let body = find_body_length(&headers, version)?;
    let expects_continue = find_expectation(&headers, version)?;
    let keep_alive = match version {
        Version::Http11 => !headers.has_token("connection", "close"),
        Version::Http10 => {
            headers.has_token("connection", "keep-alive")
                && !headers.has_token("connection", "close")
        }
    };
    Ok(Head {
        method: method.to_owned(),
        target,
        version,
        host,
        headers,
        linger,
        body,
        expects_continue,
        keep_alive,
    })
}

/// The head with the highest minor version that we know in place of a higher one, which asks for nothing more (RFC 9110
/// section 2.5).
fn as_known_version(head: &[u8]) -> Cow<'_, [u8]> {
    let end = memchr::memchr(b'\r', head).unwrap_or(head.len());
    match head[..end] {
        [
            ..,
            b' ',
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            b'2'..=b'9',
        ] => {
            let mut known = head.to_vec();
            known[end - 1] = b'1';
            Cow::Owned(known)
        }
        _ => Cow::Borrowed(head),
    }
}

fn refuse(error: httparse::Error, head: &[u8]) -> BadRequest {
    match error {
        httparse::Error::TooManyHeaders => BadRequest {
            status: 431,
            reason: "too many header fields",
        },
        // A target with a blank looks like a version to the parser.
        httparse::Error::Version if has_version(head) => BadRequest {
            status: 505,
            reason: "unsupported protocol version",
        },
        httparse::Error::HeaderName => bad("malformed header name, or a folded header line"),
        httparse::Error::HeaderValue => bad("malformed header value"),
        httparse::Error::NewLine => bad("malformed line end"),
        _ => bad("malformed request line"),
    }
}

/// Whether the request line has three words, the last like `HTTP/9.9`.
fn has_version(head: &[u8]) -> bool {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|&byte| byte == b' ').skip(2);
    match (words.next(), words.next()) {
        (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None) => {
            major.is_ascii_digit() && minor.is_ascii_digit()
        }
        _ => false,
    }
}

/// RFC 9112 section 3.2: exactly one Host with HTTP/1.1; an absolute target's authority wins over it.
fn find_host(
    headers: &Headers,
    version: Version,
    authority: Option<&str>,
) -> Result<String, BadRequest> {
    let mut hosts = headers.all("host");
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(bad("more than one Host header"));
    }
    let host = match host {
        Some(host) => std::str::from_utf8(host).map_err(|_| bad("malformed Host header"))?,
        None if version == Version::Http11 => return Err(bad("missing required Host header")),
        None => "",
    };
    if !host.is_empty() && target::split_host(host).is_none() {
        return Err(bad("malformed Host header"));
    }
    match authority {
        Some(authority) if target::split_host(authority).is_none() => {
            Err(bad("malformed host in the target"))
        }
        Some(authority) => Ok(authority.to_owned()),
        None => Ok(host.to_owned()),
    }
}

/// RFC 9112 section 6: whatever two readers could delimit differently is refused.
fn find_body_length(headers: &Headers, version: Version) -> Result<BodyLength, BadRequest> {
    let mut length = None;
    for value in headers
        .all("content-length")
        .flat_map(|value| value.split(|&byte| byte == b','))
    {
        let value = parse_digits(value.trim_ascii()).ok_or(bad("malformed Content-Length"))?;
        if length.is_some_and(|length| length != value) {
            return Err(bad("contradicting Content-Length"));
        }
        length = Some(value);
    }
    let mut codings = headers.all("transfer-encoding");
    let Some(coding) = codings.next() else {
        return Ok(BodyLength::Known(length.unwrap_or(0)));
    };
    if length.is_some() {
        return Err(bad("both Content-Length and Transfer-Encoding"));
    }
    if version == Version::Http10 {
        return Err(bad("Transfer-Encoding in an HTTP/1.0 request"));
    }
    if codings.next().is_some() || !coding.eq_ignore_ascii_case(b"chunked") {
        return Err(BadRequest {
            status: 501,
            reason: "unsupported Transfer-Encoding",
        });
    }
    Ok(BodyLength::Chunked)
}

fn find_expectation(headers: &Headers, version: Version) -> Result<bool, BadRequest> {
    match headers.get("expect") {
        None => Ok(false),
        // RFC 9110 section 10.1.1: an expectation from an HTTP/1.0 client is ignored.
        Some(_) if version == Version::Http10 => Ok(false),
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => Ok(true),
        Some(_) => Err(BadRequest {
            status: 417,
            reason: "unknown expectation",
        }),
    }
}

/// Digits only: `parse::<u64>` alone would take a sign.
pub(super) fn parse_digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// RFC 9110 section 5.6.2.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(text: &str) -> Result<Head, BadRequest> {
        parse(text.as_bytes(), 16)
    }

    fn status(text: &str) -> u16 {
        head(text).expect_err(text).status
    }

    #[test]
    fn reads_a_plain_request() {
        let head =
            head("GET /a%20b?q=1 HTTP/1.1\r\nHost: h:1\r\nX-A: 1\r\nx-a: 2\r\n\r\n").unwrap();
        assert_eq!(head.method, "GET");
        assert_eq!(head.target.path, b"/a b");
        assert_eq!(head.target.query(), Some("q=1"));
        assert_eq!(head.host, "h:1");
        assert_eq!(head.headers.all("X-a").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(head.body, BodyLength::Known(0));
        assert!(head.keep_alive);
    }

    #[test]
    fn raw_quotes_and_brackets_in_targets_are_read() {
        let head = head("GET /?<\">`{}| HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        assert_eq!(head.target.raw, "/?<\">`{}|");
    }

    #[test]
    fn ambiguous_and_malformed_heads_are_refused() {
        for (fields, expected) in [
            ("", 400),
            ("Host: a\r\nHost: a\r\n", 400),
            ("Host: a<b\r\n", 400),
            ("Host: a@b\r\n", 400),
            ("Host: [::1\r\n", 400),
            ("Host: h:x\r\n", 400),
            ("Host: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400),
            ("Host: h\r\nContent-Length: 1, 2\r\n", 400),
            ("Host: h\r\nContent-Length: +1\r\n", 400),
            ("Host: h\r\nContent-Length: 0x1\r\n", 400),
            ("Host: h\r\nContent-Length: \r\n", 400),
            ("Host: h\r\nContent-Length: 99999999999999999999\r\n", 400),
            (
                "Host: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                400,
            ),
            ("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
            (
                "Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                501,
            ),
            ("Host: h\r\nTransfer-Encoding: xchunked\r\n", 501),
            ("Host: h\r\nTransfer-Encoding:\r\n", 501),
            ("Host: h\r\nTransfer-Encoding : chunked\r\n", 400),
            ("Host: h\r\nX: a\r\n folded\r\n", 400),
            ("Host: h\r\nX: a\rb\r\n", 400),
            ("Host: h\r\nX: a\0b\r\n", 400),
            ("Host: h\r\nno colon\r\n", 400),
            ("Host: h\r\nExpect: 200-maybe\r\n", 417),
        ] {
            assert_eq!(
                status(&format!("GET / HTTP/1.1\r\n{fields}\r\n")),
                expected,
                "{fields:?}"
            );
        }
        assert_eq!(
            status("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400
        );
        assert_eq!(status("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
        assert_eq!(status("GET / HTTP/1.12\r\nHost: h\r\n\r\n"), 400);
        assert_eq!(status("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
        assert_eq!(status("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
        assert_eq!(status("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
        assert_eq!(status("GARBAGE\r\n\r\n"), 400);
        let many = "X: 1\r\n".repeat(17);
        assert_eq!(status(&format!("GET / HTTP/1.0\r\n{many}\r\n")), 431);
    }

    #[test]
    fn a_higher_minor_version_is_read_as_ours() {
        let head = head("GET / HTTP/1.2\r\nHost: h\r\nX: HTTP/1.2\r\n\r\n").unwrap();
        assert_eq!(head.version, Version::Http11);
        assert_eq!(head.headers.get("x"), Some(&b"HTTP/1.2"[..]));
    }

    #[test]
    fn an_absolute_target_names_the_host() {
        let head = head("GET http://a:8080/x HTTP/1.1\r\nHost: b\r\n\r\n").unwrap();
        assert_eq!(head.host, "a:8080");
        assert_eq!(head.headers.get("host"), Some(&b"a:8080"[..]));
    }

    #[test]
    fn equal_content_lengths_are_one() {
        let text = "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(head(text).unwrap().body, BodyLength::Known(5));
    }

    #[test]
    fn connection_semantics() {
        for (version, field, expected) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "Connection: x, Close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let head = head(&format!("GET / HTTP/{version}\r\nHost: h\r\n{field}\r\n")).unwrap();
            assert_eq!(head.keep_alive, expected, "{version} {field}");
        }
    }

    #[test]
    fn upgrade_is_seen_in_any_case_and_list() {
        for (upgrade, connection, expected) in [
            ("websocket", "Upgrade", true),
            ("WebSocket", "keep-alive, upgrade", true),
            ("websocket", "keep-alive upgrade", true),
            ("websocket", "upgraded", false),
            ("websocket, h2c", "upgrade", false),
            ("h2c", "upgrade", false),
        ] {
            let text = format!(
                "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: {upgrade}\r\nConnection: {connection}\r\n\r\n"
            );
            assert_eq!(
                head(&text).unwrap().is_upgrade(),
                expected,
                "{upgrade} {connection}"
            );
        }
    }

    #[test]
    fn an_absolute_target_sets_the_host() {
        let head = head("GET http://other:8/x?y HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        assert_eq!(
            (head.host.as_str(), head.target.raw.as_str()),
            ("other:8", "/x?y")
        );
        assert_eq!(status("GET http://o@p/ HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
    }

    #[test]
    fn the_end_is_found_piece_by_piece() {
        let text = b"GET / HTTP/1.1\r\nHost: h\r\n\r\nrest";
        for from in 0..text.len() - 6 {
            assert_eq!(find_end(&text[..text.len() - 5], from), Ok(None), "{from}");
            assert_eq!(find_end(text, from), Ok(Some(text.len() - 4)), "{from}");
        }
        assert_eq!(find_end(b"GET / HTTP/1.0\n\n", 0).unwrap_err().status, 400);
        assert_eq!(find_end(b"\x16\x03\x01", 0).unwrap_err().status, 400);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = find_end(&bytes, 0);
            let _ = parse(&bytes, 4);
        }

        #[test]
        fn no_field_value_panics(name in "[A-Za-z-]{1,20}", value in "[ -~]{0,80}") {
            let _ = head(&format!("GET / HTTP/1.1\r\nHost: h\r\n{name}: {value}\r\n\r\n"));
        }
    }
}
