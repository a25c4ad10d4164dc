//! Names of hosts, as the file and requests write them, and which of them a section is for. Pure.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;

use idna::AsciiDenyList;

/// The longest name in bytes (RFC 1035 section 2.3.4), without the dot at its end.
const MAX_NAME: usize = 253;

/// The hosts that a section is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HostPattern {
    /// All names below one: `*.example.org`, kept as `.example.org`. The name itself is not among them.
    Below(String),
    /// One host.
    Exact(String),
}

/// The text names no hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoHost;

impl fmt::Display for NoHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a host is a name like chat.example.org, an address like 192.0.2.7 or [2001:db8::1], or *.example.org, without a port")
    }
}

/// As in the file, but in the one spelling that names are compared in.
impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(suffix) => write!(formatter, "*{suffix}"),
            Self::Exact(name) => formatter.write_str(name),
        }
    }
}

impl HostPattern {
    /// Reads `chat.example.org`, `*.example.org`, `[::1]`; names in other scripts as people write them, or as DNS does.
    ///
    /// # Errors
    /// It is no host.
    pub fn parse(text: &str) -> Result<Self, NoHost> {
        let (is_below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let name = canonical(name).into_owned();
        let address = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let is_address = address.is_some_and(|it| it.parse::<Ipv6Addr>().is_ok());
        let is_label = |label: &str| {
            let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            (1..=63).contains(&label.len()) && label.bytes().all(is_sound)
        };
        let is_name = name.len() <= MAX_NAME && name.split('.').all(is_label);
        match is_below {
            true if is_name => Ok(Self::Below(format!(".{name}"))),
            false if is_name || is_address => Ok(Self::Exact(name)),
            _ => Err(NoHost),
        }
    }

    /// Whether `host`, which is canonical, is one of them.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => host == name,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }

    /// Whether all hosts of `other` are among them.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match other {
            Self::Exact(name) => self.matches(name),
            Self::Below(suffix) => {
                matches!(self, Self::Below(own) if suffix.ends_with(own.as_str()))
            }
        }
    }

    /// By this patterns are chosen, the greatest that matches first: one host before many, a longer name before a
    /// shorter one.
    pub fn precedence(&self) -> (bool, usize) {
        match self {
            Self::Below(suffix) => (false, suffix.len()),
            Self::Exact(name) => (true, name.len()),
        }
    }
}

/// The one spelling in which names are compared: as in DNS, in small letters, without the dot at the end (RFC
/// 5890, RFC 4343). What is no name stays as it is, and equals none.
pub fn canonical(host: &str) -> Cow<'_, str> {
    if let Some(address) = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return match address.parse::<Ipv6Addr>() {
            Ok(address) => Cow::Owned(format!("[{address}]")),
            Err(_) => Cow::Borrowed(host),
        };
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_canonical = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if host.bytes().all(is_canonical) {
        return Cow::Borrowed(host);
    }
    if host.is_ascii() {
        return Cow::Owned(host.to_ascii_lowercase());
    }
    let ascii = idna::domain_to_ascii_cow(host.as_bytes(), AsciiDenyList::URL);
    ascii.unwrap_or(Cow::Borrowed(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> HostPattern {
        HostPattern::parse(text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn one_name_has_one_spelling() {
        for (written, one) in [
            ("chat.example", "chat.example"),
            ("Chat.EXAMPLE.", "chat.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("straße.example", "xn--strae-oqa.example"),
            ("[2001:DB8:0::1]", "[2001:db8::1]"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(canonical(written), one);
            assert_eq!(pattern(written).to_string(), one);
        }
        assert_eq!(
            pattern("*.Bücher.example").to_string(),
            "*.xn--bcher-kva.example"
        );
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "", "*", "*.", ".", "..", "a..b", ".a", "a:80", "a/b", "*.*.a", "a*.b", "[::1", "[x]",
            "*.[::1]", "a b", "a%41", "a@b", "\u{ad}",
        ] {
            assert_eq!(HostPattern::parse(text), Err(NoHost), "{text}");
        }
        let long = "a".repeat(64);
        assert_eq!(HostPattern::parse(&long), Err(NoHost));
        assert_eq!(
            HostPattern::parse(&vec!["abcdefg"; 32].join(".")),
            Err(NoHost)
        );
    }

    #[test]
    fn a_star_stands_for_all_names_below() {
        let below = pattern("*.example");
        for (host, expected) in [
            ("a.example", true),
            ("a.b.example", true),
            ("example", false),
            (".example", false),
            ("aexample", false),
            ("", false),
        ] {
            assert_eq!(below.matches(host), expected, "{host}");
        }
        let narrow = pattern("*.a.example");
        assert!(below.covers(&narrow) && !narrow.covers(&below));
        assert!(below.covers(&pattern("x.example")) && below.covers(&below));
        assert!(!pattern("x.example").covers(&below));
        assert!(pattern("x.example").precedence() > narrow.precedence());
        assert!(narrow.precedence() > below.precedence());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*") {
            let one = canonical(&text).into_owned();
            let _ = HostPattern::parse(&text);
            prop_assert!(one.len() <= text.len() * 8 + 64);
        }

        #[test]
        fn a_pattern_is_read_as_it_is_written(text in "(\\*\\.)?[a-zA-Z0-9]{1,9}(\\.[a-z0-9-]{1,9}){0,3}\\.?") {
            let read = pattern(&text);
            prop_assert_eq!(pattern(&read.to_string()), read);
        }
    }
}
