//! Whether a text is one emoji, as Unicode's data and the grammar of UTS 51 have it. Pure.

use unicode_properties::UnicodeEmoji as _;
use unicode_properties::emoji::{is_regional_indicator, is_tag_character, is_zwj};

/// The longest, in bytes: a family of four is 25, two people of two skin colors who kiss are 35 and no
/// reaction.
pub const MAX_BYTES: usize = 32;

/// Ends a sequence of tags (the flags of Scotland, England and Wales).
const CANCEL_TAG: char = '\u{e007f}';
/// Shows what is before it as an emoji.
const AS_EMOJI: char = '\u{fe0f}';
/// Makes a key of a digit.
const KEYCAP: char = '\u{20e3}';

/// True for one emoji of at most [`MAX_BYTES`] bytes and nothing else: a possible emoji of UTS 51, ED-17,
/// which is one extended grapheme cluster.
pub fn is_emoji(text: &str) -> bool {
    if text.is_empty() || text.len() > MAX_BYTES {
        return false;
    }
    let mut chars = text.chars().peekable();
    loop {
        if !element(&mut chars) {
            return false;
        }
        match chars.next() {
            None => return true,
            Some(c) if is_zwj(c) => {}
            Some(_) => return false,
        }
    }
}

/// Takes what may stand between two joiners.
fn element(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let Some(first) = chars.next() else {
        return false;
    };
    if is_regional_indicator(first) {
        return chars.next().is_some_and(is_regional_indicator);
    }
    if !first.is_emoji_char() {
        return false;
    }
    let is_shown = chars.next_if_eq(&AS_EMOJI).is_some();
    if first.is_ascii() {
        // Digits, # and * are emoji only as keys.
        return is_shown && chars.next_if_eq(&KEYCAP).is_some();
    }
    if !is_shown {
        chars.next_if(|&c| is_skin(c));
    }
    let mut has_tags = false;
    while chars
        .next_if(|&c| is_tag_character(c) && c != CANCEL_TAG)
        .is_some()
    {
        has_tags = true;
    }
    !has_tags || chars.next_if_eq(&CANCEL_TAG).is_some()
}

fn is_skin(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_emoji_is_one_however_it_is_made() {
        for text in [
            "👍",
            "👍🏽",
            "❤",
            "❤️",
            "🇨🇿",
            "1️⃣",
            "#️⃣",
            "☝🏿",
            "👩‍🚀",
            "👩🏽‍🚀",
            "🏳️‍🌈",
            "👨‍👩‍👧‍👦",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "😶‍🌫️",
            "🫨",
        ] {
            assert!(is_emoji(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_emoji_is_refused() {
        for text in [
            "",
            " ",
            "a",
            "1",
            "#",
            "+1",
            ":)",
            "👍👍",
            "👍 ",
            "👍a",
            "\u{200d}",
            "👍\u{200d}",
            "🇨",
            "🇨🇿🇩",
            "\u{fe0f}",
            "👍\u{301}",
            "<b>",
            "👍\n",
            "\u{2028}",
            "é",
            "水",
            "🏴\u{e0067}",
            "👨‍👩‍👧‍👦‍👨‍👩‍👧‍👦",
        ] {
            assert!(!is_emoji(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_has_what_a_record_cleans_away(text in "\\PC{0,6}|[👍🏽🇨🇿❤\u{fe0f}\u{200d}\u{e0067}\u{e007f}1]{0,6}") {
            if is_emoji(&text) {
                prop_assert_eq!(crate::record::clean(&text).into_owned(), text);
            }
        }
    }
}
