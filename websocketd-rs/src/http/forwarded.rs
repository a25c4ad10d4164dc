//! Who asks when a proxy asks for them: `Forwarded` (RFC 7239), `X-Forwarded-For`, `X-Forwarded-Proto`. Pure.
//!
//! Anybody can send these fields, so only those of a trusted proxy count, and of a list only the part that trusted
//! proxies have added: it is read from its end, and the first address that is no trusted proxy's is the client.

use std::net::IpAddr;

use super::request::Headers;

/// What the proxies say about the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The client's address; the proxy's own, when it doesn't tell one.
    pub(super) address: IpAddr,
    /// The client's port, where it is told.
    pub(super) port: Option<u16>,
    /// Whether the client speaks TLS to the first of the proxies; `None`: not told.
    pub(super) https: Option<bool>,
}

/// One hop of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Hop {
    /// `None`: hidden, unknown or malformed. Nothing before it can be believed.
    node: Option<(IpAddr, Option<u16>)>,
    https: Option<bool>,
}

/// Reads the fields of a request that came from `proxy`, which is trusted.
pub(super) fn read(
    headers: &Headers,
    proxy: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Origin {
    let mut origin = Origin {
        address: proxy,
        port: None,
        https: None,
    };
    for hop in hops(headers).into_iter().rev() {
        if hop.https.is_some() {
            origin.https = hop.https;
        }
        let Some((address, port)) = hop.node else {
            break;
        };
        let address = address.to_canonical();
        (origin.address, origin.port) = (address, port);
        if !is_trusted(address) {
            break;
        }
    }
    origin
}

/// The way in the order of the fields: the client first. `Forwarded`, the standard, goes before the others.
fn hops(headers: &Headers) -> Vec<Hop> {
    let forwarded: Vec<Hop> = quoted_elements(headers).map(parse_element).collect();
    if !forwarded.is_empty() {
        return forwarded;
    }
    let protocols: Vec<_> = elements(headers, "x-forwarded-proto")
        .map(parse_protocol)
        .collect();
    let mut hops: Vec<Hop> = elements(headers, "x-forwarded-for")
        .map(|element| Hop {
            node: parse_node(element),
            https: None,
        })
        .collect();
    if hops.is_empty() && !protocols.is_empty() {
        hops.push(Hop::default());
    }
    // As many as there are addresses: one for each. Otherwise the last proxy's word holds.
    let last = protocols.last().copied().flatten();
    let is_paired = protocols.len() == hops.len();
    for (at, hop) in hops.iter_mut().enumerate() {
        hop.https = if is_paired { protocols[at] } else { last };
    }
    hops
}

/// The elements of a list, over all fields of the name.
fn elements<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .all(name)
        .flat_map(|value| readable(value).split(',').map(str::trim))
}

/// The elements of `Forwarded`, where a comma in a quoted string separates nothing. A quote that a client left open
/// would swallow what the proxy has added behind it: then nothing of the field is believed.
fn quoted_elements(headers: &Headers) -> impl Iterator<Item = &str> {
    headers.all("forwarded").flat_map(|value| {
        let text = readable(value);
        let is_balanced = text.matches('"').count().is_multiple_of(2);
        split_unquoted(if is_balanced { text } else { UNKNOWN }, ',')
    })
}

/// No address: nothing before it is believed.
const UNKNOWN: &str = "unknown";

fn readable(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or(UNKNOWN)
}

fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |char| {
        is_quoted ^= char == '"';
        char == separator && !is_quoted
    })
    .map(str::trim)
}

/// `for=192.0.2.60;proto=http;by=203.0.113.43`.
fn parse_element(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split_unquoted(element, ';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("for") {
            hop.node = parse_node(value);
        } else if name.trim().eq_ignore_ascii_case("proto") {
            hop.https = parse_protocol(value);
        }
    }
    hop
}

fn parse_protocol(text: &str) -> Option<bool> {
    let is = |names: [&str; 2]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    match (is(["https", "wss"]), is(["http", "ws"])) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// An address with or without port; IPv6 with or without brackets.
fn parse_node(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((address, None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address = IpAddr::V6(address.parse().ok()?);
        return match port.strip_prefix(':') {
            None if port.is_empty() => Some((address, None)),
            None => None,
            // RFC 7239 section 6: a port can be hidden too.
            Some(port) => Some((address, port.parse().ok())),
        };
    }
    let (address, port) = text.split_once(':')?;
    Some((IpAddr::V4(address.parse().ok()?), port.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request;
    use proptest::prelude::*;

    fn headers(fields: &str) -> Headers {
        let text = format!("GET / HTTP/1.0\r\n{fields}\r\n");
        request::parse(text.as_bytes(), 16).unwrap().headers
    }

    /// Read behind 10.0.0.1, where all of 10.0.0.0/8 is trusted.
    fn origin(fields: &str) -> (String, Option<u16>, Option<bool>) {
        let trusted = |ip: IpAddr| matches!(ip, IpAddr::V4(ip) if ip.octets()[0] == 10);
        let origin = read(&headers(fields), "10.0.0.1".parse().unwrap(), trusted);
        (origin.address.to_string(), origin.port, origin.https)
    }

    #[test]
    fn the_last_address_that_is_no_proxys_is_the_client() {
        for (fields, address) in [
            ("", "10.0.0.1"),
            ("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
            ("X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n", "192.0.2.1"),
            (
                "X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.0.0.2\r\n",
                "192.0.2.1",
            ),
            (
                "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\n",
                "192.0.2.1",
            ),
            ("X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3"),
            ("X-Forwarded-For: 6.6.6.6, junk, 10.0.0.2\r\n", "10.0.0.2"),
            ("X-Forwarded-For: 6.6.6.6, unknown\r\n", "10.0.0.1"),
            ("X-Forwarded-For: ::ffff:192.0.2.1\r\n", "192.0.2.1"),
            ("X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"),
            ("Forwarded: for=192.0.2.1;by=10.0.0.1\r\n", "192.0.2.1"),
            (
                "forwarded: by=10.0.0.1; For=\"[2001:db8::1]:99\"\r\n",
                "2001:db8::1",
            ),
            (
                "Forwarded: for=6.6.6.6, for=192.0.2.1, for=10.0.0.2\r\n",
                "192.0.2.1",
            ),
            (
                "Forwarded: for=\"6.6.6.6, for=7.7.7.7\", for=_hidden\r\n",
                "10.0.0.1",
            ),
            ("Forwarded: for=6.6.6.6;x=\", for=192.0.2.1\r\n", "10.0.0.1"),
            (
                "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 6.6.6.6\r\n",
                "192.0.2.1",
            ),
        ] {
            assert_eq!(origin(fields).0, address, "{fields}");
        }
    }

    #[test]
    fn ports_are_told_or_not() {
        for (node, port) in [
            ("192.0.2.1:80", Some(80)),
            ("192.0.2.1:_x", None),
            ("[2001:db8::1]:443", Some(443)),
            ("[2001:db8::1]", None),
        ] {
            assert_eq!(
                origin(&format!("X-Forwarded-For: {node}\r\n")).1,
                port,
                "{node}"
            );
        }
    }

    #[test]
    fn the_protocol_of_the_first_believed_hop() {
        for (fields, https) in [
            ("", None),
            ("X-Forwarded-Proto: https\r\n", Some(true)),
            (
                "X-Forwarded-Proto: ws\r\nX-Forwarded-For: 192.0.2.1\r\n",
                Some(false),
            ),
            (
                "X-Forwarded-Proto: junk\r\nX-Forwarded-For: 192.0.2.1\r\n",
                None,
            ),
            (
                "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\nX-Forwarded-Proto: https\r\n",
                Some(true),
            ),
            (
                "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\nX-Forwarded-Proto: https, http\r\n",
                Some(false),
            ),
            (
                "X-Forwarded-For: 192.0.2.1, 10.0.0.2\r\nX-Forwarded-Proto: https, http\r\n",
                Some(true),
            ),
            (
                "Forwarded: for=6.6.6.6;proto=https, for=192.0.2.1;proto=http\r\n",
                Some(false),
            ),
            (
                "Forwarded: for=192.0.2.1;proto=https, for=10.0.0.2\r\n",
                Some(true),
            ),
        ] {
            assert_eq!(origin(fields).2, https, "{fields}");
        }
    }

    proptest! {
        #[test]
        fn what_the_client_prepends_changes_nothing(forged in "[ -~]{0,40}") {
            let fields = format!("X-Forwarded-For: {forged}, 192.0.2.1\r\n");
            prop_assert_eq!(origin(&fields).0, "192.0.2.1");
        }

        #[test]
        fn an_unbalanced_quote_never_yields_the_forged_address(forged in "[ -~]{0,40}") {
            let fields = format!("Forwarded: for=6.6.6.6;x={forged}, for=192.0.2.1\r\n");
            let (address, _, _) = origin(&fields);
            prop_assert!(address == "192.0.2.1" || address == "10.0.0.1", "{}", address);
        }
    }
}
