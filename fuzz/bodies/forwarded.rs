//! Any forwarding fields of a client, to which its proxy adds the truth: the client is who the proxy says, or is not told.

use std::net::IpAddr;

use websocketd::http::forwarded::read;
use websocketd::http::request::parse;

pub fn run(bytes: &[u8]) {
    let proxy: IpAddr = [127, 0, 0, 1].into();
    let client: IpAddr = [198, 51, 100, 7].into();
    let is_trusted = |ip: IpAddr| ip == proxy;
    let head = |fields: &[u8]| {
        let bytes = [b"GET / HTTP/1.0\r\n", fields, b"\r\n\r\n"].concat();
        parse(&bytes, 64).ok()
    };
    // As fields of its own, and at the end of the client's.
    for added in [
        "\r\nForwarded: for=198.51.100.7",
        ", for=198.51.100.7",
        "\r\nX-Forwarded-For: 198.51.100.7",
        ", 198.51.100.7",
    ] {
        // A field of another name that the client smuggles in is another case.
        if bytes.contains(&b'\n') {
            break;
        }
        let name: &[u8] = if added.contains("for=") || added.contains("Forwarded: ") {
            b"Forwarded: "
        } else {
            b"X-Forwarded-For: "
        };
        let Some(head) = head(&[name, bytes, added.as_bytes()].concat()) else {
            continue;
        };
        if let Ok(origin) = read(&head.headers, proxy, is_trusted) {
            assert!(origin.address == client, "{head:?}: {origin:?}");
        }
    }
    if let Some(head) = head(bytes) {
        let _ = read(&head.headers, proxy, |_| true);
        let _ = read(&head.headers, proxy, |_| false);
    }
}
