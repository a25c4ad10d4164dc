//! Whom limits count. A session is free to have, so what must not be had without end is counted by
//! account or by address.

use std::net::IpAddr;

use super::Person;

/// Everybody whose address is not known: it is a proxy's that is not trusted, or there is none.
const UNKNOWN: &str = "unknown";

/// The address, or the network that one subscriber has in IPv6. This machine's own address tells nobody
/// from another: it is a proxy's.
pub fn network_of(address: &str) -> Option<String> {
    match address.parse::<IpAddr>().ok()?.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => Some(format!("{:x}::/64", address.to_bits() >> 64)),
    }
}

/// Who is counted: an account, else an address, else all of whom neither is known together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// No two that are counted apart have the same.
    pub name: String,
    /// Whether it stands for everybody of whom nothing is known.
    pub is_unknown: bool,
}

impl Counted {
    /// Whom `person` at `address` is counted as.
    pub fn of(person: &Person, address: &str) -> Self {
        let account = person.account.as_deref();
        let known = account
            .map(|account| format!("account {account}"))
            .or_else(|| Some(format!("network {}", network_of(address)?)));
        Self {
            is_unknown: known.is_none(),
            name: known.unwrap_or_else(|| UNKNOWN.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_counts_before_an_address() {
        let guest = Person::default();
        let alice = Person {
            account: Some("alice".into()),
            ..Person::default()
        };
        let name = |person: &Person, address| Counted::of(person, address).name;
        assert_eq!(name(&alice, "192.0.2.7"), "account alice");
        assert_eq!(name(&guest, "192.0.2.7"), "network 192.0.2.7");
        assert_eq!(name(&guest, "::ffff:192.0.2.7"), "network 192.0.2.7");
        assert_eq!(
            name(&guest, "2001:db8:0:1::7"),
            name(&guest, "2001:db8:0:1:f::8")
        );
        for address in ["", "127.0.0.1", "::1", "nonsense"] {
            assert!(Counted::of(&guest, address).is_unknown, "{address}");
        }
    }
}
