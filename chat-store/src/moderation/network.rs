//! Networks as `192.0.2.0/24`.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

/// What a provider gives to one household, in bits (RFC 6177).
const HOUSEHOLD_BITS: u8 = 64;

/// A network, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Reads `address` or `address/bits`; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let net = text.parse::<IpNet>().ok();
        let one = || {
            text.parse::<IpAddr>()
                .ok()
                .map(|ip| ip.to_canonical().into())
        };
        net.or_else(one).map(Self)
    }

    /// What one household has: the address itself, of IPv6 its /64, in which every machine takes a new address each day.
    pub fn around(address: &str) -> Option<Self> {
        let net = match address.trim().parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V6(address) => Ipv6Net::new(address, HOUSEHOLD_BITS).ok()?.trunc().into(),
            address @ IpAddr::V4(_) => address.into(),
        };
        Some(Self(net))
    }

    /// Whether `address` lies within; an IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    /// One address without its bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            self.0.addr().fmt(f)
        } else {
            self.0.fmt(f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_lies_within_and_nothing_else() {
        let holds = |net: &str, address: &str| {
            Network::parse(net)
                .expect("a network")
                .contains(address.parse().unwrap())
        };
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(
            holds("2001:db8::/32", "2001:db8:1::") && !holds("::1", "::2") && holds("::/0", "::2")
        );
    }

    #[test]
    fn a_household_is_one_address_or_one_slash_64() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            let around = Network::around(address).expect("a network");
            assert_eq!(around.to_string(), network);
        }
        assert_eq!(Network::around("2001:db8::/32"), None);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "::1/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "1.2.3",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_is_shown_as_it_is_written() {
        for text in ["192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "::1"] {
            assert_eq!(Network::parse(text).expect("a network").to_string(), text);
        }
    }
}
