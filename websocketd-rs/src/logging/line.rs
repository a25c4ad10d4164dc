//! What a line of the log looks like. Pure.
//!
//! Values come from clients and programs: nothing in them may end the line, close the quote, or move a terminal's cursor.

use std::fmt::Write;

use jiff::Zoned;

use crate::config::Level;

/// One event on its way to the log, an error until told otherwise. The pairs are escaped already.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) category: String,
    pairs: String,
    pub(super) message: String,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            level: Level::Error,
            category: String::new(),
            pairs: String::new(),
            message: String::new(),
        }
    }
}

impl Line {
    /// Adds `key:'value'`.
    pub(super) fn pair(&mut self, key: &str, value: &str) {
        if !self.pairs.is_empty() {
            self.pairs.push(' ');
        }
        self.pairs.push_str(key);
        self.pairs.push_str(":'");
        escape_value(&mut self.pairs, value);
        self.pairs.push('\'');
    }

    /// Appends the line, in the form that websocketd's log parsers read, with its newline.
    pub(super) fn write_classic(&self, out: &mut String, timestamp: &str) {
        let Self {
            level,
            category,
            pairs,
            ..
        } = self;
        let level = level.name().to_ascii_uppercase();
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "{timestamp} | {level:<6} | {category:<10} | {pairs} | "
        );
        escape_message(out, &self.message);
        out.push('\n');
    }
}

/// RFC 1123 with a numeric zone, as Go's `time.RFC1123Z`.
pub(super) fn timestamp(now: &Zoned) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}

/// Whether a character could end a line, move a cursor, or change the order in which a line is shown.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'                       // Arabic letter mark
            | '\u{200e}' | '\u{200f}'       // direction marks
            | '\u{2028}' | '\u{2029}'       // line and paragraph separator
            | '\u{202a}'..='\u{202e}'       // embeddings and overrides
            | '\u{2066}'..='\u{2069}'       // isolates
        )
}

/// A value between quotes: also the quote, the backslash, and a `|` after a blank, for the parts of a line are told apart
/// by ` | `.
fn escape_value(out: &mut String, value: &str) {
    let mut after_blank = false;
    for character in value.chars() {
        match character {
            '\'' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '|' if after_blank => out.push_str("\\x7c"),
            character => push_safe(out, character),
        }
        after_blank = character == ' ';
    }
}

/// A message is the last part of a line and is kept as it is (a handler's stderr is read by people), tabs included, but for
/// what could forge a line.
fn escape_message(out: &mut String, message: &str) {
    for character in message.chars() {
        if character == '\t' {
            out.push('\t');
        } else {
            push_safe(out, character);
        }
    }
}

fn push_safe(out: &mut String, character: char) {
    // Writing to a String cannot fail.
    let _ = match character {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        character if !is_unsafe(character) => {
            out.push(character);
            Ok(())
        }
        character if u32::from(character) < 0x100 => write!(out, "\\x{:02x}", u32::from(character)),
        character => write!(out, "\\u{{{:x}}}", u32::from(character)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, tz::TimeZone};

    fn line(message: &str, pairs: &[(&str, &str)]) -> String {
        let mut line = Line {
            level: Level::Access,
            category: "session".into(),
            message: message.into(),
            ..Line::default()
        };
        for (key, value) in pairs {
            line.pair(key, value);
        }
        let mut out = String::new();
        line.write_classic(&mut out, "T");
        out
    }

    #[test]
    fn the_classic_line() {
        assert_eq!(
            line("CONNECT", &[("url", "http://a/"), ("pid", "1")]),
            "T | ACCESS | session    | url:'http://a/' pid:'1' | CONNECT\n"
        );
        assert_eq!(line("x", &[]), "T | ACCESS | session    |  | x\n");
    }

    #[test]
    fn timestamps_carry_the_numeric_zone() {
        let at = Timestamp::from_second(1_795_223_647).unwrap();
        assert_eq!(
            timestamp(&at.to_zoned(TimeZone::UTC)),
            "Sat, 21 Nov 2026 01:14:07 +0000"
        );
        let zone =
            TimeZone::fixed(jiff::tz::offset(-3).saturating_sub(jiff::Span::new().minutes(30)));
        assert_eq!(
            timestamp(&at.to_zoned(zone)),
            "Fri, 20 Nov 2026 21:44:07 -0330"
        );
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(
            line(
                "m",
                &[("origin", "a' pid:'1\\ | FATAL | |\n\u{1b}[2J\u{202e}é")]
            ),
            "T | ACCESS | session    | origin:'a\\' pid:\\'1\\\\ \\x7c FATAL \\x7c \\x7c\\n\\x1b[2J\\u{202e}é' | m\n"
        );
        assert!(line("m", &[("url", "http://a/?b=c|d")]).contains("url:'http://a/?b=c|d'"));
    }

    #[test]
    fn a_message_stays_one_line_and_readable() {
        assert_eq!(
            line("it's\ta \\ | \"x\"\r\n\u{9b}\u{7f}\u{2028}", &[]),
            "T | ACCESS | session    |  | it's\ta \\ | \"x\"\\r\\n\\x9b\\x7f\\u{2028}\n"
        );
    }
}
