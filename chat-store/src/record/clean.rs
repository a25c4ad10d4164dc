//! What may stand inside a field: no control character, no line or paragraph separator, and
//! nothing that turns the direction of the text after it around.

use std::borrow::Cow;

/// What becomes of one character of a field.
enum Fate {
    Keep,
    Blank,
    Drop,
}

fn fate(c: char) -> Fate {
    match c {
        // Whatever starts a new line or cell becomes a blank, so that words stay apart.
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Blank,
        // The rest of C0 and C1 (terminal escapes), and the embeddings, overrides and isolates
        // that let a text show in another order than it was written. LRM, RLM and ALM stay: right
        // to left text needs them and they end with their word.
        c if c.is_control() || is_bidi_override(c) => Fate::Drop,
        _ => Fate::Keep,
    }
}

/// The bidi controls that reorder text beyond themselves (UAX #9: embeddings, overrides, isolates).
pub fn is_bidi_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// All characters with the property `Bidi_Control`: the above and the three marks.
pub fn is_bidi_control(c: char) -> bool {
    is_bidi_override(c) || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
}

/// True if no character of the text can be one that is blanked or dropped. May be false for a text
/// that is fine: it looks at lead bytes only, which is quick and right for nearly every line.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a way out of the loop the compiler does 16 bytes at a time"
)]
fn is_plain(bytes: &[u8]) -> bool {
    !bytes.iter().fold(false, |found, &byte| {
        found | (byte < 0x20) | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xe2)
    })
}

/// The text without what may not stand in a field. Line ends and tabs become one blank each (CR LF
/// becomes one), other control characters and bidi overrides vanish. Borrows if nothing changes.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || text.chars().all(|c| matches!(fate(c), Fate::Keep)) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match fate(c) {
            Fate::Keep => cleaned.push(c),
            Fate::Blank if c == '\r' && chars.peek() == Some(&'\n') => {}
            Fate::Blank => cleaned.push(' '),
            Fate::Drop => {}
        }
    }
    Cow::Owned(cleaned)
}

/// Bytes from a log as text that can be shown: invalid UTF-8 and NUL become U+FFFD, the rest is
/// cleaned as above. Never fails; borrows for every line a handler wrote.
pub fn show(bytes: &[u8]) -> Cow<'_, str> {
    // By far the quicker of the two ways to look at UTF-8 that is fine.
    let text =
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    match text {
        Cow::Borrowed(text) if is_plain(bytes) => Cow::Borrowed(text),
        Cow::Borrowed(text) if memchr::memchr(0, bytes).is_none() => clean(text),
        text => Cow::Owned(clean(&text.replace('\0', "\u{fffd}")).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_cannot_start_a_line_of_its_own() {
        assert_eq!(clean("hi\n[10:00:00] bob> no"), "hi [10:00:00] bob> no");
        assert_eq!(clean("a\r\nb\rc\u{2028}d\u{85}e\tf"), "a b c d e f");
    }

    #[test]
    fn escapes_and_overrides_vanish() {
        assert_eq!(clean("\u{1b}[31mred\u{7f}\u{9b}0m"), "[31mred0m");
        assert_eq!(clean("abc\u{202e}txt\u{2066}x\u{2069}"), "abctxtx");
        assert_eq!(clean("שלום\u{200f}!"), "שלום\u{200f}!");
    }

    #[test]
    fn a_fine_text_is_borrowed() {
        for text in [
            "hello",
            "Železná hospoda 😀",
            "typographic “quotes” … –",
            "£ © ½",
        ] {
            assert!(matches!(clean(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn broken_bytes_are_shown() {
        assert_eq!(show(b"a\0b"), "a\u{fffd}b");
        assert_eq!(show(b"a\xffb\x1b"), "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn nothing_forbidden_is_left(text in "\\PC*|[\\x00-\\x{2100}]*|.*") {
            let cleaned = clean(&text).into_owned();
            prop_assert!(cleaned.chars().all(|c| !c.is_control() && !is_bidi_override(c)));
            prop_assert_eq!(clean(&cleaned).into_owned(), cleaned);
        }

        #[test]
        fn any_bytes_can_be_shown(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(show(&bytes).chars().all(|c| !c.is_control()));
        }
    }
}
