//! Conditional and partial requests for a file (RFC 9110 sections 13 and 14). Pure.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::http::request::{Head, Headers, parse_digits};

/// What a cached copy of a file is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Validators {
    /// Strong: changes with any change of the content that the file system records.
    pub(super) etag: String,
    /// Time of the last change; HTTP knows whole seconds only.
    pub(super) modified: SystemTime,
}

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// 200: all of it.
    Whole,
    /// 206: these bytes.
    Part(Range<u64>),
    /// 304: the client has it.
    NotModified,
    /// 412: the client expected something else.
    Failed,
    /// 416, with the text to say.
    Unsatisfiable(&'static str),
}

/// Decides in the order of RFC 9110 section 13.2.2. Methods other than GET and HEAD are not conditional here.
pub(super) fn select(head: &Head, validators: &Validators, length: u64) -> Selection {
    if head.method != "GET" && head.method != "HEAD" {
        return Selection::Whole;
    }
    let headers = &head.headers;
    let is_expected = match headers.get("if-match") {
        Some(_) => matches_any(headers, "if-match", &validators.etag, false),
        None => {
            !date(headers, "if-unmodified-since").is_some_and(|date| is_newer(validators, date))
        }
    };
    if !is_expected {
        return Selection::Failed;
    }
    let is_cached = match headers.get("if-none-match") {
        Some(_) => matches_any(headers, "if-none-match", &validators.etag, true),
        None => date(headers, "if-modified-since").is_some_and(|date| !is_newer(validators, date)),
    };
    if is_cached {
        return Selection::NotModified;
    }
    match headers.get("range") {
        Some(range) if head.method == "GET" && is_current(headers, validators) => {
            select_range(range, length)
        }
        _ => Selection::Whole,
    }
}

/// `If-Range`: the part is wanted only if it belongs to what the client has.
fn is_current(headers: &Headers, validators: &Validators) -> bool {
    match headers.get("if-range") {
        None => true,
        Some(value) if value.ends_with(b"\"") => value == validators.etag.as_bytes(),
        Some(_) => {
            date(headers, "if-range").is_some_and(|date| date == seconds(validators.modified))
        }
    }
}

/// Whether the client has what `etag` stands for.
pub(in crate::http) fn is_cached(headers: &Headers, etag: &str) -> bool {
    matches_any(headers, "if-none-match", etag, true)
}

fn matches_any(headers: &Headers, name: &str, etag: &str, is_weak: bool) -> bool {
    headers
        .all(name)
        .flat_map(|value| value.split(|&byte| byte == b','))
        .any(|entry| {
            let entry = entry.trim_ascii();
            let entry = if is_weak {
                entry.strip_prefix(b"W/").unwrap_or(entry)
            } else {
                entry
            };
            entry == b"*" || entry == etag.as_bytes()
        })
}

fn date(headers: &Headers, name: &str) -> Option<SystemTime> {
    let text = std::str::from_utf8(headers.get(name)?).ok()?;
    httpdate::parse_http_date(text).ok()
}

fn is_newer(validators: &Validators, date: SystemTime) -> bool {
    seconds(validators.modified) > date
}

/// Without the fraction, which no header can carry.
pub(super) fn seconds(time: SystemTime) -> SystemTime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

/// Several ranges are answered with the whole file, as section 14.2 allows: only downloaders of fixed parts
/// use them, and overlapping ones are an old way to exhaust servers. A unit other than bytes is ignored.
fn select_range(value: &[u8], length: u64) -> Selection {
    let Some(set) = value.strip_prefix(b"bytes=") else {
        let is_other_unit = value.contains(&b'=') && !value.starts_with(b"=");
        return if is_other_unit {
            Selection::Whole
        } else {
            Selection::Unsatisfiable("invalid range")
        };
    };
    if length == 0 || set.contains(&b',') {
        return Selection::Whole;
    }
    let Some((first, last)) = parse_range(set) else {
        return Selection::Unsatisfiable("invalid range");
    };
    let range = match (first, last) {
        (Some(first), last) => {
            first..last.map_or(length, |last| length.min(last.saturating_add(1)))
        }
        (None, suffix) => length.saturating_sub(suffix.unwrap_or(0))..length,
    };
    if range.start >= range.end {
        return Selection::Unsatisfiable("invalid range: failed to overlap");
    }
    Selection::Part(range)
}

fn parse_range(set: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let dash = set.iter().position(|&byte| byte == b'-')?;
    let number = |text: &[u8]| match text.trim_ascii() {
        b"" => Some(None),
        digits => parse_digits(digits).map(Some),
    };
    let (first, last) = (number(&set[..dash])?, number(&set[dash + 1..])?);
    match (first, last) {
        (None, None) => None,
        (Some(first), Some(last)) if last < first => None,
        pair => Some(pair),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request;
    use proptest::prelude::*;

    const MODIFIED: &str = "Sat, 21 Nov 2026 10:00:00 GMT";

    fn decide(method: &str, fields: &str, length: u64) -> Selection {
        let text = format!("{method} / HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
        let head = request::parse(text.as_bytes(), 16).unwrap();
        let modified = httpdate::parse_http_date(MODIFIED).unwrap() + Duration::from_millis(700);
        select(
            &head,
            &Validators {
                etag: "\"e\"".into(),
                modified,
            },
            length,
        )
    }

    #[test]
    fn ranges() {
        use Selection::{Part, Unsatisfiable, Whole};
        let none = Unsatisfiable("invalid range: failed to overlap");
        let invalid = Unsatisfiable("invalid range");
        for (range, expected) in [
            ("bytes=0-0", Part(0..1)),
            ("bytes=1-2", Part(1..3)),
            ("bytes=2-", Part(2..6)),
            ("bytes=0-99", Part(0..6)),
            ("bytes=-2", Part(4..6)),
            ("bytes=-99", Part(0..6)),
            ("bytes=5-18446744073709551615", Part(5..6)),
            ("bytes=6-", none.clone()),
            ("bytes=-0", none),
            ("bytes=2-1", invalid.clone()),
            ("bytes=-", invalid.clone()),
            ("bytes=", invalid.clone()),
            ("bytes=a-b", invalid.clone()),
            ("bytes=+1-2", invalid.clone()),
            ("bytes=99999999999999999999-", invalid.clone()),
            ("junk", invalid),
            ("lines=1-2", Whole),
            ("bytes=0-0,2-3", Whole),
        ] {
            assert_eq!(
                decide("GET", &format!("Range: {range}"), 6),
                expected,
                "{range}"
            );
        }
        assert_eq!(decide("GET", "Range: bytes=0-", 0), Whole);
        assert_eq!(decide("HEAD", "Range: bytes=0-0", 6), Whole);
        assert_eq!(decide("POST", "Range: bytes=0-0", 6), Whole);
    }

    #[test]
    fn conditions() {
        use Selection::{Failed, NotModified, Part, Whole};
        let later = "Sat, 21 Nov 2026 10:00:01 GMT";
        let earlier = "Sat, 21 Nov 2026 09:59:59 GMT";
        for (fields, expected) in [
            (format!("If-Modified-Since: {MODIFIED}"), NotModified),
            (format!("If-Modified-Since: {later}"), NotModified),
            (format!("If-Modified-Since: {earlier}"), Whole),
            ("If-Modified-Since: junk".to_owned(), Whole),
            ("If-None-Match: \"e\"".to_owned(), NotModified),
            ("If-None-Match: \"x\", W/\"e\"".to_owned(), NotModified),
            ("If-None-Match: *".to_owned(), NotModified),
            ("If-None-Match: \"x\"".to_owned(), Whole),
            (
                format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {later}"),
                Whole,
            ),
            ("If-Match: \"e\"".to_owned(), Whole),
            ("If-Match: W/\"e\"".to_owned(), Failed),
            ("If-Match: \"x\"".to_owned(), Failed),
            (format!("If-Unmodified-Since: {earlier}"), Failed),
            (format!("If-Unmodified-Since: {MODIFIED}"), Whole),
            ("If-Range: \"e\"\r\nRange: bytes=0-0".to_owned(), Part(0..1)),
            ("If-Range: \"x\"\r\nRange: bytes=0-0".to_owned(), Whole),
            (
                format!("If-Range: {MODIFIED}\r\nRange: bytes=0-0"),
                Part(0..1),
            ),
            (format!("If-Range: {later}\r\nRange: bytes=0-0"), Whole),
        ] {
            assert_eq!(decide("GET", &fields, 6), expected, "{fields}");
        }
        assert_eq!(
            decide("POST", &format!("If-Modified-Since: {later}"), 6),
            Whole
        );
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(range in "bytes=[0-9]{0,20}-[0-9]{0,20}", length in 0..50_u64) {
            if let Selection::Part(part) = select_range(range.as_bytes(), length) {
                prop_assert!(part.start < part.end && part.end <= length);
            }
        }
    }
}
