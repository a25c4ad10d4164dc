//! The redirect server of `--redirport`: every request is sent on to the main port. Pure.

use std::fmt::Write;

use super::plain_http::{PlainRequest, PlainResponse};

/// Where a redirect port sends its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    /// `https` in place of `http`.
    pub(super) tls: bool,
    /// The name that clients are sent to; `None`: the one in the request.
    pub(super) name: Option<String>,
    /// The main port.
    pub(super) port: u16,
}

impl Destination {
    /// The name to use for clients of `host`, as typed in `--address`: a name was configured for people to use, an IP address
    /// only says where to listen.
    pub(super) fn name_of(host: &str) -> Option<String> {
        let ip = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
        (!ip && !host.is_empty()).then(|| host.to_owned())
    }

    /// The answer that sends `request` to the main port.
    pub(super) fn redirect(&self, request: &PlainRequest<'_>) -> PlainResponse {
        let asked = request.host.and_then(|host| std::str::from_utf8(host).ok());
        let Some(host) = self.name.as_deref().or(asked.and_then(bare_host)) else {
            return PlainResponse::status("400 Bad Request");
        };
        let (scheme, standard) = if self.tls {
            ("https", 443)
        } else {
            ("http", 80)
        };
        let port = if self.port == standard {
            String::new()
        } else {
            format!(":{}", self.port)
        };
        let target = origin_form(request.target);
        let fields = format!("Location: {scheme}://{host}{port}{target}\r\n");
        PlainResponse {
            status: "301 Moved Permanently",
            fields,
            body: String::new(),
        }
    }
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
        let to = Destination {
            tls,
            name: None,
            port,
        };
        answer_to(&to, target, Some(host))
    }

    fn answer_to(to: &Destination, target: &str, host: Option<&str>) -> String {
        let host = host.map(str::as_bytes);
        let response = to.redirect(&PlainRequest {
            method: "GET",
            target,
            host,
        });
        let location = response.fields.strip_prefix("Location: ");
        location
            .map_or(response.status, |location| location.trim_end())
            .to_owned()
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
    fn a_configured_name_wins() {
        let name = Destination::name_of("chat.example.org");
        let to = Destination {
            tls: true,
            name,
            port: 443,
        };
        assert_eq!(
            answer_to(&to, "/a", Some("evil.org")),
            "https://chat.example.org/a"
        );
        assert_eq!(answer_to(&to, "/a", None), "https://chat.example.org/a");
        for address in ["", "127.0.0.1", "[::1]"] {
            assert_eq!(Destination::name_of(address), None);
        }
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        for host in ["", "a b", "a/b", "a@b", "x:80x", "[::1", "\u{e9}", "a,b"] {
            assert_eq!(location("/", host, false, 80), "400 Bad Request", "{host}");
        }
        let to = Destination {
            tls: false,
            name: None,
            port: 80,
        };
        assert_eq!(answer_to(&to, "/", None), "400 Bad Request");
    }
}
