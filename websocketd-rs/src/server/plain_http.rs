//! One request, one short answer, close: all the HTTP that the redirect and admin ports need.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bytes of such a request's head: enough for every browser's cookies.
const MAX_HEAD: usize = 16 * 1024;

/// Header fields of such a head.
const MAX_FIELDS: usize = 100;

/// A request.
#[derive(Debug)]
pub(super) struct PlainRequest<'head> {
    pub(super) method: &'head str,
    /// As sent.
    pub(super) target: &'head str,
    pub(super) host: Option<&'head [u8]>,
}

/// A response.
#[derive(Debug)]
pub(super) struct PlainResponse {
    /// `200 OK`.
    pub(super) status: &'static str,
    /// Header lines, each with its CRLF.
    pub(super) fields: String,
    pub(super) body: String,
}

impl PlainResponse {
    /// The status as text.
    pub(super) fn status(status: &'static str) -> Self {
        Self::text(status, "text/plain; charset=utf-8", format!("{status}\n"))
    }

    /// `body` as `content_type`.
    pub(super) fn text(status: &'static str, content_type: &str, body: String) -> Self {
        Self {
            status,
            fields: format!("Content-Type: {content_type}\r\n"),
            body,
        }
    }

    fn encode(&self, with_body: bool) -> String {
        let Self {
            status,
            fields,
            body,
        } = self;
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        if with_body { head + body } else { head }
    }
}

/// Reads a request, writes what `respond` says, closes; all of it within `limit`. A client that is slower gets nothing.
pub(super) async fn serve(
    mut stream: TcpStream,
    limit: Duration,
    respond: impl Fn(&PlainRequest<'_>) -> PlainResponse,
) {
    let exchange = async {
        let mut head = Vec::new();
        let answer = loop {
            if let Some(answer) = answer(&head, &respond) {
                break answer;
            }
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        };
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        linger(&mut stream).await
    };
    let _: Result<io::Result<()>, _> = timeout(limit, exchange).await;
}

/// Reads on until the client closes, a second at most: closing with unread bytes would reset the connection and could take the
/// answer away from the client.
async fn linger(stream: &mut TcpStream) -> io::Result<()> {
    let mut scrap = [0; 1024];
    let drained = async {
        while stream.read(&mut scrap).await? > 0 {}
        Ok(())
    };
    timeout(Duration::from_secs(1), drained)
        .await
        .unwrap_or(Ok(()))
}

/// The answer to `head`; `None` while it is incomplete.
fn answer(head: &[u8], respond: impl Fn(&PlainRequest<'_>) -> PlainResponse) -> Option<String> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let refused = match parsed.parse(head) {
        Ok(httparse::Status::Complete(_)) => None,
        Ok(httparse::Status::Partial) if head.len() < MAX_HEAD => return None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            Some(PlainResponse::status("431 Request Header Fields Too Large"))
        }
        Err(_) => Some(PlainResponse::status("400 Bad Request")),
    };
    let method = parsed.method.unwrap_or_default();
    let mut hosts = parsed
        .headers
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("host"));
    let response = refused.unwrap_or_else(|| {
        respond(&PlainRequest {
            method,
            target: parsed.path.unwrap_or_default(),
            host: hosts.next().map(|field| field.value),
        })
    });
    Some(response.encode(method != "HEAD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(request: &PlainRequest<'_>) -> PlainResponse {
        let host = request.host.map(String::from_utf8_lossy);
        let body = format!("{} {} {host:?}", request.method, request.target);
        PlainResponse::text("200 OK", "a/b", body)
    }

    #[test]
    fn a_request_is_read_and_answered() {
        let told = answer(b"GET /a?b HTTP/1.1\r\nhOST: x\r\n\r\n", echo).unwrap();
        assert_eq!(
            told,
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 18\r\nConnection: close\r\n\r\nGET /a?b Some(\"x\")"
        );
        let head = answer(b"HEAD / HTTP/1.1\r\n\r\n", echo).unwrap();
        assert!(
            head.contains("Content-Length: 11\r\n") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
    }

    #[test]
    fn heads_have_an_end() {
        assert_eq!(answer(b"GET / HTTP/1.1\r\nHost: x", echo), None);
        assert!(
            answer(b"\0\0\0\0", echo)
                .unwrap()
                .starts_with("HTTP/1.1 400 ")
        );
        let mut long = b"GET / HTTP/1.1\r\nX: ".to_vec();
        long.resize(MAX_HEAD, b'a');
        assert!(answer(&long, echo).unwrap().starts_with("HTTP/1.1 431 "));
        let many = format!(
            "GET / HTTP/1.1\r\n{}\r\n",
            "a: b\r\n".repeat(MAX_FIELDS + 1)
        );
        assert!(
            answer(many.as_bytes(), echo)
                .unwrap()
                .starts_with("HTTP/1.1 431 ")
        );
    }
}
