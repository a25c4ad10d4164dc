//! The client, in CGI's terms.

use super::client::Client;
use crate::net::names::look_up;

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
        assert!(!remote.host.is_empty());
    }
}
