//! Response heads. Pure: nothing here writes to a stream.

use std::borrow::Cow;
use std::time::SystemTime;

use super::request::{Version, is_token_byte};
use super::status::reason;
use crate::config;

/// Fields that a reply has once: a CGI program's own stands, else one from `--header` takes the place of ours.
const SINGLE: [&str; 8] = [
    "cache-control",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "referrer-policy",
    "x-content-type-options",
];

/// Fields that frame the message: they are ours alone, or another reader would see another message.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "sec-websocket-accept",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-connection",
];

/// How the body of a reply is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// The status has no body: 204, 304.
    Absent,
    /// `Content-Length`.
    Known(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// By the end of the connection.
    UntilClose,
}

/// What the head of a reply depends on beside the reply.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// For `--header` and `--header-http`.
    pub http: &'a config::Http,
    /// Fields that came with the client's admission.
    pub granted: &'a [(String, Vec<u8>)],
    /// Version of the request.
    pub version: Version,
    /// Whether the connection stays open after the reply.
    pub keep_alive: bool,
}

/// Status and fields of a reply.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    headers: Vec<(Cow<'static, str>, Cow<'static, [u8]>)>,
    /// The first of the fields that a CGI program set.
    program: usize,
}

impl Response {
    /// A reply without fields.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            program: usize::MAX,
        }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, [u8]>>) -> Self {
        self.headers.push((Cow::Borrowed(name), value.into()));
        self
    }

    /// Adds a field whose value is text made here.
    #[must_use]
    pub fn with_text(self, name: &'static str, value: String) -> Self {
        self.with(name, value.into_bytes())
    }

    /// Adds a field of a script; those that frame the message, and malformed names, are left out.
    pub fn add(&mut self, name: String, value: Vec<u8>) {
        if is_allowed(&name) {
            self.program = self.program.min(self.headers.len());
            self.headers.push((Cow::Owned(name), Cow::Owned(value)));
        }
    }

    /// Whether the field is there.
    pub fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(field, _)| field.eq_ignore_ascii_case(name))
    }

    /// The first value of the field.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let is_it = |(field, _): &&(Cow<'_, str>, _)| field.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(is_it)
            .map(|(_, value)| value.as_ref())
    }

    fn is_set_by_program(&self, name: &str) -> bool {
        let mut fields = self.headers.iter().skip(self.program);
        fields.any(|(field, _)| field.eq_ignore_ascii_case(name))
    }

    /// The head as bytes.
    pub fn encode(&self, length: Length, context: &Context<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        push_status(&mut out, context.version, self.status);
        let is_own = |name: &str| is_single(name) && self.is_set_by_program(name);
        let configured = || {
            let fields = context.http.headers.iter();
            let fields = fields.chain(&context.http.http_headers);
            fields.filter(move |(name, _)| !is_own(name))
        };
        for (name, value) in &self.headers {
            let is_replaced =
                is_single(name) && configured().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if !is_replaced {
                push_field(&mut out, name, value);
            }
        }
        push_configured(&mut out, configured());
        push_granted(&mut out, context.granted);
        if !configured().any(|(name, _)| name.eq_ignore_ascii_case("date")) && !self.has("date") {
            let date = httpdate::fmt_http_date(SystemTime::now());
            push_field(&mut out, "Date", date.as_bytes());
        }
        match length {
            Length::Known(length) => {
                push_field(&mut out, "Content-Length", length.to_string().as_bytes());
            }
            Length::Chunked => push_field(&mut out, "Transfer-Encoding", b"chunked"),
            Length::Absent | Length::UntilClose => {}
        }
        match (context.version, context.keep_alive) {
            (Version::Http11, false) => push_field(&mut out, "Connection", b"close"),
            (Version::Http10, true) => push_field(&mut out, "Connection", b"keep-alive"),
            _ => {}
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

/// Appends a chunk (RFC 9112 section 7.1); nothing for no bytes, which would be the last one.
pub(super) fn push_chunk(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
}

fn is_single(name: &str) -> bool {
    SINGLE
        .iter()
        .any(|single| single.eq_ignore_ascii_case(name))
}

/// The head of a 101 (RFC 6455 section 4.2.2). `granted` are fields that came with the client's admission.
pub fn encode_switching(
    accept: &str,
    protocol: Option<&str>,
    http: &config::Http,
    granted: &[(String, Vec<u8>)],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    push_status(&mut out, Version::Http11, 101);
    push_field(&mut out, "Upgrade", b"websocket");
    push_field(&mut out, "Connection", b"Upgrade");
    push_field(&mut out, "Sec-WebSocket-Accept", accept.as_bytes());
    if let Some(protocol) = protocol {
        push_field(&mut out, "Sec-WebSocket-Protocol", protocol.as_bytes());
    }
    let is_replaced =
        |name: &str| protocol.is_some() && name.eq_ignore_ascii_case("sec-websocket-protocol");
    let configured = http.headers.iter().chain(&http.ws_headers);
    push_configured(&mut out, configured.filter(|(name, _)| !is_replaced(name)));
    push_granted(&mut out, granted);
    out.extend_from_slice(b"\r\n");
    out
}

fn push_status(out: &mut Vec<u8>, version: Version, status: u16) {
    out.extend_from_slice(version.as_str().as_bytes());
    out.extend_from_slice(format!(" {status} {}\r\n", reason(status)).as_bytes());
}

fn push_configured<'a>(out: &mut Vec<u8>, fields: impl Iterator<Item = &'a (String, String)>) {
    for (name, value) in fields.filter(|(name, _)| is_allowed(name)) {
        push_field(out, name, value.as_bytes());
    }
}

fn push_granted(out: &mut Vec<u8>, fields: &[(String, Vec<u8>)]) {
    for (name, value) in fields.iter().filter(|(name, _)| is_allowed(name)) {
        push_field(out, name, value);
    }
}

pub(super) fn is_allowed(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(is_token_byte)
        && !FRAMING.iter().any(|field| field.eq_ignore_ascii_case(name))
}

/// Control characters become blanks: no value can end its line, whatever its source.
fn push_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(value.iter().map(|&byte| match byte {
        b'\t' => b'\t',
        byte if byte.is_ascii_control() => b' ',
        byte => byte,
    }));
    out.extend_from_slice(b"\r\n");
}

/// Escapes text for HTML, also inside quoted attributes.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn encode(response: &Response, length: Length, http: &config::Http) -> String {
        let context = Context {
            http,
            granted: &[],
            version: Version::Http11,
            keep_alive: true,
        };
        String::from_utf8(response.encode(length, &context)).unwrap()
    }

    #[test]
    fn configured_fields_go_where_they_were_told() {
        let http = config::Http {
            headers: fields(&[("X-All", "1"), ("X-All", "2")]),
            ws_headers: fields(&[("X-Ws", "1"), ("Sec-WebSocket-Protocol", "chat")]),
            http_headers: fields(&[("X-Http", "1"), ("content-type", "x/y")]),
            ..config::Http::default()
        };
        let plain = encode(
            &Response::new(200).with("Content-Type", &b"a/b"[..]),
            Length::Known(3),
            &http,
        );
        assert!(plain.starts_with("HTTP/1.1 200 OK\r\n") && plain.ends_with("\r\n\r\n"));
        for field in [
            "X-All: 1",
            "X-All: 2",
            "X-Http: 1",
            "content-type: x/y",
            "Content-Length: 3",
        ] {
            assert!(
                plain.contains(&format!("\r\n{field}\r\n")),
                "{field} in {plain}"
            );
        }
        assert!(!plain.contains("X-Ws") && !plain.contains("a/b"));
        let switching = String::from_utf8(encode_switching("abc=", None, &http, &[])).unwrap();
        for field in [
            "X-All: 2",
            "X-Ws: 1",
            "Sec-WebSocket-Protocol: chat",
            "Upgrade: websocket",
        ] {
            assert!(
                switching.contains(&format!("\r\n{field}\r\n")),
                "{field} in {switching}"
            );
        }
        assert!(!switching.contains("X-Http"));
    }

    #[test]
    fn a_programs_own_field_stands() {
        let http = config::Http {
            http_headers: fields(&[("Cache-Control", "max-age=60"), ("X-All", "1")]),
            ..config::Http::default()
        };
        let mut reply = Response::new(200).with("X-Content-Type-Options", &b"nosniff"[..]);
        reply.add("cache-control".to_owned(), b"no-store".to_vec());
        let head = encode(&reply, Length::Known(0), &http);
        assert!(head.contains("\r\ncache-control: no-store\r\n"), "{head}");
        assert!(!head.contains("max-age") && head.contains("\r\nX-All: 1\r\n"));
        let ours = Response::new(200).with("Cache-Control", &b"no-cache"[..]);
        let head = encode(&ours, Length::Known(0), &http);
        assert!(
            head.contains("max-age=60") && !head.contains("no-cache"),
            "{head}"
        );
    }

    #[test]
    fn the_connection_field_fits_the_version() {
        for (version, keep_alive, expected) in [
            (Version::Http11, true, None),
            (Version::Http11, false, Some("Connection: close\r\n")),
            (Version::Http10, true, Some("Connection: keep-alive\r\n")),
            (Version::Http10, false, None),
        ] {
            let http = config::Http::default();
            let head = Response::new(200).encode(
                Length::Known(0),
                &Context {
                    http: &http,
                    granted: &[],
                    version,
                    keep_alive,
                },
            );
            let head = String::from_utf8(head).unwrap();
            assert_eq!(
                head.find("Connection")
                    .map(|at| head[at..].trim_end().to_owned() + "\r\n")
                    .as_deref(),
                expected
            );
        }
    }

    #[test]
    fn framing_is_ours_alone() {
        let http = config::Http {
            headers: fields(&[("Content-Length", "9"), ("bad name", "1"), ("", "1")]),
            ..config::Http::default()
        };
        let mut response = Response::new(200);
        response.add("Transfer-Encoding".into(), b"chunked".to_vec());
        response.add("X\r\nY".into(), b"1".to_vec());
        let head = encode(&response, Length::Known(3), &http);
        assert_eq!(head.matches("Content-Length").count(), 1);
        assert!(!head.contains("Transfer-Encoding") && !head.contains("bad name"));
        assert_eq!(head.lines().count(), 4, "{head}");
    }

    proptest! {
        #[test]
        fn no_value_splits_the_response(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let http = config::Http::default();
            let mut response = Response::new(200);
            response.add("X".into(), value);
            let context = Context { http: &http, granted: &[], version: Version::Http11, keep_alive: true };
            let head = response.encode(Length::Absent, &context);
            let text = String::from_utf8_lossy(&head);
            prop_assert_eq!((text.matches('\n').count(), text.matches("\r\n").count()), (4, 4));
        }
    }
}
