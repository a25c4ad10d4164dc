//! The subprotocol by which a client asks for a session that outlives its connection: `linger.v1.TOKEN.N`. Pure.
//!
//! The token is made by the client and is as good as the session itself. It stands in no log and in no environment: what
//! [`take`] leaves of the offer is its name.

use std::fmt;

/// What is left of an offer where others may see it.
pub const NAME: &str = "linger.v1";

/// Least and most characters of a token: 128 random bits are 22 of base64.
const TOKEN: std::ops::RangeInclusive<usize> = 22..=64;

/// Most digits of a number of messages, those of `u64::MAX`.
const MAX_DIGITS: usize = 20;

/// What a client offers.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    name: String,
    token: std::ops::Range<usize>,
    received: u64,
}

impl Offer {
    fn parse(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        let (token, number) = name
            .strip_prefix(NAME)?
            .strip_prefix('.')?
            .split_once('.')?;
        let is_token = token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let is_number =
            number.len() <= MAX_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit());
        if !is_token || !is_number || !TOKEN.contains(&token.len()) {
            return None;
        }
        let start = NAME.len() + 1;
        Some(Self {
            received: number.parse().ok()?,
            token: start..start + token.len(),
            name: name.to_owned(),
        })
    }

    /// The whole name, which a server that chooses it has to repeat.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What tells the session from others.
    pub fn token(&self) -> &str {
        &self.name[self.token.clone()]
    }

    /// How many messages of the session the client has received.
    pub fn received(&self) -> u64 {
        self.received
    }
}

/// Without the token.
impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} after {} messages", self.received)
    }
}

/// Takes the first offer out of a list of subprotocols, in which [`NAME`] stands for it then; `None` when there is none. What only
/// looks like one is hidden too: it may hold a token.
pub fn take(list: &[u8]) -> Option<(Vec<u8>, Option<Offer>)> {
    let is_offer = |name: &[u8]| {
        name.get(..NAME.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(NAME.as_bytes()))
            && name.len() > NAME.len()
    };
    let mut names = list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    if !names.clone().any(is_offer) {
        return None;
    }
    let offer = names.clone().find_map(Offer::parse);
    let shown: Vec<&[u8]> = names
        .by_ref()
        .map(|name| {
            if is_offer(name) {
                NAME.as_bytes()
            } else {
                name
            }
        })
        .collect();
    Some((shown.join(&b", "[..]), offer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAA-_";

    #[test]
    fn an_offer_is_taken_and_hidden() {
        let list = format!("chat,linger.v1.{TOKEN}.17, other");
        let (shown, offer) = take(list.as_bytes()).unwrap();
        let offer = offer.unwrap();
        assert_eq!(shown, b"chat, linger.v1, other");
        assert_eq!((offer.token(), offer.received()), (TOKEN, 17));
        assert_eq!(offer.name(), format!("linger.v1.{TOKEN}.17"));
        assert!(!format!("{offer:?}").contains(TOKEN));
        assert_eq!(take(b"chat, other"), None);
        assert_eq!(take(b"linger.v1"), None);
        assert_eq!(take(b""), None);
    }

    #[test]
    fn what_only_looks_like_one_is_hidden() {
        let long = "x".repeat(65);
        for bad in [
            format!("linger.v1.{TOKEN}"),
            format!("linger.v1.{TOKEN}."),
            format!("linger.v1.{TOKEN}.-1"),
            format!("linger.v1.{TOKEN}.+1"),
            format!("linger.v1.{TOKEN}.1.2"),
            format!("linger.v1.{TOKEN}.18446744073709551616"),
            format!("linger.v1.{TOKEN}.000000000000000000001"),
            format!("linger.v1.{}.1", &TOKEN[1..]),
            format!("linger.v1.{long}.1"),
            format!("linger.v1.{TOKEN}!.1"),
            format!("Linger.V1.{TOKEN}.1"),
            format!("linger.v11{TOKEN}.1"),
        ] {
            let taken = take(bad.as_bytes());
            assert_eq!(taken, Some((NAME.into(), None)), "{bad}");
        }
        let most = format!("linger.v1.{TOKEN}.18446744073709551615");
        let (_, offer) = take(most.as_bytes()).unwrap();
        assert_eq!(offer.unwrap().received(), u64::MAX);
    }

    #[test]
    fn the_first_of_several_counts() {
        let list = format!("linger.v1.short.1, linger.v1.{TOKEN}.1, linger.v1.{TOKEN}.2");
        let (shown, offer) = take(list.as_bytes()).unwrap();
        assert_eq!(shown, b"linger.v1, linger.v1, linger.v1");
        assert_eq!(offer.unwrap().received(), 1);
    }
}
