//! What a line of the log looks like. Pure.
//!
//! Values come from clients and programs: nothing in them may end the line, close the quote, or move a terminal's cursor.

use std::fmt::Write;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::{Serialize, Serializer};

use crate::config::Level;

/// Keys that websocketd does not know: its parsers get what they say in words.
const JSON_ONLY: [&str; 2] = ["exit_status", "signal"];

/// One event on its way to the log; an error by default.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) category: String,
    pub(super) pairs: Vec<(&'static str, Value)>,
    pub(super) message: String,
}

/// The members of a JSON line, in their order.
#[derive(Serialize)]
struct JsonLine<'line> {
    time: String,
    level: Level,
    category: &'line str,
    #[serde(flatten, serialize_with = "serialize_pairs")]
    pairs: &'line [(&'static str, Value)],
    message: &'line str,
}

fn serialize_pairs<S: Serializer>(
    pairs: &[(&'static str, Value)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// A value of a pair, as it came.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    Text(String),
    Number(u64),
}

/// The time of a line.
#[derive(Debug, Default)]
pub(super) struct LineTime {
    /// The second that `classic` stands for: a busy log formats it once.
    second: i64,
    classic: String,
    /// `None` until set: UTC.
    pub(super) zone: Option<TimeZone>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            level: Level::Error,
            category: String::new(),
            pairs: Vec::new(),
            message: String::new(),
        }
    }
}

impl Line {
    /// Appends the line in the form that websocketd's log parsers read, with its newline.
    pub(super) fn write_classic(&self, out: &mut String, clock: &mut LineTime, now: Timestamp) {
        let level = self.level.name().to_ascii_uppercase();
        out.push_str(clock.rfc1123(now));
        // Writing to a String cannot fail.
        let _ = write!(out, " | {level:<6} | {:<10} | ", self.category);
        self.write_rest(out);
    }

    /// Appends the line as journald takes it from a service's stdout, with its newline: `<6>session | url:'..' | CONNECT`.
    pub(super) fn write_journal(&self, out: &mut String) {
        let _ = write!(out, "<{}>{} | ", self.level.priority(), self.category);
        self.write_rest(out);
    }

    /// Pairs, message, newline.
    fn write_rest(&self, out: &mut String) {
        let pairs = self.pairs.iter();
        let pairs = pairs.filter(|(key, _)| !JSON_ONLY.contains(key));
        for (index, (key, value)) in pairs.enumerate() {
            let blank = if index == 0 { "" } else { " " };
            let _ = write!(out, "{blank}{key}:'");
            match value {
                Value::Text(text) => escape_value(out, text),
                Value::Number(number) => drop(write!(out, "{number}")),
            }
            out.push('\'');
        }
        out.push_str(" | ");
        escape_message(out, &self.message);
        out.push('\n');
    }

    /// Appends the line as one JSON object, with its newline: time (UTC, RFC 3339 with microseconds), level, category, the
    /// pairs, message.
    pub(super) fn write_json(&self, out: &mut String, now: Timestamp) {
        let object = JsonLine {
            time: format!("{now:.6}"),
            level: self.level,
            category: &self.category,
            pairs: &self.pairs,
            message: &self.message,
        };
        let Ok(text) = serde_json::to_string(&object) else {
            // Texts and numbers have a form in JSON; a line that had none is left out.
            return;
        };
        // JSON escapes what ends a line; what turns a line around on a terminal is escaped on top, where it can only stand
        // inside a text.
        for character in text.chars() {
            if is_unsafe(character) {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            } else {
                out.push(character);
            }
        }
        out.push('\n');
    }
}

impl LineTime {
    /// RFC 1123 with a numeric zone, as Go's `time.RFC1123Z`.
    fn rfc1123(&mut self, now: Timestamp) -> &str {
        if now.as_second() != self.second || self.classic.is_empty() {
            self.second = now.as_second();
            let zoned = Zoned::new(now, self.zone.clone().unwrap_or(TimeZone::UTC));
            self.classic = zoned.strftime("%a, %d %b %Y %H:%M:%S %z").to_string();
        }
        &self.classic
    }
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

/// A value between quotes: also the quote, the backslash, and a `|` after a blank, because the parts of a line are separated
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

    const AT: i64 = 1_795_223_647;

    fn make(message: &str, pairs: &[(&'static str, &str)]) -> Line {
        let text = |(key, value): &(&'static str, &str)| (*key, Value::Text((*value).to_owned()));
        Line {
            level: Level::Access,
            category: "session".into(),
            pairs: pairs.iter().map(text).collect(),
            message: message.into(),
        }
    }

    /// The classic line without its time.
    fn line(message: &str, pairs: &[(&'static str, &str)]) -> String {
        let mut out = String::new();
        let now = Timestamp::from_second(AT).unwrap();
        make(message, pairs).write_classic(&mut out, &mut LineTime::default(), now);
        out.replace("Sat, 21 Nov 2026 01:14:07 +0000", "T")
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
    fn the_journals_line() {
        let mut out = String::new();
        let mut line = make("CONNECT", &[("url", "http://a/")]);
        line.write_journal(&mut out);
        line.level = Level::Error;
        line.message = "<6>not ours\n<6>nor this".into();
        line.write_journal(&mut out);
        assert_eq!(
            out,
            "<6>session | url:'http://a/' | CONNECT\n<3>session | url:'http://a/' | <6>not ours\\n<6>nor this\n"
        );
    }

    #[test]
    fn the_json_line() {
        let mut line = make(
            "it's \"x\"\n\u{202e}\u{1b}\u{7f}",
            &[("url", "http://a/?'")],
        );
        line.pairs.push(("pid", Value::Number(7)));
        let mut out = String::new();
        line.write_json(&mut out, Timestamp::new(AT, 5_000).unwrap());
        assert!(out.ends_with("}\n") && out.matches('\n').count() == 1);
        assert!(out.is_ascii(), "{out}");
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            read,
            serde_json::json!({"time": "2026-11-21T01:14:07.000005Z", "level": "access", "category": "session",
                "url": "http://a/?'", "pid": 7, "message": "it's \"x\"\n\u{202e}\u{1b}\u{7f}"})
        );
    }

    #[test]
    fn timestamps_carry_the_numeric_zone() {
        let at = Timestamp::from_second(AT).unwrap();
        let offset = jiff::tz::Offset::from_seconds(-(3 * 3600 + 1800)).unwrap();
        let mut clock = LineTime {
            zone: Some(TimeZone::fixed(offset)),
            ..LineTime::default()
        };
        assert_eq!(clock.rfc1123(at), "Fri, 20 Nov 2026 21:44:07 -0330");
        let later = Timestamp::from_second(AT + 1).unwrap();
        assert_eq!(clock.rfc1123(later), "Fri, 20 Nov 2026 21:44:08 -0330");
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
