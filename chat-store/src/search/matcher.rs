//! Whether a record is what somebody looks for, and where in its text the words are. Pure.

use std::fmt;

use memchr::memmem::Finder;

use super::fold::Folder;
use crate::record::{Record, attrs};

/// The most words of a search, and its longest word, in bytes as it is compared.
pub const MAX_WORDS: usize = 16;
const MAX_WORD_BYTES: usize = 1024;
/// The most places in a text that are marked.
const MAX_MARKS: usize = 100;

/// What somebody looks for. All of it must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Each is part of the text; a phrase holds blanks.
    pub words: Vec<String>,
    /// The name it was said under.
    pub from: Option<String>,
    /// Who had logged in as.
    pub account: Option<String>,
    /// With a file.
    pub has_file: bool,
}

/// A part of a text that a word was found in, in code units of UTF-16: as a page counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where it begins.
    pub start: usize,
    /// How long it is.
    pub length: usize,
}

/// A query that is ready for many records.
pub struct Matcher {
    query: Query,
    pub(super) folder: Folder,
    words: Vec<Finder<'static>>,
    from: Option<String>,
    /// The longest part of a word without a blank, to look for in whole blocks.
    pub(super) needle: Option<Finder<'static>>,
    pub(super) is_ascii: bool,
    scratch: String,
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matcher")
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

impl Matcher {
    /// Makes it ready.
    pub fn new(query: Query) -> Self {
        let mut folder = Folder::default();
        let plain: Vec<String> = query
            .words
            .iter()
            .map(|word| tidy(&folder.fold(word)))
            .filter(|word| !word.is_empty() && word.len() <= MAX_WORD_BYTES)
            .take(MAX_WORDS)
            .collect();
        let parts = plain.iter().flat_map(|word| word.split(' '));
        let longest = parts.max_by_key(|part| part.len()).unwrap_or_default();
        let finder = |word: &str| Finder::new(word.as_bytes()).into_owned();
        Self {
            needle: (!longest.is_empty()).then(|| finder(longest)),
            is_ascii: longest.is_ascii(),
            words: plain.iter().map(|word| finder(word)).collect(),
            from: query.from.as_deref().map(|name| folder.fold(name)),
            query,
            folder,
            scratch: String::new(),
        }
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
            && self.from.is_none()
            && self.query.account.is_none()
            && !self.query.has_file
    }

    /// Whether the text holds every word.
    pub(super) fn has_words(&mut self, text: &str) -> bool {
        if self.words.is_empty() {
            return true;
        }
        self.scratch.clear();
        self.folder.fold_to(text, &mut self.scratch);
        let folded = self.scratch.as_bytes();
        self.words.iter().all(|word| word.find(folded).is_some())
    }

    /// Whether it may be from there.
    pub(super) fn is_from(&mut self, record: &Record<'_>) -> bool {
        let is_from = self
            .from
            .as_deref()
            .is_none_or(|from| self.folder.fold(&record.from) == from);
        let account = self.query.account.as_deref();
        is_from && account.is_none_or(|name| record.attr(attrs::ACCOUNT).as_deref() == Some(name))
    }

    /// Where the words are, if all that is looked for is there.
    pub fn marks(&mut self, record: &Record<'_>) -> Option<Vec<Mark>> {
        let has_file = !self.query.has_file || record.attr(attrs::FILE).is_some();
        if !has_file || !self.is_from(record) {
            return None;
        }
        let (folded, places) = self.folder.fold_with_places(&record.text);
        let mut ranges = Vec::new();
        for word in &self.words {
            let before = ranges.len();
            for at in word.find_iter(folded.as_bytes()).take(MAX_MARKS) {
                let last = at + word.needle().len() - 1;
                ranges.push((places[at], end_of(&record.text, places[last])));
            }
            if ranges.len() == before {
                return None;
            }
        }
        Some(in_utf16(&record.text, joined(ranges)))
    }
}

/// Blanks count once, and not at the ends.
fn tidy(word: &str) -> String {
    word.split(' ')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where the character that begins at `at` ends, with the accents behind it.
fn end_of(text: &str, at: usize) -> usize {
    let mut chars = text[at..].chars();
    let first = chars.next().map_or(0, char::len_utf8);
    let marks = chars.take_while(|&c| unicode_normalization::char::is_combining_mark(c));
    at + first + marks.map(char::len_utf8).sum::<usize>()
}

/// In order, and what touches is one.
fn joined(mut ranges: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    ranges.sort_unstable();
    let mut all: Vec<(usize, usize)> = Vec::with_capacity(ranges.len().min(MAX_MARKS));
    for (start, end) in ranges {
        if let Some(last) = all.last_mut().filter(|last| start <= last.1) {
            last.1 = last.1.max(end);
        } else if all.len() < MAX_MARKS {
            all.push((start, end));
        }
    }
    all
}

fn in_utf16(text: &str, ranges: Vec<(usize, usize)>) -> Vec<Mark> {
    let units = |part: &str| part.encode_utf16().count();
    let (mut byte, mut unit) = (0, 0);
    let mut marks = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        let at = unit + units(&text[byte..start]);
        let length = units(&text[start..end]);
        marks.push(Mark { start: at, length });
        (byte, unit) = (end, at + length);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Draft, Kind, RecordId};
    use proptest::prelude::*;

    fn line(from: &str, text: &str) -> Vec<u8> {
        let mut line = Vec::new();
        let id = RecordId::from_micros(1_795_256_130_123_456);
        Draft::new(Kind::Say, from, text).write_to(id, &mut line);
        line
    }

    /// The parts of the text that are marked; `None`: no hit.
    fn marked(words: &[&str], text: &str) -> Option<Vec<String>> {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        let mut matcher = Matcher::new(Query {
            words,
            ..Query::default()
        });
        let line = line("bob", text);
        let record = Record::parse(&line).expect("a record");
        let units: Vec<u16> = record.text.encode_utf16().collect();
        let marks = matcher.marks(&record)?;
        let part = |mark: &Mark| {
            let units = &units[mark.start..mark.start + mark.length];
            String::from_utf16(units).expect("whole characters")
        };
        Some(marks.iter().map(part).collect())
    }

    #[test]
    fn all_words_are_found_and_marked_as_they_were_typed() {
        let all = |words: &[&str], text: &str| marked(words, text).map(|marks| marks.join("|"));
        for (words, text, wanted) in [
            (&["reka"][..], "😀 Ta ŘEKA, ta řeka", Some("ŘEKA|řeka")),
            (&["r\u{30c}eka"], "řeka", Some("řeka")),
            (&["řeka"], "r\u{30c}eka!", Some("r\u{30c}eka")),
            (&["strasse"], "in der Straße", Some("Straße")),
            (&["fin"], "the ﬁnal one", Some("ﬁn")),
            (&["be", "to"], "to be or not to be", Some("to|be|to|be")),
            (&["to be"], "to be or not to be", Some("to be|to be")),
            (&["to  be"], "To\u{a0}Be", Some("To\u{a0}Be")),
            (&["to", "nothing"], "to be", None),
            (&["ab", "bc"], "abc", Some("abc")),
            (&["s"], "ß", Some("ß")),
            (&[], "anything", Some("")),
        ] {
            assert_eq!(all(words, text).as_deref(), wanted, "{words:?} in {text:?}");
        }
    }

    #[test]
    fn a_name_is_the_whole_name() {
        let of = |name: &str, from: &str| {
            let query = Query {
                from: Some(name.into()),
                ..Query::default()
            };
            let line = line(from, "hello");
            Matcher::new(query).marks(&Record::parse(&line).expect("a record"))
        };
        assert_eq!(of("bob", "Bob"), Some(vec![]));
        assert_eq!(of("zofie", "Žofie"), Some(vec![]));
        assert_eq!(of("bob", "bobby"), None);
    }

    proptest! {
        #[test]
        fn a_part_of_a_text_is_found_where_it_stands(
            before in "[ -~À-žα-ω가-각😀]{0,12}", word in "[a-zÀ-žα-ω가-각]{1,6}", after in "[ -~À-žα-ω가-각😀]{0,12}",
        ) {
            let text = format!("{before}{word}{after}");
            let marks = marked(&[&word], &text);
            // What is cleaned away when it is written could not be found.
            let marks = marks.expect("a hit");
            let mut folder = Folder::default();
            let wanted = folder.fold(&word);
            prop_assert!(marks.iter().any(|mark| folder.fold(mark).contains(&wanted)), "{:?}", marks);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,60}", words in proptest::collection::vec("\\PC{0,5}", 0..4)) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let _ = marked(&words, &text);
        }
    }
}
