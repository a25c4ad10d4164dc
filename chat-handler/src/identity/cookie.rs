//! The Cookie header (RFC 6265 section 5.4), as hostile as it comes.

/// The value of the first cookie called `name`, percent-decoded; `None` if there is none or its
/// escapes are broken.
///
/// The first, because that is the one PHP takes, and browsers send the most specific first.
/// Pairs are parted by `;` alone. A comma may stand in a value, as browsers send it: whoever can set any cookie of the site,
/// or of a sibling domain, would else choose the session. The Go daemon joins several Cookie headers by `, `; no browser
/// sends several (RFC 6265 section 5.4), and what a proxy takes from HTTP/2 it joins by `; ` (RFC 9113 section 8.2.3).
pub fn first_value(header: &str, name: &str) -> Option<Vec<u8>> {
    let value = header
        .split(';')
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
    }

    #[test]
    fn a_comma_is_part_of_a_value() {
        assert_eq!(
            value("a=b, PHPSESSID=planted; PHPSESSID=mine").as_deref(),
            Some("mine")
        );
        assert_eq!(value("a=1, PHPSESSID=one; b=2"), None);
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
