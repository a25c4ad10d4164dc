//! The line beside a file: `key=value` pairs joined by `;`, as a record's attributes, the name last. Pure.

use super::{Attachment, AttachmentId};
use crate::record::{Attrs, RecordId, attrs, show};

impl Attachment {
    /// The longest line: names and accounts are short.
    pub const MAX_LINE: u64 = 4 * 1024;

    /// The line beside the file.
    pub fn to_line(&self) -> Vec<u8> {
        write(self)
    }

    /// What the line beside the file `id` says; `None`: it is none.
    pub fn from_line(id: AttachmentId, line: &[u8]) -> Option<Self> {
        read(id, line)
    }
}

/// The line of `file`.
fn write(file: &Attachment) -> Vec<u8> {
    let (size, at) = (file.size.to_string(), file.at.to_string());
    let (width, height) = file.pixels.unzip();
    let [width, height] = [width, height].map(|side| side.map(|side| side.to_string()));
    let message = file.message.map(|id| id.to_string());
    let pairs = [
        ("type", Some(file.kind.as_str())),
        ("size", Some(size.as_str())),
        ("width", width.as_deref()),
        ("height", height.as_deref()),
        ("sha256", Some(file.hash.as_str())),
        ("person", Some(file.person.as_str())),
        ("account", file.account.as_deref()),
        ("owner", Some(file.owner.as_str())),
        ("at", Some(at.as_str())),
        ("message", message.as_deref()),
        ("msgid", file.msgid.as_deref()),
        ("name", Some(file.name.as_str())),
    ];
    let mut line = Vec::new();
    attrs::write_to(&pairs, &mut line);
    line.push(b'\n');
    line
}

/// Reads the line; `None`: somebody else's.
fn read(id: AttachmentId, line: &[u8]) -> Option<Attachment> {
    let line = show(line.strip_suffix(b"\n").unwrap_or(line));
    let value = |key: &str| {
        Attrs::new(&line)
            .find(|(k, v)| *k == key && !v.is_empty())
            .map(|(_, value)| value.into_owned())
    };
    let number = |key: &str| value(key)?.parse().ok();
    let moment = |key: &str| RecordId::parse(value(key)?.as_bytes());
    let hash = value("sha256")?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    // It is a part of a path.
    if hash.len() != 64 || !hash.bytes().all(is_digit) {
        return None;
    }
    Some(Attachment {
        id,
        name: value("name")?,
        kind: value("type")?,
        size: value("size")?.parse().ok()?,
        pixels: number("width").zip(number("height")),
        hash,
        person: value("person")?,
        account: value("account"),
        owner: value("owner")?,
        at: moment("at")?,
        message: moment("message"),
        msgid: value("msgid"),
    })
}
