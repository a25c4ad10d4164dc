//! What makes a request an opening handshake (RFC 6455 section 4.2.1). Pure.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::origin::{self, Mismatch};
use super::request::{BodyLength, Head, Version, is_token_byte};

/// What a good handshake is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handshake {
    /// `Sec-WebSocket-Accept`.
    pub(super) accept: String,
    /// `Sec-WebSocket-Protocol`, if one was negotiated.
    pub(super) protocol: Option<String>,
    /// The page's origin, for the log.
    pub(super) origin: String,
}

/// Why a request is no opening handshake, or one that is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandshakeError {
    /// It came by HTTP/1.0, which has no upgrade (RFC 9110 section 7.8).
    HttpVersion,
    /// It has a body.
    Body,
    /// Its method is not GET.
    Method,
    /// It does not offer version 13.
    Version,
    /// Its page may not connect.
    Origin(Mismatch),
    /// It has no key of 16 bytes, or several.
    Key,
}

/// Method, version, origin, key, in websocketd's order.
pub(super) fn check(
    head: &Head,
    rules: &origin::OriginRules<'_>,
    protocols: &[String],
) -> Result<Handshake, HandshakeError> {
    if head.version == Version::Http10 {
        return Err(HandshakeError::HttpVersion);
    }
    if head.body != BodyLength::Known(0) {
        return Err(HandshakeError::Body);
    }
    check_method_and_version(head)?;
    let origin =
        origin::check(head.headers.all("origin"), rules).map_err(HandshakeError::Origin)?;
    let key = find_key(head).ok_or(HandshakeError::Key)?;
    Ok(Handshake {
        accept: derive_accept_key(key),
        protocol: negotiate(head, protocols),
        origin,
    })
}

/// The subprotocols that the client offers, as one list; `None` when it offers none.
pub(super) fn offered(head: &Head) -> Option<String> {
    let offers: Vec<_> = head
        .headers
        .all("sec-websocket-protocol")
        .map(String::from_utf8_lossy)
        .collect();
    let offer = offers.join(", ");
    (!offer.is_empty()).then_some(offer)
}

/// `Sec-WebSocket-Accept` for a request that is an opening handshake, wherever it comes from; `None` for one that is not.
pub(super) fn accept(head: &Head) -> Option<String> {
    let is_handshake = head.version != Version::Http10
        && head.body == BodyLength::Known(0)
        && check_method_and_version(head).is_ok();
    find_key(head)
        .filter(|_| is_handshake)
        .map(derive_accept_key)
}

/// The first subprotocol that the client offers, if it is a name.
pub(super) fn first_offer(head: &Head) -> Option<String> {
    let value = head.headers.get("sec-websocket-protocol")?;
    let first = value.split(|&byte| byte == b',').next()?.trim_ascii();
    let is_name = !first.is_empty() && first.iter().copied().all(is_token_byte);
    is_name.then(|| String::from_utf8_lossy(first).into_owned())
}

/// Whether the client offers the subprotocol `name`.
pub(super) fn offers(head: &Head, name: &str) -> bool {
    head.headers
        .all("sec-websocket-protocol")
        .flat_map(|value| value.split(|&byte| byte == b','))
        .any(|offer| offer.trim_ascii() == name.as_bytes())
}

/// The first of the client's subprotocols that is listed, whose order is the client's wish (section 1.9).
pub(super) fn negotiate(head: &Head, protocols: &[String]) -> Option<String> {
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

fn check_method_and_version(head: &Head) -> Result<(), HandshakeError> {
    if head.method != "GET" {
        return Err(HandshakeError::Method);
    }
    if !head.headers.has_token("sec-websocket-version", "13") {
        return Err(HandshakeError::Version);
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
pub(super) fn shown_origin(head: &Head, error: HandshakeError) -> Option<String> {
    let HandshakeError::Origin(Mismatch::NotSame | Mismatch::NotListed | Mismatch::NameNotListed) =
        error
    else {
        return None;
    };
    Some(match head.headers.get("origin").unwrap_or_default() {
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
        use HandshakeError::{Method, Version};
        let status = |method, fields| check_method_and_version(&head(method, fields));
        assert_eq!(status("GET", "Sec-WebSocket-Version: 13\r\n"), Ok(()));
        assert_eq!(status("GET", "Sec-WebSocket-Version: 8, 13\r\n"), Ok(()));
        assert_eq!(status("GET", "Sec-WebSocket-Version: 12\r\n"), Err(Version));
        assert_eq!(status("GET", ""), Err(Version));
        assert_eq!(status("POST", "Sec-WebSocket-Version: 13\r\n"), Err(Method));
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
