//! The client, in CGI's terms.

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::client::Client;

/// Longest wait for a name: a session waits with it.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Lookups at once. A lookup can't be cancelled, so this bounds the threads that a dead name server holds.
/// While all are busy, clients are known by address.
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
    /// Describes `client`; with `reverse_lookup`, by name where it has one.
    pub(super) async fn of(client: Client, reverse_lookup: bool) -> Self {
        match client.address {
            None => Self {
                addr: "unix-socket".to_owned(),
                host: "unix-socket".to_owned(),
                port: String::new(),
            },
            Some(ip) => {
                let name = if reverse_lookup {
                    look_up(ip).await
                } else {
                    None
                };
                let addr = ip.to_string();
                Self {
                    host: name.unwrap_or_else(|| addr.clone()),
                    addr,
                    port: client.port.map(|port| port.to_string()).unwrap_or_default(),
                }
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the resolver blocks; LOOKUPS bounds the threads, and each look-up ends by itself"
)]
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

/// The owner of an address controls its name record: only what can be a host name is accepted.
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

    fn client(address: Option<&str>, port: Option<u16>) -> Client {
        let address = address.map(|address| address.parse().unwrap());
        Client {
            proxy: None,
            is_named: false,
            address,
            port,
            https: false,
        }
    }

    #[tokio::test]
    async fn clients() {
        let unix = Remote::of(client(None, None), false).await;
        assert_eq!(
            (unix.addr.as_str(), unix.host.as_str()),
            ("unix-socket", "unix-socket")
        );
        assert_eq!(unix.port, "");
        let tcp = Remote::of(client(Some("::1"), Some(6)), false).await;
        assert_eq!(
            (tcp.addr.as_str(), tcp.host.as_str(), tcp.port.as_str()),
            ("::1", "::1", "6")
        );
    }

    #[tokio::test]
    async fn a_name_or_the_address() {
        let remote = Remote::of(client(Some("127.0.0.1"), Some(1)), true).await;
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
