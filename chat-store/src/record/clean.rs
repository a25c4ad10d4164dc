//! What may stand inside a field: no control character, no line or paragraph separator, and
//! nothing that turns the direction of the text after it around.

use std::borrow::Cow;

/// What becomes of one character of a field.
enum Fate {
    Keep,
    Blank,
    LineEnd,
    Drop,
}

/// What becomes of a character in a field of one line.
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

/// The same in a text that may have several lines.
fn fate_in_lines(c: char) -> Fate {
    match (c, fate(c)) {
        ('\t', _) => Fate::Keep,
        (_, Fate::Blank) => Fate::LineEnd,
        (_, fate) => fate,
    }
}

/// The same in the text of a record on disk, where nothing but [`LINE_BREAK`] breaks a line.
fn fate_on_disk(c: char) -> Fate {
    match (c, fate(c)) {
        ('\t', _) => Fate::Keep,
        (LINE_BREAK, _) => Fate::LineEnd,
        (_, fate) => fate,
    }
}

/// What a line break of a text is in a record, which is one line: U+2028, LINE SEPARATOR.
pub const LINE_BREAK: char = '\u{2028}';

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

fn cleaned(text: &str, fate: impl Fn(char) -> Fate) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || text.chars().all(|c| matches!(fate(c), Fate::Keep)) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match fate(c) {
            Fate::Keep => cleaned.push(c),
            // CR LF is one.
            Fate::Blank | Fate::LineEnd if c == '\r' && chars.peek() == Some(&'\n') => {}
            Fate::Blank => cleaned.push(' '),
            Fate::LineEnd => cleaned.push('\n'),
            Fate::Drop => {}
        }
    }
    Cow::Owned(cleaned)
}

/// The text without what may not stand in a field. Line ends and tabs become one blank each (CR LF
/// becomes one), other control characters and bidi overrides vanish. Borrows if nothing changes.
pub fn clean(text: &str) -> Cow<'_, str> {
    cleaned(text, fate)
}

/// As [`clean`], but whatever breaks a line is `\n`, and tabs stay.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    cleaned(text, fate_in_lines)
}

/// What somebody wrote as it is kept: [`clean_lines`], and of several lines without blanks at the end and
/// blank lines around them. Its first line may be indented.
pub fn tidy(text: &str) -> Cow<'_, str> {
    let text = match clean_lines(text) {
        Cow::Borrowed(text) => return Cow::Borrowed(trimmed(text)),
        Cow::Owned(text) => text,
    };
    let tidy = trimmed(&text);
    if tidy.len() == text.len() {
        Cow::Owned(text)
    } else {
        Cow::Owned(tidy.to_owned())
    }
}

fn trimmed(text: &str) -> &str {
    if !text.contains('\n') {
        return text;
    }
    let text = text.trim_end();
    let first = text.len() - text.trim_start().len();
    let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
    &text[start..]
}

/// Appends a text as a record holds it: of several lines where `has_lines`, else of one.
pub(super) fn write_text(text: &str, has_lines: bool, line: &mut Vec<u8>) {
    if !has_lines {
        return line.extend_from_slice(clean(text).as_bytes());
    }
    let mut mark = [0; LINE_BREAK.len_utf8()];
    let mark = LINE_BREAK.encode_utf8(&mut mark);
    for (at, part) in clean_lines(text).split('\n').enumerate() {
        if at > 0 {
            line.extend_from_slice(mark.as_bytes());
        }
        line.extend_from_slice(part.as_bytes());
    }
}

/// Bytes from a log as text that can be shown: invalid UTF-8 and NUL become U+FFFD, the rest is
/// cleaned as above. Never fails; borrows for every line a handler wrote.
pub fn show(bytes: &[u8]) -> Cow<'_, str> {
    shown(bytes, fate)
}

/// As [`show`], for a text that may have several lines.
pub(super) fn show_text(bytes: &[u8], has_lines: bool) -> Cow<'_, str> {
    if has_lines {
        shown(bytes, fate_on_disk)
    } else {
        show(bytes)
    }
}

fn shown(bytes: &[u8], fate: impl Fn(char) -> Fate) -> Cow<'_, str> {
    // By far the quicker of the two ways to look at UTF-8 that is fine.
    let text =
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    match text {
        Cow::Borrowed(text) if is_plain(bytes) => Cow::Borrowed(text),
        Cow::Borrowed(text) if !text.contains('\0') => cleaned(text, fate),
        text => Cow::Owned(cleaned(&text.replace('\0', "\u{fffd}"), fate).into_owned()),
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
    fn lines_and_tabs_of_a_message_are_kept() {
        let text = "a\r\nb\rc\u{2028}d\u{85}e\u{b}f\u{c}g\u{2029}h\ti\u{1b}\u{202e}";
        assert_eq!(clean_lines(text), "a\nb\nc\nd\ne\nf\ng\nh\ti");
        for (text, kept) in [
            ("\n \n\tfn main() {\n\t}\n\n ", "\tfn main() {\n\t}"),
            ("  indented", "  indented"),
            ("  one ", "  one "),
            ("  one \n", "  one"),
            (" \n\t", ""),
            ("a\n\nb", "a\n\nb"),
        ] {
            assert_eq!(tidy(text), kept);
        }
    }

    #[test]
    fn only_our_own_mark_breaks_a_line_on_disk() {
        let on_disk = "a\u{2028}b\rc\u{2029}d\te";
        assert_eq!(show_text(on_disk.as_bytes(), true), "a\nb c d\te");
        assert_eq!(show_text(on_disk.as_bytes(), false), "a b c d e");
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
        fn a_text_of_lines_is_one_line_on_disk_and_itself_again(text in "\\PC*|[\\x00-\\x{2100}]*|[ a\t\r\n\u{2028}]{0,20}") {
            let cleaned = clean_lines(&text).into_owned();
            prop_assert_eq!(clean_lines(&cleaned).into_owned(), &*cleaned);
            let mut line = Vec::new();
            write_text(&text, true, &mut line);
            prop_assert!(!line.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)));
            prop_assert_eq!(show_text(&line, true).into_owned(), cleaned);
            let tidied = tidy(&text).into_owned();
            prop_assert_eq!(tidy(&tidied).into_owned(), tidied);
        }

        #[test]
        fn any_bytes_can_be_shown(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(show(&bytes).chars().all(|c| !c.is_control()));
        }
    }
}
