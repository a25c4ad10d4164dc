//! What makes a request an opening handshake (RFC 6455 section 4.2.1). Pure.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::origin::{self, Mismatch};
use super::request::{BodyLength, Head};

/// What a good handshake is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    /// `Sec-WebSocket-Accept`.
    pub(super) key: String,
    /// `Sec-WebSocket-Protocol`, if one was negotiated.
    pub(super) protocol: Option<String>,
    /// The page's origin, for the log.
    pub(super) origin: String,
}

/// What a handshake is refused with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Denial {
    /// The status of the reply.
    pub(super) status: u16,
    /// The text of the access line.
    pub(super) message: &'static str,
}

/// Method, version, origin, key, in websocketd's order.
pub(super) fn check(
    head: &Head,
    rules: &origin::Rules<'_>,
    protocols: &[String],
) -> Result<Accepted, Denial> {
    if head.body != BodyLength::Known(0) {
        return Err(Denial {
            status: 400,
            message: "Unable to Upgrade: the request has a body",
        });
    }
    check_method_and_version(head)?;
    let origin = origin::check(head.headers.all("origin"), rules).map_err(|mismatch| Denial {
        status: 403,
        message: mismatch.as_str(),
    })?;
    let key = find_key(head).ok_or(Denial {
        status: 400,
        message: "Unable to Upgrade: 'Sec-WebSocket-Key' is not one key of 16 bytes in base64",
    })?;
    Ok(Accepted {
        key: derive_accept_key(key),
        protocol: negotiate(head, protocols),
        origin,
    })
}

/// The first of the client's subprotocols that is listed, whose order is the client's wish (section 1.9).
fn negotiate(head: &Head, protocols: &[String]) -> Option<String> {
    head.headers
        .all("sec-websocket-protocol")
        .flat_map(|value| value.split(|&byte| byte == b','))
        .find_map(|offer| {
            let offer = offer.trim_ascii();
            protocols
                .iter()
                .find(|protocol| protocol.as_bytes() == offer)
                .cloned()
        })
}

fn check_method_and_version(head: &Head) -> Result<(), Denial> {
    if head.method != "GET" {
        let message = "Unable to Upgrade: request method is not GET";
        return Err(Denial {
            status: 405,
            message,
        });
    }
    if !head.headers.has_token("sec-websocket-version", "13") {
        let message = "Unable to Upgrade: 13 not found in 'Sec-WebSocket-Version'";
        return Err(Denial {
            status: 426,
            message,
        });
    }
    Ok(())
}

/// RFC 6455 section 4.2.1, item 5: 16 bytes are 22 characters and `==`.
fn find_key(head: &Head) -> Option<&[u8]> {
    let mut keys = head.headers.all("sec-websocket-key");
    let key = keys.next()?;
    let digits = key.strip_suffix(b"==")?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    (digits.len() == 22 && digits.iter().all(is_base64) && keys.next().is_none()).then_some(key)
}

/// The origin that a rule has turned down, for the log.
pub(super) fn shown_origin(head: &Head, denial: Denial) -> Option<String> {
    let is_readable = denial.status == 403 && denial.message != Mismatch::Unparseable.as_str();
    let value = head.headers.get("origin").unwrap_or_default();
    is_readable.then(|| match value {
        b"" | b"null" => origin::FILE.to_owned(),
        value => String::from_utf8_lossy(value).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request;

    fn head(method: &str, fields: &str) -> Head {
        let text = format!("{method} / HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        request::parse(text.as_bytes(), 16).unwrap()
    }

    #[test]
    fn keys_are_sixteen_bytes() {
        for (fields, expected) in [
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", true),
            ("", false),
            ("Sec-WebSocket-Key:\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWVlZQ==\r\n", false),
            (
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                false,
            ),
        ] {
            assert_eq!(
                find_key(&head("GET", fields)).is_some(),
                expected,
                "{fields}"
            );
        }
    }

    #[test]
    fn method_and_version() {
        let status = |method, fields| {
            check_method_and_version(&head(method, fields)).map_err(|denial| denial.status)
        };
        assert_eq!(status("GET", "Sec-WebSocket-Version: 13\r\n"), Ok(()));
        assert_eq!(status("GET", "Sec-WebSocket-Version: 8, 13\r\n"), Ok(()));
        assert_eq!(status("GET", "Sec-WebSocket-Version: 12\r\n"), Err(426));
        assert_eq!(status("GET", ""), Err(426));
        assert_eq!(status("POST", "Sec-WebSocket-Version: 13\r\n"), Err(405));
    }

    #[test]
    fn the_clients_first_choice_that_we_list() {
        let listed = ["a".to_owned(), "b".to_owned()];
        let chosen = |fields| negotiate(&head("GET", fields), &listed);
        assert_eq!(
            chosen("Sec-WebSocket-Protocol: x, b, a\r\n").as_deref(),
            Some("b")
        );
        assert_eq!(
            chosen("Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: a\r\n").as_deref(),
            Some("a")
        );
        assert_eq!(chosen("Sec-WebSocket-Protocol: A\r\n"), None);
        assert_eq!(chosen(""), None);
        assert_eq!(
            negotiate(&head("GET", "Sec-WebSocket-Protocol: a\r\n"), &[]),
            None
        );
    }
}
