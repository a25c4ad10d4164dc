//! Which lines of a block may be hits: nearly all are passed over without being taken apart.

use memchr::{memchr, memchr_iter, memrchr};

use super::matcher::Matcher;
use crate::record::RecordId;

/// The first letters of the kinds that are talk, and of `edit`.
const KINDS: [u8; 5] = *b"smdte";

/// A block's small letters, kept from block to block.
#[derive(Debug, Default)]
pub(super) struct Prefilter {
    lower: Vec<u8>,
    folded: String,
}

impl Prefilter {
    /// Gives the place in `block`, which holds whole lines, and the bytes of each line that may be a hit, in order.
    pub(super) fn each(
        &mut self,
        block: &[u8],
        matcher: &mut Matcher,
        give: &mut dyn FnMut(&mut Matcher, usize, &[u8]),
    ) {
        let Some(needle) = matcher.needle.clone() else {
            return each_line(block, |start, line| {
                if may_be_talk(line) {
                    give(matcher, start, line);
                }
            });
        };
        self.lower.clear();
        self.lower.extend_from_slice(block);
        self.lower.make_ascii_lowercase();
        if block.is_ascii() {
            if matcher.is_ascii {
                self.each_hit(block, &needle, |start, line| give(matcher, start, line));
            }
            return;
        }
        let mut hits = needle.find_iter(&self.lower).peekable();
        each_line(block, |start, line| {
            let end = start + line.len();
            while hits.next_if(|&hit| hit < start).is_some() {}
            let is_hit = hits.peek().is_some_and(|&hit| hit < end);
            if may_be_talk(line)
                && (is_hit || (!line.is_ascii() && holds(line, &needle, matcher, &mut self.folded)))
            {
                give(matcher, start, line);
            }
        });
    }

    /// Where all is ASCII, only what is around the hits is looked at.
    fn each_hit(
        &self,
        block: &[u8],
        needle: &memchr::memmem::Finder<'_>,
        mut give: impl FnMut(usize, &[u8]),
    ) {
        let mut done = 0;
        for hit in needle.find_iter(&self.lower) {
            if hit < done {
                continue;
            }
            let start = memrchr(b'\n', &block[..hit]).map_or(0, |at| at + 1);
            let end = memchr(b'\n', &block[hit..]).map_or(block.len(), |at| hit + at + 1);
            done = end;
            if may_be_talk(&block[start..end]) {
                give(start, &block[start..end]);
            }
        }
    }
}

fn each_line(block: &[u8], mut give: impl FnMut(usize, &[u8])) {
    let mut start = 0;
    for end in memchr_iter(b'\n', block) {
        give(start, &block[start..=end]);
        start = end + 1;
    }
}

/// By the first letter of its kind. Lines in the old form, and what a power cut left before a line, may be anything.
fn may_be_talk(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'[' | 0))
        || line
            .get(RecordId::TEXT_LEN + 1)
            .is_some_and(|letter| KINDS.contains(letter))
}

/// Whether the line's last field holds the needle, as it is compared.
fn holds(
    line: &[u8],
    needle: &memchr::memmem::Finder<'_>,
    matcher: &mut Matcher,
    folded: &mut String,
) -> bool {
    let start = memchr_iter(b'\t', line).nth(3).map_or(0, |at| at + 1);
    folded.clear();
    match std::str::from_utf8(&line[start..]) {
        Ok(text) => matcher.folder.fold_to(text, folded),
        Err(_) => matcher
            .folder
            .fold_to(&String::from_utf8_lossy(&line[start..]), folded),
    }
    needle.find(folded.as_bytes()).is_some()
}
