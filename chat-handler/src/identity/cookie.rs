//! The Cookie header (RFC 6265 section 5.4), as hostile as it comes.

/// The value of the first cookie called `name`, percent-decoded; `None` if there is none or its
/// escapes are broken.
///
/// The first, because that is the one PHP takes, and browsers send the most specific first.
/// Several Cookie headers reach us joined by `; ` or, from the Go daemon, by `, `.
pub fn first_value(header: &str, name: &str) -> Option<Vec<u8>> {
    let pairs = header.split(';').flat_map(|part| part.split(", "));
    let value = pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| key.trim() == name)?
        .1;
    percent_decode(value.trim().trim_matches('"'))
}

/// Undoes `%41`; `None` when a `%` is not followed by two hex digits.
pub fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(header: &str) -> Option<String> {
        first_value(header, "PHPSESSID").map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn the_first_of_two_equal_cookies_counts() {
        assert_eq!(
            value("PHPSESSID=one; PHPSESSID=two").as_deref(),
            Some("one")
        );
        assert_eq!(value("a=1, PHPSESSID=one; b=2").as_deref(), Some("one"));
    }

    #[test]
    fn only_a_whole_name_matches() {
        assert_eq!(
            value("XPHPSESSID=x; PHPSESSIDX=y; phpsessid=z; PHPSESSID"),
            None
        );
        assert_eq!(value("a=PHPSESSID=x"), None);
    }

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(value("PHPSESSID=a%2Cb%252F").as_deref(), Some("a,b%2F"));
        assert_eq!(value("PHPSESSID=a%2"), None);
        assert_eq!(value("PHPSESSID=a%+1"), None);
    }
}
