//! Which pages may connect: the `Origin` header against `--sameorigin` and `--origin` (RFC 6454, RFC 6455 section 10.2).

use super::target::split_host;

/// A parsed origin. Scheme and host are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// What the page's origin has to meet.
#[derive(Debug, Clone, Copy)]
pub struct OriginRules<'a> {
    /// `--sameorigin`.
    pub same_origin: bool,
    /// `--origin`.
    pub allowed: Option<&'a [String]>,
    /// Host of the request, perhaps with its port.
    pub host: &'a str,
    /// Whether the request came by TLS.
    pub tls: bool,
}

/// Why a page may not connect: the text of the access line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The header is no origin, or there are several.
    Unparseable,
    /// `--sameorigin`.
    NotSame,
    /// `--origin`.
    NotListed,
    /// A terminal without `--origin`, at a name that may be anybody's.
    NameNotListed,
}

impl Mismatch {
    /// As websocketd logs it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unparseable => "Origin parsing error: not an origin",
            Self::NotSame => "Same origin policy mismatch",
            Self::NotListed => "Origin is not listed in allowed list",
            Self::NameNotListed => {
                "A terminal is for pages of an address, localhost or this machine's name; list others by --origin"
            }
        }
    }
}

/// What stands in the log and passes as origin for a page that has none, such as a local file.
pub const FILE: &str = "file:";

/// Checks the values of the `Origin` header. The origin to log, and the verdict.
pub fn check<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
    rules: &OriginRules<'_>,
) -> Result<String, Mismatch> {
    let value = values.next().unwrap_or_default().trim_ascii();
    if values.next().is_some() {
        return Err(Mismatch::Unparseable);
    }
    // `null` is what sandboxed frames send: any page can make one, so it never meets a list.
    let text = match value {
        b"" => FILE,
        b"null" if rules.allowed.is_none() => FILE,
        value => std::str::from_utf8(value).map_err(|_| Mismatch::Unparseable)?,
    };
    let origin = parse(text).ok_or(Mismatch::Unparseable)?;
    if rules.same_origin && !is_same(&origin, rules) {
        return Err(Mismatch::NotSame);
    }
    if rules
        .allowed
        .is_some_and(|list| !list.iter().any(|entry| is_match(&origin, entry)))
    {
        return Err(Mismatch::NotListed);
    }
    Ok(text.to_owned())
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

fn is_same(origin: &Origin, rules: &OriginRules<'_>) -> bool {
    let Some((host, port)) = split_host(rules.host) else {
        return false;
    };
    let port = port.unwrap_or(if rules.tls { 443 } else { 80 });
    let scheme = if rules.tls { "https" } else { "http" };
    origin.scheme == scheme
        && !origin.host.is_empty()
        && origin.host.eq_ignore_ascii_case(host)
        && origin.port.unwrap_or(default_port(&origin.scheme)) == port
}

/// `[scheme://]host[:port]`, where `*.` before the host stands for names below it; no port means any, and so does `80` in websocketd, unless the entry ends in it.
fn is_match(origin: &Origin, entry: &str) -> bool {
    let entry = entry.trim();
    let (scheme, authority) = match entry.split_once("://") {
        Some((scheme, authority)) => (Some(scheme), authority),
        None => (None, entry),
    };
    if scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case(&origin.scheme)) {
        return false;
    }
    let Some((host, port)) = split_host(authority.strip_suffix('/').unwrap_or(authority)) else {
        return false;
    };
    let is_host = match host.strip_prefix("*.") {
        // Names below it, and not itself, as a certificate's wildcard; any number of labels.
        Some(domain) => {
            let below = origin.host.strip_suffix(&domain.to_ascii_lowercase());
            below.is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        }
        None => host.eq_ignore_ascii_case(&origin.host),
    };
    !host.is_empty()
        && is_host
        && port.is_none_or(|port| port == origin.port.unwrap_or(default_port(&origin.scheme)))
}

/// Whether `host`, perhaps with a port, is an address, a name of the loopback (RFC 6761 section 6.3) or `machine`: names that nobody
/// else can make point here.
pub fn is_own_name(host: &str, machine: &str) -> bool {
    let Some((name, _)) = split_host(host) else {
        return false;
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    address.unwrap_or(&name).parse::<std::net::IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || (!machine.is_empty() && name == machine.to_ascii_lowercase())
}

/// Whether some page's origin can match `entry` of `--origin`.
pub fn is_pattern(entry: &str) -> bool {
    let (scheme, authority) = entry.split_once("://").unwrap_or(("http", entry));
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let host = split_host(authority).map(|(host, _)| host);
    let host = host.map(|host| host.strip_prefix("*.").unwrap_or(host));
    is_scheme && host.is_some_and(|host| !host.is_empty() && !host.contains('*'))
}

/// An absolute URI, or an absolute path (which websocketd takes too): what has no host passes only where nothing is
/// demanded of it.
fn parse(text: &str) -> Option<Origin> {
    let is_plain = |byte: u8| byte > b' ' && byte != 0x7f && !b"\"<>\\^`{|}".contains(&byte);
    if !text.bytes().all(is_plain) || !has_whole_escapes(text) {
        return None;
    }
    if text.starts_with('/') && !text.starts_with("//") {
        return Some(Origin {
            scheme: String::new(),
            host: String::new(),
            port: None,
        });
    }
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix("//") else {
        return Some(Origin {
            scheme,
            host: String::new(),
            port: None,
        });
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = split_host(authority)?;
    Some(Origin {
        scheme,
        host: host.to_ascii_lowercase(),
        port,
    })
}

/// Whether each `%` is followed by two hexadecimal digits (RFC 3986 section 2.1).
fn has_whole_escapes(text: &str) -> bool {
    let is_escape =
        |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.split('%').skip(1).all(is_escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        origin: Option<&str>,
        same: bool,
        list: Option<&[&str]>,
    ) -> Result<String, Mismatch> {
        verdict_at("example.com:8080", false, origin, same, list)
    }

    fn verdict_at(
        host: &str,
        tls: bool,
        origin: Option<&str>,
        same_origin: bool,
        list: Option<&[&str]>,
    ) -> Result<String, Mismatch> {
        let list: Option<Vec<String>> =
            list.map(|list| list.iter().map(|&entry| entry.to_owned()).collect());
        let rules = OriginRules {
            same_origin,
            allowed: list.as_deref(),
            host,
            tls,
        };
        check(origin.map(str::as_bytes).into_iter(), &rules)
    }

    #[test]
    fn anything_parseable_passes_by_default() {
        for (origin, logged) in [
            (None, "file:"),
            (Some(""), "file:"),
            (Some("null"), "file:"),
            (Some("file://"), "file://"),
            (Some("http://a.example:99"), "http://a.example:99"),
            (Some("chrome-extension://abc"), "chrome-extension://abc"),
            (Some("http://[::1]:1"), "http://[::1]:1"),
            (Some("/path"), "/path"),
        ] {
            assert_eq!(
                verdict(origin, false, None).as_deref(),
                Ok(logged),
                "{origin:?}"
            );
        }
        for origin in [
            "foo",
            "http://[::1",
            "http://%zz",
            "http://a b",
            "://x",
            "http://a:b",
            "1http://x",
            "//x",
        ] {
            assert_eq!(
                verdict(Some(origin), false, None),
                Err(Mismatch::Unparseable),
                "{origin}"
            );
        }
    }

    #[test]
    fn several_origins_are_none() {
        let rules = OriginRules {
            same_origin: false,
            allowed: None,
            host: "h",
            tls: false,
        };
        let values = [&b"http://a"[..], b"http://b"];
        assert_eq!(
            check(values.into_iter(), &rules),
            Err(Mismatch::Unparseable)
        );
    }

    #[test]
    fn same_origin() {
        for (host, tls, origin, expected) in [
            (
                "example.com:8080",
                false,
                Some("http://example.com:8080"),
                true,
            ),
            (
                "example.com:8080",
                false,
                Some("http://EXAMPLE.com:8080"),
                true,
            ),
            ("example.com:8080", false, Some("http://example.com"), false),
            (
                "example.com:8080",
                false,
                Some("http://example.com:80"),
                false,
            ),
            (
                "example.com:8080",
                false,
                Some("http://example.com.evil:8080"),
                false,
            ),
            ("example.com:8080", false, None, false),
            ("example.com:8080", false, Some("null"), false),
            ("example.com", false, Some("http://example.com"), true),
            ("example.com", false, Some("https://example.com"), false),
            ("example.com", true, Some("https://example.com"), true),
            ("example.com:443", true, Some("https://example.com"), true),
            (
                "example.com:8443",
                false,
                Some("https://example.com:8443"),
                false,
            ),
            (
                "example.com:8080",
                true,
                Some("http://example.com:8080"),
                false,
            ),
            ("[::1]:80", false, Some("http://[::1]"), true),
            ("", false, Some("http://"), false),
            ("", false, None, false),
        ] {
            let is_same = verdict_at(host, tls, origin, true, None).is_ok();
            assert_eq!(is_same, expected, "{host} {origin:?}");
        }
    }

    #[test]
    fn lists() {
        for (entry, origin, expected) in [
            ("a.example", Some("http://a.example"), true),
            ("a.example", Some("https://a.example:8443"), true),
            ("A.Example", Some("http://a.eXample"), true),
            (" a.example ", Some("http://a.example"), true),
            ("a.example/", Some("http://a.example"), true),
            ("a.example", Some("http://xa.example"), false),
            ("a.example", Some("http://a.example.evil"), false),
            ("a.example", Some("http://a.example@evil"), false),
            ("a.example", Some("http://evil/a.example"), false),
            ("a.example:80", Some("http://a.example"), true),
            ("a.example:80", Some("http://a.example:81"), false),
            ("a.example:80", Some("https://a.example"), false),
            ("a.example:443", Some("https://a.example"), true),
            ("https://a.example", Some("https://a.example"), true),
            ("https://a.example", Some("https://a.example:99"), true),
            ("https://a.example", Some("http://a.example"), false),
            ("https://a.example:99", Some("https://a.example"), false),
            ("*.a.example", Some("http://b.a.example"), true),
            ("*.A.example", Some("https://c.B.a.example:8443"), true),
            ("*.a.example", Some("http://a.example"), false),
            ("*.a.example", Some("http://.a.example"), false),
            ("*.a.example", Some("http://xa.example"), false),
            ("*.a.example", Some("http://b.a.example.evil"), false),
            (
                "https://*.a.example:8443",
                Some("https://b.a.example:8443"),
                true,
            ),
            (
                "https://*.a.example:8443",
                Some("https://b.a.example"),
                false,
            ),
            ("*", Some("http://a.example"), false),
            ("[::1]", Some("http://[::1]:5"), true),
            ("[::1]:5", Some("http://[::1]:6"), false),
            ("", None, false),
            ("", Some("file://"), false),
            ("a.example", None, false),
            ("a.example", Some(""), false),
            ("a.example", Some("null"), false),
            ("null", Some("null"), false),
        ] {
            assert_eq!(
                verdict(origin, false, Some(&[entry])).is_ok(),
                expected,
                "{entry:?} {origin:?}"
            );
        }
    }

    #[test]
    fn entries_that_no_page_matches_are_known() {
        for entry in [
            "a.example",
            "https://a.example:8443",
            "[::1]:5",
            "a.example/",
            "*.a.example",
            "https://*.a.example:8443",
        ] {
            assert!(is_pattern(entry), "{entry}");
        }
        for entry in [
            "",
            "http://",
            "*",
            "https://*",
            "*.",
            "a.*.example",
            "a b",
            "http:/a",
            "a.example/x",
        ] {
            assert!(!is_pattern(entry), "{entry}");
        }
    }

    #[test]
    fn a_trailing_comma_lets_nobody_in() {
        assert_eq!(
            verdict(None, false, Some(&["a.example", ""])),
            Err(Mismatch::NotListed)
        );
        assert_eq!(verdict(None, false, Some(&[])), Err(Mismatch::NotListed));
    }

    #[test]
    fn both_rules_hold() {
        let own = Some("http://example.com:8080");
        assert!(verdict(own, true, Some(&["example.com"])).is_ok());
        assert_eq!(
            verdict(own, true, Some(&["other.com"])),
            Err(Mismatch::NotListed)
        );
        assert_eq!(
            verdict(Some("http://other.com"), true, Some(&["other.com"])),
            Err(Mismatch::NotSame)
        );
    }

    #[test]
    fn names_that_are_nobody_elses() {
        for (host, is_own) in [
            ("127.0.0.1:8080", true),
            ("192.0.2.7", true),
            ("[::1]:8080", true),
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("a.localhost.", true),
            ("Box:8080", true),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("box.evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_own_name(host, "box"), is_own, "{host}");
        }
        assert!(!is_own_name("", ""));
    }
}
