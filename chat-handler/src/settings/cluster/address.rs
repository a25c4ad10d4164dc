//! Where an engine is.

use std::fmt;
use std::path::PathBuf;

/// Where Redis is, if no port is named.
const PORT: u16 = 6379;
/// Where Sentinel is, if no port is named.
const SENTINEL_PORT: u16 = 26379;
/// More are a mistake: each is asked, one after the other.
const MAX_SENTINELS: usize = 9;

/// What is allowed, for the administrator.
pub(super) const ALLOWED: &str = "local, redis://HOST:PORT, rediss://HOST:PORT (TLS), unix:/PATH, or \
    sentinel://HOST:PORT,HOST:PORT,HOST:PORT/NAME (sentinels:// with TLS)";

/// Where an engine is, or who knows that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A server.
    Tcp {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// Whether it speaks TLS.
        tls: bool,
    },
    /// A server's socket.
    Unix(PathBuf),
    /// Whichever server Sentinel says.
    Sentinel {
        /// Where each Sentinel is.
        hosts: Vec<(String, u16)>,
        /// What Sentinel calls the engine.
        name: String,
        /// Whether Sentinel and servers speak TLS.
        tls: bool,
    },
}

impl Address {
    /// As it is written in the file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let is_whole = path.starts_with('/') && !path.contains('\0');
            return is_whole.then(|| Self::Unix(path.into()));
        }
        let (scheme, rest) = text.split_once("://")?;
        let tls = matches!(scheme, "rediss" | "sentinels");
        match scheme {
            "redis" | "rediss" => {
                let (host, port) = host(rest, PORT)?;
                Some(Self::Tcp { host, port, tls })
            }
            "sentinel" | "sentinels" => {
                let (hosts, name) = rest.split_once('/')?;
                let hosts: Vec<_> = hosts
                    .split(',')
                    .map(|it| host(it, SENTINEL_PORT))
                    .collect::<Option<_>>()?;
                let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
                let is_name = (1..=64).contains(&name.len()) && name.bytes().all(good);
                let fits = is_name && hosts.len() <= MAX_SENTINELS;
                let name = name.to_owned();
                fits.then_some(Self::Sentinel { hosts, name, tls })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = |tls: bool| if tls { "s" } else { "" };
        match self {
            Self::Tcp { host, port, tls } => write!(f, "redis{}://{host}:{port}", s(*tls)),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Sentinel { hosts, name, tls } => {
                let hosts: Vec<_> = hosts.iter().map(|(h, p)| format!("{h}:{p}")).collect();
                write!(f, "sentinel{}://{}/{name}", s(*tls), hosts.join(","))
            }
        }
    }
}

/// `HOST`, `HOST:PORT` or `[IPv6]:PORT`. Passwords have a file of their own and no place here.
fn host(text: &str, port: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (
                host,
                if rest.is_empty() {
                    port
                } else {
                    number(rest.strip_prefix(':')?)?
                },
            )
        }
        None => match text.split_once(':') {
            Some((host, digits)) => (host, number(digits)?),
            None => (text, port),
        },
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    let fits = (1..=255).contains(&host.len()) && host.bytes().all(good);
    fits.then(|| (host.to_owned(), port))
}

fn number(digits: &str) -> Option<u16> {
    digits.parse().ok().filter(|&port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_meant() {
        for text in [
            "redis://127.0.0.1:6379",
            "rediss://engine.example:6380",
            "unix:/run/redis/redis.sock",
            "sentinel://a:26379,b:26380,c:26379/chat",
            "sentinels://a:26379/chat",
        ] {
            assert_eq!(
                Address::parse(text).map(|it| it.to_string()).as_deref(),
                Some(text)
            );
        }
        let (host, port) = (String::from("::1"), PORT);
        let wanted = Address::Tcp {
            host,
            port,
            tls: false,
        };
        assert_eq!(Address::parse("redis://[::1]"), Some(wanted));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "redis",
            "redis://",
            "redis://a:0",
            "redis://a:70000",
            "redis://user:secret@a:6379",
            "redis://a:6379/0",
            "unix:relative",
            "sentinel://a",
            "sentinel://a/",
            "sentinel:///chat",
            "sentinel://a,,b/chat",
            "nats://a:4222",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
