//! A measure as people write it, in a room, on a page and in the server's shell alike: `[*] WHO [TIME] [REASON]`. Pure.

use std::fmt;

use super::{Entry, Measure, Network};
use crate::name::{NameError, Nick};
use crate::people::person::PersonId;
use crate::people::presence::About;
use crate::record::{Record, attrs};

/// Ten years, in minutes: longer than anything that is not for good.
const MAX_MINUTES: u64 = 10 * 366 * 24 * 60;
/// The longest account, in characters.
const MAX_ACCOUNT_CHARS: usize = 128;
/// What stands for every room.
const EVERYWHERE: &str = "*";

/// What somebody ordered, as they wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<'a> {
    /// It is to hold in every room.
    pub everywhere: bool,
    /// Against whom, for [`Target::parse`].
    pub who: &'a str,
    /// For so long; `None`: for good.
    pub minutes: Option<u32>,
    /// Why; maybe empty.
    pub reason: &'a str,
}

impl<'a> Order<'a> {
    /// `[*] WHO [TIME] [REASON]`; `None`: nobody is named, or the time is zero or beyond all measure.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (everywhere, text) = match word_and_rest(text)? {
            (EVERYWHERE, rest) if !rest.is_empty() => (true, rest),
            _ => (false, text),
        };
        let (who, rest) = word_and_rest(text)?;
        let (minutes, reason) = minutes_and_rest(rest)?;
        Some(Self {
            everywhere,
            who,
            minutes,
            reason,
        })
    }
}

/// The first word, and what comes after it.
pub fn word_and_rest(text: &str) -> Option<(&str, &str)> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| (&text[..end], text[end..].trim_start()))
}

/// A first word like `10`, `10m`, `2h`, `3d` or `1w` is a time; one of nothing or of ages is a mistake and no reason.
pub fn minutes_and_rest(text: &str) -> Option<(Option<u32>, &str)> {
    let Some((word, rest)) = word_and_rest(text) else {
        return Some((None, text));
    };
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at(digits);
    let minutes = match unit {
        _ if number.is_empty() => return Some((None, text)),
        "" | "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        "w" => 7 * 24 * 60,
        _ => return Some((None, text)),
    };
    let minutes = number.parse::<u64>().ok()?.checked_mul(minutes)?;
    let minutes = u32::try_from(minutes).ok();
    let minutes = minutes.filter(|&minutes| minutes > 0 && u64::from(minutes) <= MAX_MINUTES)?;
    Some((Some(minutes), rest))
}

/// Against whom a measure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `eve`: whoever is or was called so in the room.
    Called(Nick),
    /// `account:eve`: who logs in as this, under whatever name.
    Account(String),
    /// `number:16e613c9f92d2027d86e`: who has this number, an account or a guest's browser.
    Number(String),
    /// `address:192.0.2.7`, `address:192.0.2.0/24`: all guests from there.
    Guests(Network),
    /// `everybody:192.0.2.0/24`: also who is logged in.
    Everybody(Network),
}

/// Why nobody is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetError {
    /// It is no name.
    Name(NameError),
    /// Behind `address:` or `everybody:` is no address and no network.
    Network,
    /// Behind `account:` or `number:` is nothing, or too much.
    Empty,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Network => {
                f.write_str("an address looks like 192.0.2.7, a network like 192.0.2.0/24")
            }
            Self::Empty => {
                f.write_str("write a name, account:NAME, number:NUMBER or address:ADDRESS")
            }
        }
    }
}

impl std::error::Error for TargetError {}

impl Target {
    /// Reads one word. No name holds a colon.
    ///
    /// # Errors
    /// Why nobody is meant.
    pub fn parse(word: &str) -> Result<Self, TargetError> {
        let network = |text| Network::parse(text).ok_or(TargetError::Network);
        let some = |text: &str| {
            let fits = !text.is_empty() && text.chars().count() <= MAX_ACCOUNT_CHARS;
            fits.then(|| text.to_owned()).ok_or(TargetError::Empty)
        };
        match word.split_once(':') {
            Some(("account", account)) => some(account).map(Self::Account),
            Some(("number", number)) => some(number).map(Self::Number),
            Some(("address", address)) => network(address).map(Self::Guests),
            Some(("everybody", address)) => network(address).map(Self::Everybody),
            _ => Nick::parse(word)
                .map(Self::Called)
                .map_err(TargetError::Name),
        }
    }

    /// The name, if one was given.
    pub fn nick(&self) -> Option<&Nick> {
        match self {
            Self::Called(nick) => Some(nick),
            _ => None,
        }
    }

    /// A measure against them, for good and without a reason. `about` is who a name belongs to.
    pub fn entry(self, measure: Measure, about: About, by: &str) -> Entry {
        let mut entry = Entry::nobody(measure, by);
        match self {
            Self::Called(nick) => return Entry::against(measure, nick, about, by),
            Self::Account(account) => entry.account = Some(account),
            Self::Number(number) => entry.person = Some(number),
            Self::Guests(network) => entry.address = Some(network),
            Self::Everybody(network) => {
                entry.address = Some(network);
                entry.guests_only = false;
            }
        }
        entry
    }

    /// Whether they wrote a record; a network writes none.
    pub fn wrote(&self, record: &Record<'_>) -> bool {
        let account = record.attr(attrs::ACCOUNT);
        match self {
            Self::Called(nick) => Nick::parse(&record.from).is_ok_and(|n| n.key() == nick.key()),
            Self::Account(of) => account.is_some_and(|account| account == *of),
            Self::Number(number) => {
                let person =
                    PersonId::of(account.as_deref(), record.attr(attrs::CLIENT).as_deref());
                person.is_some_and(|person| person.as_str() == number)
            }
            Self::Guests(_) | Self::Everybody(_) => false,
        }
    }

    /// Whether a measure is against just this.
    pub(super) fn is_of(&self, entry: &Entry) -> bool {
        match self {
            Self::Called(nick) => entry.nick.as_ref().is_some_and(|n| n.key() == nick.key()),
            Self::Account(account) => entry.account.as_ref() == Some(account),
            Self::Number(number) => entry.person.as_ref() == Some(number),
            Self::Guests(network) => entry.address == Some(*network) && entry.guests_only,
            Self::Everybody(network) => entry.address == Some(*network) && !entry.guests_only,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Called(nick) => nick.fmt(f),
            Self::Account(account) => write!(f, "account:{account}"),
            Self::Number(number) => write!(f, "number:{number}"),
            Self::Guests(network) => write!(f, "address:{network}"),
            Self::Everybody(network) => write!(f, "everybody:{network}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_says_who_how_long_and_why() {
        let order = |everywhere, who, minutes, reason| {
            Some(Order {
                everywhere,
                who,
                minutes,
                reason,
            })
        };
        for (text, expected) in [
            ("eve", order(false, "eve", None, "")),
            (
                "eve 10 spam, again",
                order(false, "eve", Some(10), "spam, again"),
            ),
            ("* eve 2h", order(true, "eve", Some(120), "")),
            (
                "* account:eve  1w  spam",
                order(true, "account:eve", Some(10_080), "spam"),
            ),
            ("eve 3d", order(false, "eve", Some(4_320), "")),
            ("eve 2x spam", order(false, "eve", None, "2x spam")),
            ("eve spam 10", order(false, "eve", None, "spam 10")),
            ("*", order(false, "*", None, "")),
            ("", None),
            ("eve 0", None),
            ("eve 0h x", None),
            ("eve 99999999999", None),
            ("eve 9999999999999999999999w", None),
        ] {
            assert_eq!(Order::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_target_is_written_as_it_is_read() {
        for text in [
            "eve",
            "account:eve",
            "number:16e613c9f92d2027d86e",
            "address:192.0.2.7",
            "address:2001:db8::/64",
            "everybody:192.0.2.0/24",
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "account:", "number:", "address:eve", "everybody:"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Target::parse("a:b").unwrap().to_string(), "a-b");
    }
}
