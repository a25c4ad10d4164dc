//! A raw HTTP client: sends what it is given, byte for byte, and reads the answer.

use std::io::{self, Read, Write};

use crate::transport::{Endpoint, Transport};

/// Most bytes of a response head; what is longer is not an answer to a test.
const MAX_HEAD: usize = 4 << 20;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// All of the head as it came.
    pub head: String,
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: String,
    /// Status code.
    pub status: u16,
    /// Headers as sent, in order.
    pub headers: Vec<(String, String)>,
    /// Body; chunks joined.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).into_iter().next()
    }

    /// All headers of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let of_name = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The body, which must be text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    #[track_caller]
    pub fn utf8(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as text; what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// GET of `target`, as it is, over a connection of its own.
#[track_caller]
pub fn get(endpoint: &Endpoint, target: &str) -> Response {
    request(endpoint, "GET", target, &[])
}

/// A request without a body over a connection of its own.
#[track_caller]
pub fn request(
    endpoint: &Endpoint,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Response {
    exchange(endpoint, head(endpoint, method, target, headers).as_bytes())
        .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
}

/// A request with a body over a connection of its own.
#[track_caller]
pub fn send(
    endpoint: &Endpoint,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let length = body.len().to_string();
    let headers = [headers, &[("Content-Length", &length)]].concat();
    let bytes = head(endpoint, method, target, &headers) + body;
    exchange(endpoint, bytes.as_bytes())
        .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
}

/// A request head: Host unless given, `Connection: close` unless given.
pub fn head(endpoint: &Endpoint, method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    let given = |name: &str| {
        headers
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    if !given("Host") {
        text.extend(["Host: ", &endpoint.host(), "\r\n"]);
    }
    if !given("Connection") {
        text += "Connection: close\r\n";
    }
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text + "\r\n"
}

/// Sends bytes on a new connection and reads one answer.
pub fn exchange(endpoint: &Endpoint, bytes: &[u8]) -> io::Result<Response> {
    let mut transport = endpoint.connect()?;
    transport.write_all(bytes)?;
    transport.flush()?;
    let method = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    read_response(&mut transport, &mut Vec::new(), method != b"HEAD")
}

/// Reads one answer; bytes after it stay in `buffer`.
pub fn read_response(
    transport: &mut Transport,
    buffer: &mut Vec<u8>,
    with_body: bool,
) -> io::Result<Response> {
    let end = loop {
        if let Some(at) = find(buffer, b"\r\n\r\n") {
            break at;
        }
        if buffer.len() > MAX_HEAD {
            return Err(io::Error::other("endless response head"));
        }
        if fill(transport, buffer)? == 0 {
            let got = String::from_utf8_lossy(buffer).into_owned();
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("connection closed before the end of the response head; got {got:?}"),
            ));
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end + 4);
    let mut response = parse_head(&head)?;
    let has_body = with_body && !matches!(response.status, 100..=199 | 204 | 304);
    if has_body {
        response.body = read_body(transport, buffer, &response)?;
    }
    Ok(response)
}

fn parse_head(head: &str) -> io::Result<Response> {
    let wrong = || io::Error::other(format!("no HTTP response: {head:?}"));
    let mut lines = head.split("\r\n");
    let mut status_line = lines.next().unwrap_or_default().splitn(3, ' ');
    let version = status_line
        .next()
        .filter(|version| version.starts_with("HTTP/1."));
    let status = status_line
        .next()
        .and_then(|code| code.parse().ok())
        .ok_or_else(wrong)?;
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(':').ok_or_else(wrong)?;
            Ok((name.to_owned(), value.trim().to_owned()))
        })
        .collect::<io::Result<_>>()?;
    let version = version.ok_or_else(wrong)?.to_owned();
    Ok(Response {
        head: format!("{head}\r\n\r\n"),
        version,
        status,
        headers,
        body: Vec::new(),
    })
}

fn read_body(
    transport: &mut Transport,
    buffer: &mut Vec<u8>,
    response: &Response,
) -> io::Result<Vec<u8>> {
    let chunked = response
        .header("Transfer-Encoding")
        .is_some_and(|value| value.contains("chunked"));
    if chunked {
        return read_chunks(transport, buffer);
    }
    let length = response
        .header("Content-Length")
        .and_then(|value| value.parse().ok());
    if let Some(length) = length {
        return take(transport, buffer, length);
    }
    while fill(transport, buffer)? > 0 {}
    Ok(std::mem::take(buffer))
}

fn read_chunks(transport: &mut Transport, buffer: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = find(buffer, b"\r\n") {
                break at;
            }
            if fill(transport, buffer)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        buffer.drain(..end + 2);
        body.extend(take(transport, buffer, size)?);
        if take(transport, buffer, 2)? != b"\r\n" {
            return Err(io::Error::other("a chunk does not end with CRLF"));
        }
        if size == 0 {
            return Ok(body);
        }
    }
}

fn take(transport: &mut Transport, buffer: &mut Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    while buffer.len() < length {
        if fill(transport, buffer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(buffer.drain(..length).collect())
}

/// Reads once more into `buffer`; 0 at the end.
pub(crate) fn fill(transport: &mut Transport, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut bytes = [0; 16 * 1024];
    let count = transport.read(&mut bytes)?;
    buffer.extend_from_slice(&bytes[..count]);
    Ok(count)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn response_to(bytes: &[u8]) -> (Response, Vec<u8>) {
        let (mut theirs, ours) = UnixStream::pair().unwrap();
        theirs.write_all(bytes).unwrap();
        drop(theirs);
        let mut rest = Vec::new();
        let response = read_response(&mut Transport::Unix(ours), &mut rest, true).unwrap();
        (response, rest)
    }

    #[test]
    fn a_length_ends_the_body_and_the_rest_is_kept() {
        let (response, rest) =
            response_to(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: 1\r\na: 2\r\n\r\nhiHTTP");
        assert_eq!((response.status, response.text().as_str()), (200, "hi"));
        assert_eq!(response.all("A"), ["1", "2"]);
        assert_eq!(rest, b"HTTP");
    }

    #[test]
    fn chunks_are_joined() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n";
        assert_eq!(response_to(bytes).0.text(), "abc");
    }

    #[test]
    fn without_a_length_the_end_ends_the_body() {
        assert_eq!(
            response_to(b"HTTP/1.0 404 No\r\n\r\nall of it").0.text(),
            "all of it"
        );
    }
}
