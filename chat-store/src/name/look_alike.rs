//! When two names look the same: NFKC and case folding (Unicode 15, section 3.13), invisible
//! characters left out, and letters of other scripts that look like ASCII read as ASCII.
//!
//! What looks like what is the confusables of UTS 39, except inside ASCII: they also join `rn` and `m`,
//! `0` and `O`, `1` and `l`, which takes names from people who mean no harm. A table of our own says what
//! letters look like once case is folded, which that of Unicode does not.

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// How often what a name looks like is looked at again; for every known one it is the same at the second look or the
/// third.
const MAX_LOOKS: usize = 8;

/// What a name looks like; equal keys mean that people would mix the names up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Box<str>);

impl Key {
    /// The key of any text.
    pub fn of(name: &str) -> Self {
        if name.is_ascii() {
            return Self(name.to_ascii_lowercase().into());
        }
        let mut seen = looks(name);
        // What a letter looks like may bring marks of its own, which put those behind it in another order.
        for _ in 1..MAX_LOOKS {
            let again = looks(&seen);
            if again == seen {
                break;
            }
            seen = again;
        }
        Self(seen.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True if nothing of the name can be seen.
pub(super) fn is_invisible(name: &str) -> bool {
    name.chars().all(|c| is_ignorable(c) || c.is_whitespace())
}

/// Characters that show nothing (`Default_Ignorable_Code_Point`, as far as a name can hold them).
pub(super) fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What a name looks like at first sight.
fn looks(name: &str) -> String {
    let folded: String = name
        .nfkc()
        .filter(|&c| !is_ignorable(c))
        // Up and down again is full case folding for all but a few letters: ß and ẞ give ss,
        // both sigmas give σ.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        // Apart from their marks, so that а́ looks like á, which is one character.
        .nfkd()
        .fold(String::new(), |looks, c| looks + &look(c));
    folded.nfkc().collect()
}

/// What a folded character looks like.
fn look(c: char) -> String {
    let ascii = ascii_look(c);
    if ascii.is_ascii() {
        return ascii.into();
    }
    let small = prototype(c);
    if small.is_ascii() {
        return small;
    }
    // Some look like an ASCII letter as capitals only, and the other name may have the capital.
    let capital: String = c.to_uppercase().map(prototype).collect();
    if capital.is_ascii() { capital } else { small }
}

/// As the confusables have it, folded again.
fn prototype(c: char) -> String {
    skeleton(c.encode_utf8(&mut [0; 4]))
        .flat_map(char::to_lowercase)
        .map(ascii_look)
        .collect()
}

/// The ASCII letter that a folded letter looks like, small or capital (a capital В looks like B, so
/// в is read as b: names are compared after folding).
fn ascii_look(c: char) -> char {
    match c {
        'а' | 'α' | 'ɑ' | 'ա' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' | 'ɗ' => 'd',
        'е' | 'ε' | 'ҽ' => 'e',
        'ғ' | 'ƒ' => 'f',
        'ɡ' | 'ց' => 'g',
        'һ' | 'н' | 'η' | 'հ' => 'h',
        'і' | 'ι' | 'ı' | 'ɩ' | 'ӏ' => 'i',
        'ј' | 'ϳ' => 'j',
        'к' | 'κ' => 'k',
        'ⅼ' | 'ǀ' => 'l',
        'м' | 'μ' => 'm',
        'п' | 'ո' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' | 'զ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' => 'y',
        'ᴢ' | 'ζ' => 'z',
        '‐' | '‑' | '‒' | '–' | '—' | '−' | 'ー' => '-',
        '’' | '‘' | 'ʼ' => '\'',
        c => c,
    }
}
