//! The PROXY protocol, versions 1 and 2: a proxy names the client before it passes its bytes on
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// The start of a version 2 header.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The start of a version 1 header.
const WORD: &[u8] = b"PROXY ";

/// Longest version 1 header with its line end, as the specification says.
const MAX_LINE: usize = 107;

/// Longest version 2 header after its fixed part: addresses, and extensions, which are skipped. Proxies send some 100 bytes.
const MAX_BODY: usize = 4096;

/// Whose bytes follow the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxiedPeer {
    /// The client's at this address.
    Client(SocketAddr),
    /// The proxy's own, or those of a client that it does not know.
    Proxy,
}

/// Reads the header that `stream` must begin with, and not a byte more, in `limit` at most.
///
/// # Errors
/// When there is no such header.
pub async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    limit: Duration,
) -> io::Result<ProxiedPeer> {
    let header = async {
        let mut head = vec![0; SIGNATURE.len()];
        stream.read_exact(&mut head).await?;
        if head == SIGNATURE {
            return read_binary(stream).await;
        }
        if !head.starts_with(WORD) {
            return Err(wrong("the connection does not begin with a PROXY header"));
        }
        while !head.ends_with(b"\n") {
            if head.len() == MAX_LINE {
                return Err(wrong("the PROXY line is too long"));
            }
            // Byte by byte: what follows the line is the client's, and often TLS, which reads from the socket itself.
            head.push(stream.read_u8().await?);
        }
        parse_line(&head).ok_or_else(|| wrong("the PROXY line is malformed"))
    };
    timeout(limit, header)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the PROXY header took too long"))?
}

async fn read_binary(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<ProxiedPeer> {
    let mut fixed = [0; 4];
    stream.read_exact(&mut fixed).await?;
    let [command, family, high, low] = fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_BODY {
        return Err(wrong("the PROXY header is too long"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    parse_binary(command, family, &body).ok_or_else(|| wrong("the PROXY header is malformed"))
}

fn wrong(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n`.
fn parse_line(line: &[u8]) -> Option<ProxiedPeer> {
    let text = std::str::from_utf8(line)
        .ok()?
        .strip_suffix("\r\n")?
        .strip_prefix("PROXY ")?;
    if text == "UNKNOWN" || text.starts_with("UNKNOWN ") {
        return Some(ProxiedPeer::Proxy);
    }
    let mut words = text.split(' ');
    let (family, source, destination) = (words.next()?, words.next()?, words.next()?);
    let (port, own_port) = (words.next()?, words.next()?);
    let addresses: (IpAddr, IpAddr) = (source.parse().ok()?, destination.parse().ok()?);
    let matching = match family {
        "TCP4" => addresses.0.is_ipv4() && addresses.1.is_ipv4(),
        "TCP6" => addresses.0.is_ipv6() && addresses.1.is_ipv6(),
        _ => false,
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if !matching || words.next().is_some() || !digits(port) || !digits(own_port) {
        return None;
    }
    own_port.parse::<u16>().ok()?;
    Some(ProxiedPeer::Client(SocketAddr::new(
        addresses.0,
        port.parse().ok()?,
    )))
}

/// Version and command, family and transport, and what follows the length.
fn parse_binary(command: u8, family: u8, body: &[u8]) -> Option<ProxiedPeer> {
    match (command, family) {
        (0x21, 0x11) => {
            let body: &[u8; 12] = body.first_chunk()?;
            let [a, b, c, d, _, _, _, _, high, low, ..] = *body;
            let port = u16::from_be_bytes([high, low]);
            Some(ProxiedPeer::Client(SocketAddr::new(
                Ipv4Addr::new(a, b, c, d).into(),
                port,
            )))
        }
        (0x21, 0x21) => {
            let body: &[u8; 36] = body.first_chunk()?;
            let address: [u8; 16] = *body.first_chunk()?;
            let port = u16::from_be_bytes([body[32], body[33]]);
            Some(ProxiedPeer::Client(SocketAddr::new(
                Ipv6Addr::from(address).into(),
                port,
            )))
        }
        // LOCAL, a health check of the proxy's own; and families that have no IP address, also those to come: the proxy's own
        // address counts, as the specification wants.
        (0x20 | 0x21, _) => Some(ProxiedPeer::Proxy),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read from `bytes`, and what is left of them.
    async fn parse(bytes: &[u8]) -> (io::Result<ProxiedPeer>, Vec<u8>) {
        let mut rest = bytes;
        let read = read(&mut rest, Duration::from_secs(60)).await;
        (read, rest.to_vec())
    }

    async fn good(bytes: &[u8]) -> Option<String> {
        let (read, rest) = parse(&[bytes, b"GET"].concat()).await;
        assert_eq!(rest, b"GET", "not a byte of the client's is taken");
        match read.expect("a header") {
            ProxiedPeer::Client(address) => Some(address.to_string()),
            ProxiedPeer::Proxy => None,
        }
    }

    fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE, &[command, family][..], &length, body].concat()
    }

    #[tokio::test]
    async fn lines() {
        let four = good(b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n").await;
        assert_eq!(four.as_deref(), Some("192.0.2.1:56324"));
        let six = good(b"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n").await;
        assert_eq!(six.as_deref(), Some("[2001:db8::1]:1"));
        assert_eq!(good(b"PROXY UNKNOWN\r\n").await, None);
        assert_eq!(good(b"PROXY UNKNOWN ffff::1 x y\r\n").await, None);
    }

    #[tokio::test]
    async fn binaries() {
        let four = [192, 0, 2, 1, 198, 51, 100, 1, 1, 0, 1, 187];
        let told = good(&binary(0x21, 0x11, &four)).await;
        assert_eq!(told.as_deref(), Some("192.0.2.1:256"));
        let added = [&four[..], &[4, 0, 1, 0]].concat();
        assert_eq!(
            good(&binary(0x21, 0x11, &added)).await,
            told,
            "additions are read over"
        );
        let mut six = [0; 36];
        (six[0], six[15], six[33]) = (0x20, 1, 9);
        assert_eq!(
            good(&binary(0x21, 0x21, &six)).await.as_deref(),
            Some("[2000::1]:9")
        );
        assert_eq!(good(&binary(0x20, 0, &[])).await, None);
        assert_eq!(good(&binary(0x20, 0x11, &four)).await, None);
        assert_eq!(good(&binary(0x21, 0x31, &[0; 216])).await, None);
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let long = [
            b"PROXY UNKNOWN ".to_vec(),
            vec![b'x'; 200],
            b"\r\n".to_vec(),
        ]
        .concat();
        for bad in [
            &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
            b"PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 +6324 443\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
            b"PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n",
            b"PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n",
            b"PROXY TCP4",
            b"",
            &long,
            &binary(0x11, 0x11, &[0; 12]),
            &binary(0x22, 0x11, &[0; 12]),
            &binary(0x21, 0x11, &[0; 11]),
            &binary(0x21, 0x21, &[0; 35]),
            &binary(0x20, 0, &[0; MAX_BODY + 1]),
            &SIGNATURE,
        ] {
            let (read, _) = parse(bad).await;
            assert!(read.is_err(), "{}", bad.escape_ascii());
        }
    }
}
