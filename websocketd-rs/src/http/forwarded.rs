//! The client behind a proxy: `Forwarded` (RFC 7239), `X-Forwarded-For`, `X-Forwarded-Proto`. Pure.
//!
//! Anybody can send these fields, so only those of a trusted proxy count, and of a list only the part that trusted
//! proxies have added: it is read from its end, and the first address that is no trusted proxy's is the client.

use std::net::IpAddr;

use super::request::Headers;

/// What the proxies say about the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwardedClient {
    /// The client's address; the proxy's own, if it names none.
    pub address: IpAddr,
    /// The client's port, if named.
    pub port: Option<u16>,
    /// Whether the client speaks TLS to the first of the proxies; `None`: not said.
    pub https: Option<bool>,
}

/// One hop of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Hop {
    /// `None`: hidden, unknown or malformed. Nothing before it can be believed.
    node: Option<(IpAddr, Option<u16>)>,
    https: Option<bool>,
}

/// Why the fields are not believed, for the client and the log.
pub type Doubt = &'static str;

/// Reads the fields of a request that came from `proxy`, which is trusted.
///
/// # Errors
/// When they can be read in two ways. A proxy sets one of the two kinds and lets a client's own fields of the other kind through,
/// and which one it sets is not known here: if they name different clients, one of them may be forged.
pub fn read(
    headers: &Headers,
    proxy: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Result<ForwardedClient, Doubt> {
    let standard = forwarded_hops(headers)?;
    let customary = x_forwarded_hops(headers);
    let protocol = x_forwarded_protocol(headers, &customary);
    let follow = |hops: &[Hop]| follow(hops, proxy, &is_trusted);
    let origin = match (standard.is_empty(), customary.is_empty()) {
        (true, true) => ForwardedClient {
            address: proxy,
            port: None,
            https: None,
        },
        (true, false) => follow(&customary),
        (false, true) => follow(&standard),
        (false, false) => {
            let (origin, other) = (follow(&standard), follow(&customary));
            if origin.address != other.address {
                return Err("Forwarded and X-Forwarded-For name different clients");
            }
            ForwardedClient {
                https: origin.https.or(other.https),
                ..origin
            }
        }
    };
    Ok(ForwardedClient {
        https: origin.https.or(protocol),
        ..origin
    })
}

/// From the last hop back to the first that is no trusted proxy.
fn follow(hops: &[Hop], proxy: IpAddr, is_trusted: &impl Fn(IpAddr) -> bool) -> ForwardedClient {
    let mut origin = ForwardedClient {
        address: proxy,
        port: None,
        https: None,
    };
    for hop in hops.iter().rev() {
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

/// The hops of `Forwarded`, the client's first. A comma in a quoted string separates nothing.
fn forwarded_hops(headers: &Headers) -> Result<Vec<Hop>, Doubt> {
    let mut hops = Vec::new();
    for value in headers.all("forwarded") {
        let text = String::from_utf8_lossy(value);
        // A quote that a client left open would swallow what the proxy has added behind it.
        if !text.matches('"').count().is_multiple_of(2) {
            return Err("a quote in Forwarded is not closed");
        }
        hops.extend(split_unquoted(&text, ',').map(parse_element));
    }
    Ok(hops)
}

/// The hops of `X-Forwarded-For`, the client's first, with their protocols if there are as many.
fn x_forwarded_hops(headers: &Headers) -> Vec<Hop> {
    let nodes = elements(headers, "x-forwarded-for", parse_node);
    let protocols = elements(headers, "x-forwarded-proto", parse_protocol);
    let is_paired = protocols.len() == nodes.len();
    let protocol = |at: usize| protocols.get(at).copied().flatten().filter(|_| is_paired);
    let hops = nodes.into_iter().enumerate();
    hops.map(|(at, node)| Hop {
        node,
        https: protocol(at),
    })
    .collect()
}

/// What `X-Forwarded-Proto` says of the whole way where it does not list every hop: its last value.
fn x_forwarded_protocol(headers: &Headers, hops: &[Hop]) -> Option<bool> {
    let protocols = elements(headers, "x-forwarded-proto", parse_protocol);
    let last = protocols.last().copied().flatten();
    last.filter(|_| protocols.len() != hops.len())
}

/// The elements of a list, over all fields of the name.
fn elements<T>(headers: &Headers, name: &str, parse: fn(&str) -> Option<T>) -> Vec<Option<T>> {
    let pieces = headers
        .all(name)
        .flat_map(|value| value.split(|byte| *byte == b','));
    pieces
        .map(|piece| parse(std::str::from_utf8(piece).ok()?.trim()))
        .collect()
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
    fn try_read(fields: &str) -> Result<ForwardedClient, Doubt> {
        let trusted = |ip: IpAddr| matches!(ip, IpAddr::V4(ip) if ip.octets()[0] == 10);
        read(&headers(fields), "10.0.0.1".parse().unwrap(), trusted)
    }

    fn origin(fields: &str) -> (String, Option<u16>, Option<bool>) {
        let origin = try_read(fields).unwrap();
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
            (
                "Forwarded: for=6.6.6.6, for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.2\r\n",
                "192.0.2.1",
            ),
        ] {
            assert_eq!(origin(fields).0, address, "{fields}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_believed() {
        for fields in [
            "Forwarded: for=6.6.6.6;x=\", for=192.0.2.1\r\n",
            "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 6.6.6.6\r\n",
            "Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "Forwarded: for=unknown\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "Forwarded: by=x\r\nX-Forwarded-For: 192.0.2.1\r\n",
        ] {
            assert!(try_read(fields).is_err(), "{fields}");
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
            if let Ok(origin) = try_read(&fields) {
                prop_assert_eq!(origin.address.to_string(), "192.0.2.1");
            }
        }
    }
}
