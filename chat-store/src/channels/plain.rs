//! JSON as a field of a line. Pure.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::record::clean;

/// The same JSON as one field of a line.
pub(super) fn in_one_field(json: &str) -> String {
    escaped(&compact(json)).into_owned()
}

/// The same JSON without blanks and line ends between its parts.
fn compact(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let keep = |c: &char| {
        let is_blank = matches!(c, ' ' | '\t' | '\n' | '\r');
        let keeps = is_text || !is_blank;
        if is_escaped {
            is_escaped = false;
        } else if *c == '"' {
            is_text = !is_text;
        } else {
            is_escaped = is_text && *c == '\\';
        }
        keeps
    };
    json.chars().filter(keep).collect()
}

/// The same JSON, in which what a field of a record cannot hold (tabs, control characters, marks that turn the
/// direction of text) is written as `\uXXXX`: the reader gets what the program sent, to the letter.
fn escaped(json: &str) -> Cow<'_, str> {
    if matches!(clean(json), Cow::Borrowed(_)) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    let (mut utf8, mut utf16) = ([0; 4], [0; 2]);
    for c in json.chars() {
        if *clean(c.encode_utf8(&mut utf8)) == *c.encode_utf8(&mut [0; 4]) {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut utf16) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_left_that_a_field_cannot_hold(text in "\\PC{0,40}|[\\x20-\u{206f}]{0,40}") {
            let text = escaped(&text).into_owned();
            prop_assert_eq!(clean(&text), text.as_str());
        }
    }

    #[test]
    fn blanks_between_parts_go_and_others_stay() {
        assert_eq!(
            in_one_field("{ \"a b\" :\n[1,\t\"c \\\" d\\\\\" , 2 ]\r\n}"),
            "{\"a b\":[1,\"c \\\" d\\\\\",2]}"
        );
    }

    #[test]
    fn marks_of_direction_come_back() {
        assert_eq!(escaped("\"a\u{202e}b\""), "\"a\\u202eb\"");
        assert_eq!(escaped("{\"a\":[1,\"é\"]}"), "{\"a\":[1,\"é\"]}");
    }
}
