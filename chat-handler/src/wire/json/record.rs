//! A record as one line of JSON, by hand.

use chat_store::attachments::named;
use chat_store::record::{Kind, Reactions, Record, RecordId, attrs};

/// One record as the pages know it, and a line end.
///
/// By hand: every handler of a room does this for every line, and a [`Message`] with its two dozen
/// fields to skip costs three times as much.
pub fn record(record: &Record<'_>, out: &mut Vec<u8>) {
    let text = &*record.text;
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let redacted = record.is_redacted();
    let (to, target, text) = match record.kind {
        Kind::Join
        | Kind::Quit
        | Kind::Color
        | Kind::Clear
        | Kind::Leave
        | Kind::Pin
        | Kind::Unpin
        | Kind::Profile => (None, None, None),
        Kind::Nick | Kind::Admit | Kind::Dismiss => (Some(text), None, None),
        Kind::Kick | Kind::Ban => (Some(first), None, Some(rest)),
        Kind::Redact => (None, Some(text), None),
        _ if redacted => (None, None, Some("")),
        _ => (None, None, Some(text)),
    };
    out.extend_from_slice(b"{\"type\":");
    put_string(record.kind.as_str(), out);
    if record.id != RecordId::ZERO {
        out.extend_from_slice(b",\"id\":\"");
        out.extend_from_slice(&record.id.to_text());
        out.push(b'"');
    }
    let (mut color, mut account, mut person, mut msgid) = (None, None, None, None);
    let (mut about, mut reply, mut was) = (None, None, None);
    let mut has_files = false;
    for (key, value) in record.attrs().filter(|(_, value)| !value.is_empty()) {
        let place = match key {
            attrs::COLOR => &mut color,
            attrs::ACCOUNT => &mut account,
            attrs::PERSON => &mut person,
            attrs::MSGID => &mut msgid,
            attrs::TARGET => &mut about,
            attrs::REPLY => &mut reply,
            attrs::WAS => &mut was,
            attrs::FILE => {
                has_files = true;
                continue;
            }
            _ => continue,
        };
        // The first counts, as for everybody who asks for one attribute.
        place.get_or_insert(value);
    }
    let fields = [
        (&b",\"from\":"[..], Some(&*record.from)),
        (b",\"to\":", to),
        (b",\"target\":", target.or(about.as_deref())),
        (b",\"reply\":", reply.as_deref()),
        (b",\"was\":", was.as_deref()),
        (b",\"color\":", color.as_deref()),
        (b",\"account\":", account.as_deref()),
        (b",\"person\":", person.as_deref()),
        (b",\"msgid\":", msgid.as_deref()),
        (b",\"text\":", text),
        (b",\"clock\":", record.clock),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            out.extend_from_slice(key);
            put_string(value, out);
        }
    }
    if has_files {
        put_files(record, out);
    }
    if let Some(id) = record.edited {
        out.extend_from_slice(b",\"edited\":\"");
        out.extend_from_slice(&id.to_text());
        out.push(b'"');
    }
    if let Some(reactions) = record.reactions {
        put_reactions(reactions, out);
    }
    if redacted {
        out.extend_from_slice(b",\"redacted\":true");
    }
    if record.clock.is_some() {
        out.extend_from_slice(b",\"old\":true");
    }
    out.extend_from_slice(b"}\n");
}

fn put_files(record: &Record<'_>, out: &mut Vec<u8>) {
    let mut separator = &b",\"files\":["[..];
    let files = named(record);
    for file in &files {
        out.extend_from_slice(separator);
        separator = b",";
        out.extend_from_slice(b"{\"id\":");
        put_string(file.id.as_str(), out);
        out.extend_from_slice(b",\"name\":");
        put_string(&file.name, out);
        out.extend_from_slice(b",\"type\":");
        put_string(&file.kind, out);
        out.extend_from_slice(format!(",\"size\":{}", file.size).as_bytes());
        if let Some((width, height)) = file.pixels {
            out.extend_from_slice(format!(",\"width\":{width},\"height\":{height}").as_bytes());
        }
        out.push(b'}');
    }
    if !files.is_empty() {
        out.push(b']');
    }
}

fn put_reactions(reactions: &Reactions, out: &mut Vec<u8>) {
    let mut separator = &b",\"reactions\":["[..];
    for reaction in &reactions.0 {
        out.extend_from_slice(separator);
        separator = b",";
        out.extend_from_slice(b"{\"text\":");
        put_string(&reaction.text, out);
        let mut before = &b",\"by\":["[..];
        for name in &reaction.by {
            out.extend_from_slice(before);
            before = b",";
            put_string(name, out);
        }
        out.extend_from_slice(format!("],\"count\":{}", reaction.count).as_bytes());
        let own: &[u8] = if reaction.own {
            b",\"own\":true}"
        } else {
            b"}"
        };
        out.extend_from_slice(own);
    }
    out.push(b']');
}

/// A string of JSON, with its quotes.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a way out of the loop the compiler does 16 bytes at a time"
)]
fn put_string(text: &str, out: &mut Vec<u8>) {
    let is_plain = !text.bytes().fold(false, |found, byte| {
        found | (byte < 0x20) | (byte == b'"') | (byte == b'\\')
    });
    if is_plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        // Into memory nothing can fail; a string must be there all the same.
        out.extend_from_slice(b"\"\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::record::Draft;
    use proptest::prelude::*;
    use serde_json::Value;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            from in "\\PC{1,20}", text in "\\PC{0,60}|[\\x00-\\x7f]{0,60}", account in "\\PC{1,20}", msgid in "[!-~]{1,20}",
        ) {
            let draft = Draft {
                msgid: Some(&msgid),
                account: Some(&account),
                color: Some("#aa00bb"),
                ..Draft::new(Kind::Say, &from, &text)
            };
            let mut line = Vec::new();
            draft.write_to(RecordId::from_micros(1_795_256_130_123_456), &mut line);
            let parsed = Record::parse(&line).expect("a record");
            let mut out = Vec::new();
            record(&parsed, &mut out);
            prop_assert_eq!(memchr::memchr(b'\n', &out), Some(out.len() - 1), "one line");
            let message: Value = serde_json::from_slice(&out).expect("JSON");
            prop_assert_eq!(&message["from"], &*parsed.from);
            prop_assert_eq!(message["text"].as_str(), Some(if parsed.is_redacted() { "" } else { &*parsed.text }));
            for key in ["account", "msgid", "color"] {
                let wanted = parsed.attr(key);
                prop_assert_eq!(message[key].as_str(), wanted.as_deref(), "{}", key);
            }
        }
    }
}
