//! Who asks, in the words of CGI.

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::net::Peer;

/// How long a name may take: a session waits for it.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Lookups at once. A lookup can't be cancelled, so this bounds the threads that a dead name server holds;
/// who comes while all are busy is known by address.
static LOOKUPS: Semaphore = Semaphore::const_new(16);

/// Longest name in the DNS.
const MAX_NAME: usize = 253;

/// `REMOTE_ADDR`, `REMOTE_HOST`, `REMOTE_PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) addr: String,
    pub(super) host: String,
    pub(super) port: String,
}

impl Remote {
    /// Describes `peer`; with `reverse_lookup`, by name where it has one.
    pub(super) async fn of(peer: Peer, reverse_lookup: bool) -> Self {
        match peer {
            Peer::Unix => Self {
                addr: "unix-socket".to_owned(),
                host: "unix-socket".to_owned(),
                port: String::new(),
            },
            Peer::Tcp(address) => {
                let ip = address.ip().to_canonical();
                let name = if reverse_lookup {
                    look_up(ip).await
                } else {
                    None
                };
                let addr = ip.to_string();
                Self {
                    host: name.unwrap_or_else(|| addr.clone()),
                    addr,
                    port: address.port().to_string(),
                }
            }
        }
    }
}

async fn look_up(ip: IpAddr) -> Option<String> {
    let permit = LOOKUPS.try_acquire().ok()?;
    let lookup = tokio::task::spawn_blocking(move || {
        let name = dns_lookup::lookup_addr(&ip);
        drop(permit);
        name
    });
    let name = timeout(LOOKUP_TIMEOUT, lookup).await.ok()?.ok()?.ok()?;
    is_name(&name).then_some(name)
}

/// Whoever owns the address owns its name record: only what can be a host name is believed.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn peers() {
        let of = |peer| Remote::of(peer, false);
        let unix = of(Peer::Unix).await;
        assert_eq!(
            (unix.addr.as_str(), unix.port.as_str()),
            ("unix-socket", "")
        );
        let mapped = of(Peer::Tcp("[::ffff:10.0.0.1]:5".parse().unwrap())).await;
        assert_eq!(
            (mapped.addr.as_str(), mapped.host.as_str()),
            ("10.0.0.1", "10.0.0.1")
        );
        assert_eq!(mapped.port, "5");
        assert_eq!(of(Peer::Tcp("[::1]:6".parse().unwrap())).await.addr, "::1");
    }

    #[tokio::test]
    async fn a_name_or_the_address() {
        let remote = Remote::of(Peer::Tcp("127.0.0.1:1".parse().unwrap()), true).await;
        assert_eq!(remote.addr, "127.0.0.1");
        assert!(is_name(&remote.host));
    }

    #[test]
    fn only_host_names_are_believed() {
        assert!(is_name("a-1.example.com"));
        for name in ["", "a b", "a'b", "a\nb", "<b>", "é"] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(!is_name(&"a".repeat(254)));
    }
}
