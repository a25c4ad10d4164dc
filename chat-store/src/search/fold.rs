//! Text as it is compared in a search: without case and accents, whatever form of Unicode it was typed in. Pure.
//!
//! Each character folds by itself (its compatibility decomposition without accents, then the small letters of its
//! capitals, so that `ß` is `ss` and `ς` is `σ`), so that a place in the folded text leads back to one in the text.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// Characters of one page of the table.
const PAGE: usize = 256;
/// Pages of all of Unicode.
const PAGES: usize = 0x11_0000 / PAGE;

/// What was folded before, so that a large log folds at some hundred megabytes a second.
#[derive(Debug, Default)]
pub struct Folder {
    pages: Vec<Option<Box<[Span; PAGE]>>>,
    arena: String,
}

/// Where a folded character stands in the arena.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    length: u8,
}

impl Folder {
    /// Appends `text` as it is compared.
    pub fn fold_to(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            match c {
                '\t'..='\r' => out.push(' '),
                c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
                c => out.push_str(self.folded(c)),
            }
        }
    }

    /// `text` as it is compared.
    pub fn fold(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.fold_to(text, &mut out);
        out
    }

    /// The same, and for each byte of it the byte of `text` at which its character begins; at the end, the end.
    pub fn fold_with_places(&mut self, text: &str) -> (String, Vec<usize>) {
        let mut out = String::with_capacity(text.len());
        let mut places = Vec::with_capacity(text.len() + 1);
        for (at, c) in text.char_indices() {
            let before = out.len();
            match c {
                '\t'..='\r' => out.push(' '),
                c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
                c => out.push_str(self.folded(c)),
            }
            places.resize(places.len() + out.len() - before, at);
        }
        places.push(text.len());
        (out, places)
    }

    fn folded(&mut self, c: char) -> &str {
        let code = c as usize;
        if self.pages.is_empty() {
            self.pages.resize_with(PAGES, || None);
        }
        let Span { start, length } = match &self.pages[code / PAGE] {
            Some(page) => page[code % PAGE],
            None => self.fill(code / PAGE)[code % PAGE],
        };
        let start = start as usize;
        &self.arena[start..start + usize::from(length)]
    }

    /// Of a whole page at once: who meets one letter of a script, meets others.
    fn fill(&mut self, number: usize) -> [Span; PAGE] {
        let mut page = [Span::default(); PAGE];
        for (offset, span) in page.iter_mut().enumerate() {
            let code = u32::try_from(number * PAGE + offset).unwrap_or_default();
            let start = self.arena.len();
            if let Some(c) = char::from_u32(code) {
                put(c, &mut self.arena);
            }
            // The longest has 33 bytes (U+FDFA), all of them together fit into 8 MiB.
            *span = Span {
                start: u32::try_from(start).unwrap_or_default(),
                length: u8::try_from(self.arena.len() - start).unwrap_or_default(),
            };
        }
        self.pages[number] = Some(Box::new(page));
        page
    }
}

fn put(c: char, out: &mut String) {
    if c.is_whitespace() {
        out.push(' ');
        return;
    }
    let plain = std::iter::once(c)
        .nfkd()
        .filter(|&c| !is_accent(c) && !is_unseen(c));
    out.extend(
        plain
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            // A capital may be written with an accent of its own (U+0149).
            .filter(|&c| !is_accent(c)),
    );
}

/// What stands above or below a letter and is left out by who types in a hurry. The marks that make another sound of a
/// kana, those that join letters of Indic scripts, and vowels are none.
fn is_accent(c: char) -> bool {
    /// Of voiced kana, and of viramas.
    const KEPT: [u8; 3] = [0, 8, 9];
    !KEPT.contains(&canonical_combining_class(c))
}

/// Characters that show nothing: where a line may break, how an emoji is drawn.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fold(text: &str) -> String {
        Folder::default().fold(text)
    }

    #[test]
    fn what_people_take_for_the_same_is_the_same() {
        for (one, other) in [
            ("Řeka", "reka"),
            ("STRASSE", "straße"),
            ("Οδυσσεύς", "οδυσσευσ"),
            ("ﬁn", "FIN"),
            ("İstanbul", "istanbul"),
            ("Ångström", "a\u{30a}ngstro\u{308}m"),
            ("ＦＵＬＬ", "full"),
            ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
            ("żółć", "zołc"),
            ("x²", "x2"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        for (one, other) in [("か", "が"), ("कि", "का"), ("ł", "l"), ("😀", "😁")] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
        // Typed as one character or as two, it stays what it is.
        assert_eq!(fold("が"), fold("か\u{3099}"));
        assert_eq!(fold("ो"), fold("\u{94b}"));
    }

    proptest! {
        #[test]
        fn every_form_of_a_text_folds_to_one(text in "\\PC{0,40}") {
            let nfc: String = text.nfc().collect();
            let nfd: String = text.nfd().collect();
            prop_assert_eq!(fold(&nfc), fold(&nfd));
            prop_assert_eq!(fold(&text), fold(&nfc));
        }

        #[test]
        fn what_is_folded_stays_so(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn every_place_is_that_of_a_character(text in "\\PC{0,40}|[a-zÀ-ž]{0,20}") {
            let (folded, places) = Folder::default().fold_with_places(&text);
            prop_assert_eq!(&folded, &fold(&text));
            prop_assert_eq!(places.len(), folded.len() + 1);
            prop_assert!(places.is_sorted());
            prop_assert!(places.iter().all(|&at| text.is_char_boundary(at)));
            for (at, c) in text.char_indices() {
                let first = places.iter().position(|&place| place == at);
                if let Some(first) = first {
                    let own = fold(&c.to_string());
                    prop_assert!(folded[first..].starts_with(&own));
                }
            }
        }
    }
}
