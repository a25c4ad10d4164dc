//! One line of a log or an inbox: `TIME<TAB>KIND<TAB>FROM<TAB>ATTRS<TAB>TEXT`. Pure.
//!
//! Whatever a caller puts into a [`Draft`], no field can hold a tab, a line end or another control
//! character: the cleaning is part of the writing. Only what people write may have several lines and
//! tabs ([`Kind::has_lines`]): its line breaks are [`LINE_BREAK`] on disk, so that a record stays one
//! line, and `\n` here. Whatever stands in a file, [`Record::parse`] never panics: what is neither a
//! record nor a line of the old script is no record.

use std::borrow::Cow;

mod age;
pub mod attrs;
mod clean;
mod id;
mod kind;
mod legacy;
mod reactions;

pub use age::{Age, AgeError, Keep};
pub use attrs::Attrs;
pub use clean::{LINE_BREAK, clean, clean_lines, is_bidi_control, is_bidi_override, show, tidy};
pub use id::RecordId;
pub use kind::Kind;
pub use legacy::addressee;
pub use reactions::{MAX_BY, Reaction, Reactions};

/// The longest line that is written or read, in bytes with its line end: a signal of 64 KiB and its
/// fields. A longer line in a file is skipped, so that one buffer of this size is enough.
pub const MAX_LINE: usize = 80 * 1024;

/// One record, borrowed from the line it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Time and id. For a line in the old form, which has none: [`RecordId::ZERO`] while it is
    /// followed, its place ([`RecordId::is_place`]) on a history page.
    pub id: RecordId,
    /// The `HH:MM:SS` of a line in the old form (the old server's local time).
    pub clock: Option<&'a str>,
    /// What it is.
    pub kind: Kind,
    /// The nick it is from.
    pub from: Cow<'a, str>,
    /// `key=value` pairs, see [`Record::attrs`].
    attrs: Cow<'a, str>,
    /// On a page of history: the last of its edits, whose text this has.
    pub edited: Option<RecordId>,
    /// On a page of history: who reacted to it.
    pub reactions: Option<&'a Reactions>,
    /// The text; empty for kinds without one. Its lines, if its kind may have several, end in `\n`.
    pub text: Cow<'a, str>,
}

impl<'a> Record<'a> {
    /// Reads one line (with or without its line end). `None`: no record, to be skipped.
    ///
    /// NUL bytes before the record (what some file systems leave after a power cut) are skipped;
    /// inside a field they and invalid UTF-8 become U+FFFD.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = &line[line.iter().take_while(|&&byte| byte == 0).count()..];
        if line.first() == Some(&b'[') {
            return legacy::parse(line);
        }
        let mut fields = line.splitn(5, |&byte| byte == b'\t');
        let id = RecordId::parse(fields.next()?)?;
        let kind = Kind::parse(fields.next()?)?;
        let (from, attrs, text) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self {
            id,
            clock: None,
            kind,
            from: show(from),
            attrs: show(attrs),
            edited: None,
            reactions: None,
            text: clean::show_text(text, kind.has_lines()),
        })
    }

    /// The id a line starts with, whatever follows; for bisection.
    pub fn id_of(line: &[u8]) -> Option<RecordId> {
        let line = &line[line.iter().take_while(|&&byte| byte == 0).count()..];
        match line.get(RecordId::TEXT_LEN) {
            Some(b'\t') => RecordId::parse(&line[..RecordId::TEXT_LEN]),
            _ => None,
        }
    }

    /// From fields that were parsed before.
    pub(crate) fn from_parts(
        id: RecordId,
        clock: Option<&'a str>,
        kind: Kind,
        from: &'a str,
        attrs: &'a str,
        text: &'a str,
    ) -> Self {
        let (from, attrs, text) = (from.into(), attrs.into(), text.into());
        Self {
            id,
            clock,
            kind,
            from,
            attrs,
            edited: None,
            reactions: None,
            text,
        }
    }

    /// The attributes as they stand in the line.
    pub fn raw_attrs(&self) -> &str {
        &self.attrs
    }

    /// All attributes, unknown ones too.
    pub fn attrs(&self) -> Attrs<'_> {
        Attrs::new(&self.attrs)
    }

    /// The value of one attribute; the first if it is there twice, `None` if not or empty.
    pub fn attr(&self, key: &str) -> Option<Cow<'_, str>> {
        self.attrs()
            .find(|(k, v)| *k == key && !v.is_empty())
            .map(|(_, value)| value)
    }

    /// The record that this one is about.
    pub fn target(&self) -> Option<RecordId> {
        RecordId::parse(self.attr(attrs::TARGET)?.as_bytes())
    }

    /// Whether this may have been private: the script of 2016 logged whispers like everything, and left it
    /// to the pages to hide them. Who was there is not known any more, so a word and a colon are enough.
    pub fn may_be_old_whisper(&self) -> bool {
        self.clock.is_some() && self.kind == Kind::Say && addressee(&self.text).is_some()
    }

    /// True if a moderator took the text back: it was overwritten with blanks where it stood, and the names of its
    /// files.
    pub fn is_redacted(&self) -> bool {
        self.text.bytes().all(|byte| byte == b' ')
            && (!self.text.is_empty() || attrs::has_blank_file(&self.attrs))
    }

    /// Who sent it, for telling a message sent again from another's with the same `msgid`.
    pub fn scope(&self) -> Scope<'_> {
        let account = self.attr(attrs::ACCOUNT).map(Scope::Account);
        let client = || self.attr(attrs::CLIENT).map(Scope::Client);
        account
            .or_else(client)
            .unwrap_or(Scope::Nick(Cow::Borrowed(&self.from)))
    }
}

/// A record to be written; the id comes from the writer. Fields are cleaned as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft<'a> {
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub from: &'a str,
    /// The text.
    pub text: &'a str,
    /// The client's own id of the message.
    pub msgid: Option<&'a str>,
    /// Who they logged in as; `None` for Anonymous.
    pub account: Option<&'a str>,
    /// A token that tells one client from another, for people without an account (a page keeps a
    /// random one and sends it again after a reconnect). Scope of `msgid` only.
    pub client: Option<&'a str>,
    /// The sender's color.
    pub color: Option<&'a str>,
    /// Reserved for lines from another machine.
    pub origin: Option<&'a str>,
    /// Further attributes; those without a value are left out.
    pub extra: &'a [(&'a str, Option<&'a str>)],
}

impl<'a> Draft<'a> {
    /// A draft without attributes.
    pub fn new(kind: Kind, from: &'a str, text: &'a str) -> Self {
        Self {
            kind,
            from,
            text,
            msgid: None,
            account: None,
            client: None,
            color: None,
            origin: None,
            extra: &[],
        }
    }

    /// Appends the whole line with its line end to `line`.
    pub fn write_to(&self, id: RecordId, line: &mut Vec<u8>) {
        line.extend_from_slice(&id.to_text());
        for field in [self.kind.as_str(), &clean(self.from)] {
            line.push(b'\t');
            line.extend_from_slice(field.as_bytes());
        }
        line.push(b'\t');
        let pairs = [
            (attrs::MSGID, self.msgid),
            (attrs::ACCOUNT, self.account),
            (attrs::CLIENT, self.client),
            (attrs::COLOR, self.color),
            (attrs::ORIGIN, self.origin),
        ];
        attrs::write_to(pairs.iter().chain(self.extra), line);
        line.push(b'\t');
        clean::write_text(self.text, self.kind.has_lines(), line);
        line.push(b'\n');
    }

    /// As [`Record::scope`].
    pub fn scope(&self) -> Scope<'a> {
        let filled = |value: Option<&'a str>| value.map(clean).filter(|value| !value.is_empty());
        let account = filled(self.account).map(Scope::Account);
        let client = || filled(self.client).map(Scope::Client);
        account
            .or_else(client)
            .unwrap_or_else(|| Scope::Nick(clean(self.from)))
    }
}

/// Whose `msgid` it is: of the best thing that is known about the sender and stays over a
/// reconnect. The nick, the last resort, may be another one then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Who they logged in as.
    Account(Cow<'a, str>),
    /// The token of their client.
    Client(Cow<'a, str>),
    /// Their nick.
    Nick(Cow<'a, str>),
}

#[cfg(test)]
mod tests;
