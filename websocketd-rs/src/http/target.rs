//! Request targets and hosts: splitting, percent-decoding, cleaning (RFC 3986, RFC 9112 section 3.2).

use percent_encoding::{AsciiSet, CONTROLS};

/// What a path keeps as it is when it is put into a URL; everything else is percent-encoded.
/// `:` is encoded too, so that a first segment can't be read as a scheme.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'\'')
    .add(b':');

/// A target in origin form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Path and query as sent; always begins with `/`, except for `OPTIONS *`.
    pub raw: String,
    /// The path, percent-decoded. May hold any byte.
    pub path: Vec<u8>,
}

impl Target {
    /// Splits the target of a request line into the authority, when it is absolute, and the rest.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse<'a>(method: &str, raw: &'a str) -> Result<(Option<&'a str>, Self), &'static str> {
        let raw = raw.split('#').next().unwrap_or_default();
        if raw.starts_with('/') {
            return Ok((None, Self::from_origin_form(raw.to_owned())?));
        }
        if raw == "*" {
            let whole = Self {
                raw: raw.to_owned(),
                path: raw.into(),
            };
            return if method == "OPTIONS" {
                Ok((None, whole))
            } else {
                Err("malformed target")
            };
        }
        let (scheme, rest) = raw.split_once("://").ok_or("malformed target")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err("unknown scheme in the target");
        }
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let rest = if rest.starts_with('/') {
            rest.to_owned()
        } else {
            format!("/{rest}")
        };
        Ok((Some(authority), Self::from_origin_form(rest)?))
    }

    fn from_origin_form(raw: String) -> Result<Self, &'static str> {
        let path = decode(raw.split('?').next().unwrap_or_default())
            .ok_or("malformed percent-encoding in the path")?;
        Ok(Self { raw, path })
    }

    /// What follows the first `?`, as sent.
    pub fn query(&self) -> Option<&str> {
        self.raw.split_once('?').map(|(_, query)| query)
    }
}

/// Percent-decodes; `None` when a `%` is not followed by two hexadecimal digits.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// Percent-encodes a decoded path for a URL.
pub fn encode(path: &[u8]) -> String {
    percent_encoding::percent_encode(path, PATH).to_string()
}

/// The path without `//`, `/./` and `/../`, if it holds any; `..` at the top stays at the top.
pub fn clean(path: &[u8]) -> Option<Vec<u8>> {
    if !path.windows(2).any(|pair| pair == b"//" || pair == b"/.") {
        return None;
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => drop(kept.pop()),
            name => kept.push(name),
        }
    }
    let mut cleaned = Vec::with_capacity(path.len());
    for name in &kept {
        cleaned.push(b'/');
        cleaned.extend_from_slice(name);
    }
    if kept.is_empty() || path.ends_with(b"/") {
        cleaned.push(b'/');
    }
    (cleaned != path).then_some(cleaned)
}

/// Splits `host[:port]`, `[IPv6]:port`. `None` when it is malformed. An empty port is none.
pub fn split_host(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = if let Some(rest) = authority.strip_prefix('[') {
        let end = rest.find(']')?;
        // A zone id (RFC 6874) names an interface of the client: it is let through, nothing here uses it.
        let (ip, zone) = rest[..end].split_once('%').unwrap_or((&rest[..end], ""));
        ip.parse::<std::net::Ipv6Addr>().ok()?;
        let is_zone = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
        if !zone.bytes().all(is_zone) {
            return None;
        }
        (&authority[..end + 2], &rest[end + 1..])
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        if !authority[..end].bytes().all(is_host_byte) {
            return None;
        }
        authority.split_at(end)
    };
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((host, None)),
        None => None,
        Some("") => Some((host, None)),
        Some(port) => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            Some((host, Some(port.parse().ok().filter(|_| digits)?)))
        }
    }
}

/// RFC 3986 section 3.2.2, reg-name, but not percent-encoded: two spellings of one name would compare as two. Bytes over 0x7f are names in UTF-8 that some clients send unencoded.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"-._~!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn targets() {
        let target = |raw| Target::parse("GET", raw).map(|(host, target)| (host, target.raw));
        assert_eq!(target("/a?b#c"), Ok((None, "/a?b".into())));
        assert_eq!(target("http://h"), Ok((Some("h"), "/".into())));
        assert_eq!(target("HTTP://h:1?q"), Ok((Some("h:1"), "/?q".into())));
        assert_eq!(target("https://h//x"), Ok((Some("h"), "//x".into())));
        for raw in [
            "*",
            "x",
            "",
            "h:80",
            "ftp://h/",
            "javascript:1",
            "/%",
            "/%4",
            "/%+1",
            "/%gg",
        ] {
            assert!(target(raw).is_err(), "{raw}");
        }
        assert!(Target::parse("OPTIONS", "*").is_ok());
        assert_eq!(
            Target::parse("GET", "/%41%2f%00?%zz").unwrap().1.path,
            b"/A/\0"
        );
    }

    #[test]
    fn cleaning() {
        for (path, expected) in [
            ("/", None),
            ("/a", None),
            ("/a/", None),
            ("/a/b.c/..d/...", None),
            ("//", Some("/")),
            ("//evil.example", Some("/evil.example")),
            ("///evil.example/..", Some("/")),
            ("/a//b", Some("/a/b")),
            ("/a//", Some("/a/")),
            ("/a/./b", Some("/a/b")),
            ("/a/.", Some("/a")),
            ("/a/../b", Some("/b")),
            ("/..", Some("/")),
            ("/../../x", Some("/x")),
            ("/a/b/..", Some("/a")),
            ("/a/b/../", Some("/a/")),
        ] {
            let cleaned = clean(path.as_bytes()).map(|path| String::from_utf8(path).unwrap());
            assert_eq!(cleaned.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn hosts() {
        for (authority, expected) in [
            ("h", Some(("h", None))),
            ("h:80", Some(("h", Some(80)))),
            ("h:", Some(("h", None))),
            ("[::1]", Some(("[::1]", None))),
            ("[::1]:8080", Some(("[::1]", Some(8080)))),
            ("[fe80::1%25eth0]:1", Some(("[fe80::1%25eth0]", Some(1)))),
            ("[fe80::1%\"><b>]:1", None),
            ("[::1", None),
            ("[x]", None),
            ("[::1]x", None),
            ("h:65536", None),
            ("h:+1", None),
            ("h:1:2", None),
            ("a b", None),
            ("a/b", None),
            ("a\"b", None),
            ("u@h", None),
            ("%41", None),
        ] {
            assert_eq!(split_host(authority), expected, "{authority}");
        }
    }

    proptest! {
        #[test]
        fn a_cleaned_path_is_clean_and_local(path in "(/|\\.|\\.\\.|a|\\\\){1,20}") {
            let path = format!("/{path}");
            if let Some(cleaned) = clean(path.as_bytes()) {
                prop_assert_eq!(clean(&cleaned), None);
                prop_assert!(cleaned.starts_with(b"/") && !cleaned.starts_with(b"//"));
            }
        }

        #[test]
        fn encoding_is_undone_by_decoding(path in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(&encode(&path)), Some(path));
        }
    }
}
