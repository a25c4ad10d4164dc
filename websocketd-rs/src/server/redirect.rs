//! The redirect server of `--redirport`: every request is sent on to the main port.

use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::Service;

/// Bytes of a head that is only redirected: enough for every browser's cookies.
const MAX_HEAD: usize = 16 * 1024;

/// Header fields of such a head.
const MAX_FIELDS: usize = 100;

/// Answers one request on `stream` with where it finds the same on `port`, and closes: a redirected client has no reason to come
/// back here.
pub(super) async fn serve(mut stream: TcpStream, service: Arc<Service>, port: u16) {
    let limit = service.config.limits.header_timeout;
    let tls = service.config.listen.is_tls();
    let exchange = async {
        let mut head = Vec::new();
        let response = loop {
            if let Some(response) = respond(&head, tls, port) {
                break response;
            }
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        };
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await?;
        linger(&mut stream).await
    };
    tokio::select! {
        // A client that is slow or gone gets nothing: there is nobody to tell.
        _ = timeout(limit, exchange) => {}
        () = service.stopping.cancelled() => {}
    }
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

/// The response to `head`; `None` while it is incomplete.
fn respond(head: &[u8], tls: bool, port: u16) -> Option<String> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if head.len() < MAX_HEAD => return None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Some(error("431 Request Header Fields Too Large"));
        }
        Err(_) => return Some(error("400 Bad Request")),
    }
    let host = request
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("host"));
    let host = host
        .and_then(|field| std::str::from_utf8(field.value).ok())
        .and_then(bare_host);
    let location = host
        .zip(request.path.map(origin_form))
        .map(|(host, target)| {
            let (scheme, standard) = if tls { ("https", 443) } else { ("http", 80) };
            match port {
                port if port == standard => format!("{scheme}://{host}{target}"),
                port => format!("{scheme}://{host}:{port}{target}"),
            }
        });
    let Some(location) = location else {
        return Some(error("400 Bad Request"));
    };
    Some(format!(
        "HTTP/1.1 301 Moved Permanently\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ))
}

fn error(status: &str) -> String {
    let length = status.len() + 1;
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{status}\n"
    )
}

/// The host of a Host header without its port; `None` when it holds anything that no host has.
fn bare_host(value: &str) -> Option<&str> {
    let value = value.trim();
    let end = match value.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => value.find(':').unwrap_or(value.len()),
    };
    let (host, port) = value.split_at(end);
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:%".contains(&byte);
    let port = port.strip_prefix(':').unwrap_or(port);
    let sound =
        !host.is_empty() && host.bytes().all(name) && port.bytes().all(|b| b.is_ascii_digit());
    sound.then_some(host)
}

/// Path and query as sent, with what is not allowed in a Location header escaped. A target of another form (`*`, an absolute
/// address) leads to the root: it can't be repeated on another server.
fn origin_form(target: &str) -> String {
    if !target.starts_with('/') {
        return "/".to_owned();
    }
    let mut location = String::with_capacity(target.len());
    for byte in target.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            location.push(byte.into());
        } else {
            // Writing to a String cannot fail.
            let _ = write!(location, "%{byte:02X}");
        }
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(target: &str, host: &str, tls: bool, port: u16) -> String {
        let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let response = respond(head.as_bytes(), tls, port).expect("a whole head");
        let line = response
            .split("\r\n")
            .find_map(|line| line.strip_prefix("Location: "));
        line.map_or(
            response.lines().next().unwrap().to_owned(),
            ToOwned::to_owned,
        )
    }

    #[test]
    fn path_and_query_are_kept() {
        assert_eq!(
            location("/a/b?c=d", "x.org:80", true, 8443),
            "https://x.org:8443/a/b?c=d"
        );
        assert_eq!(location("/", "x.org", false, 8080), "http://x.org:8080/");
        assert_eq!(location("/", "[::1]:81", true, 443), "https://[::1]/");
        assert_eq!(location("/", "x.org:81", false, 80), "http://x.org/");
        assert_eq!(
            location("/a\"<b>", "x.org", false, 80),
            "http://x.org/a%22%3Cb%3E"
        );
        assert_eq!(location("*", "x.org", false, 80), "http://x.org/");
        assert_eq!(
            location("//evil.org/", "x.org", false, 80),
            "http://x.org//evil.org/"
        );
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        for host in ["", "a b", "a/b", "a@b", "x:80x", "[::1", "\u{e9}", "a,b"] {
            assert_eq!(
                location("/", host, false, 80),
                "HTTP/1.1 400 Bad Request",
                "{host}"
            );
        }
        let head = b"GET / HTTP/1.1\r\n\r\n";
        assert!(
            respond(head, false, 80)
                .unwrap()
                .starts_with("HTTP/1.1 400 ")
        );
    }

    #[test]
    fn heads_have_an_end() {
        assert_eq!(respond(b"GET / HTTP/1.1\r\nHost: x", false, 80), None);
        assert!(
            respond(b"\0\0\0\0", false, 80)
                .unwrap()
                .starts_with("HTTP/1.1 400 ")
        );
        let mut long = b"GET / HTTP/1.1\r\nX: ".to_vec();
        long.resize(MAX_HEAD, b'a');
        assert!(
            respond(&long, false, 80)
                .unwrap()
                .starts_with("HTTP/1.1 431 ")
        );
    }
}
