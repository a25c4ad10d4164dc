//! What people type to look for something: words, `"a phrase"`, and `key:value` among them. Pure.

use chat_store::record::RecordId;
use chat_store::search::matcher::{MAX_WORDS, Query};

use crate::transcript;

/// The longest text that is looked at, in characters.
const MAX_CHARS: usize = 200;

/// What is looked for, and where and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) query: Query,
    /// In this room alone.
    pub(super) room: Option<String>,
    /// From this moment on.
    pub(super) after: Option<RecordId>,
    /// Before this moment.
    pub(super) before: Option<RecordId>,
}

/// Why it cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclear {
    /// What a `before` or `after` says is no time.
    Time,
    /// What a `has` says is not `file`.
    Has,
    /// More than [`MAX_WORDS`] words.
    Words,
}

impl Wanted {
    /// Adds what a text says.
    pub(super) fn read(&mut self, text: &str) -> Result<(), Unclear> {
        let text: String = text.chars().take(MAX_CHARS).collect();
        for token in tokens(&text) {
            match token {
                Token::Word(word) => self.query.words.push(word),
                Token::Pair(key, value) => self.set(key, &value)?,
            }
        }
        if self.query.words.len() > MAX_WORDS {
            return Err(Unclear::Words);
        }
        Ok(())
    }

    /// Sets what `key`, one of [`KEYS`], means; the last one holds.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), Unclear> {
        let moment = || transcript::moment(value).map(Some).ok_or(Unclear::Time);
        match key {
            "from" => self.query.from = Some(value.to_owned()),
            "account" => self.query.account = Some(value.to_owned()),
            "in" => self.room = Some(value.to_owned()),
            "after" => self.after = moment()?,
            "before" => self.before = moment()?,
            _ if value == "file" => self.query.has_file = true,
            _ => return Err(Unclear::Has),
        }
        Ok(())
    }
}

/// What may stand before a colon; anything else is a word as it stands, as `https://example.org`.
const KEYS: [&str; 6] = ["from", "account", "in", "after", "before", "has"];

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Pair(&'static str, String),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let key = KEYS.into_iter().find_map(|key| {
            let (before, value) = rest.split_once(':')?;
            // A key alone, or one with a blank behind it, is a word.
            let is_one =
                before.eq_ignore_ascii_case(key) && !value.starts_with(char::is_whitespace);
            (is_one && !value.is_empty()).then_some((key, value))
        });
        let (value, behind) = value_of(key.map_or(rest, |(_, value)| value));
        rest = behind.trim_start();
        match key {
            Some((key, _)) if !value.is_empty() => tokens.push(Token::Pair(key, value)),
            _ if value.trim().is_empty() => {}
            _ => tokens.push(Token::Word(value)),
        }
    }
    tokens
}

/// Up to the closing quotation mark, or to the next blank; a mark that is not closed ends with the text.
fn value_of(text: &str) -> (String, &str) {
    const QUOTES: [char; 4] = ['"', '“', '”', '„'];
    if let Some(inner) = text.strip_prefix(QUOTES) {
        let (value, behind) = inner.split_once(QUOTES).unwrap_or((inner, ""));
        return (value.to_owned(), behind);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Wanted, Unclear> {
        let mut wanted = Wanted::default();
        wanted.read(text).map(|()| wanted)
    }

    #[test]
    fn words_phrases_and_keys_are_told_apart() {
        let wanted = read("tea  \"hot milk\" From:bob in:\"my room\" has:file https://x.org from: after:2026-11-01").unwrap();
        assert_eq!(
            wanted.query.words,
            ["tea", "hot milk", "https://x.org", "from:"]
        );
        assert_eq!(wanted.query.from.as_deref(), Some("bob"));
        assert_eq!(wanted.room.as_deref(), Some("my room"));
        assert!(wanted.query.has_file);
        assert_eq!(wanted.after, transcript::moment("2026-11-01"));
        assert_eq!(
            read("„so leise“ \"and not closed").unwrap().query.words,
            ["so leise", "and not closed"]
        );
        assert_eq!(read("  ").unwrap(), Wanted::default());
    }

    #[test]
    fn what_is_unclear_is_said() {
        assert_eq!(read("before:yesterday"), Err(Unclear::Time));
        assert_eq!(read("has:wings"), Err(Unclear::Has));
        assert_eq!(read(&"a ".repeat(17)), Err(Unclear::Words));
        assert_eq!(
            read(&"word".repeat(1000)).unwrap().query.words[0].len(),
            MAX_CHARS
        );
    }
}
