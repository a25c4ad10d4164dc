//! Files as a record names them: `file=ID TYPE SIZE WxH NAME` in its attributes, once for each. Pure. All that a page
//! needs to show one stands there, so that nobody has to look at a file to render a line.

use std::borrow::Cow;

use super::{Attachment, AttachmentId, MAX_NAME, MAX_OF_MESSAGE};
use crate::record::{Record, attrs, clean};

/// A file as a record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: AttachmentId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Width and height of a picture.
    pub pixels: Option<(u32, u32)>,
}

impl Named {
    /// What a value of the attribute `file` says; `None`: it names no file.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.splitn(5, ' ');
        let mut next = || parts.next();
        let (id, kind, size, pixels, name) = (next()?, next()?, next()?, next()?, next()?);
        let (width, height) = pixels.split_once('x').unwrap_or_default();
        Some(Self {
            id: AttachmentId::parse(id)?,
            kind: kind.to_owned(),
            size: size.parse().ok()?,
            pixels: width.parse().ok().zip(height.parse().ok()),
            name: name.to_owned(),
        })
    }
}

/// The files of a record; none if its text was taken back, names with it.
pub fn named(record: &Record<'_>) -> Vec<Named> {
    if !record.kind.is_talk() {
        return Vec::new();
    }
    let values = record.attrs().filter(|(key, _)| *key == attrs::FILE);
    values
        .filter_map(|(_, value)| Named::parse(&value))
        .take(MAX_OF_MESSAGE)
        .collect()
}

/// The files of a record as lines of text: `(file: summer.jpg, 1.2 MB)`; `word` is what a file is called.
pub fn lines(record: &Record<'_>, word: &str) -> Vec<String> {
    let line = |file: Named| format!("({word}: {}, {})", file.name, size_words(file.size));
    named(record).into_iter().map(line).collect()
}

/// `900 B`, `12 kB`, `1.2 MB`.
fn size_words(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{} kB", size / 1_000),
        _ => format!("{}.{} MB", size / 1_000_000, size % 1_000_000 / 100_000),
    }
}

/// The value of the attribute that names a file.
pub fn named_key(file: &Attachment) -> String {
    let pixels = file.pixels.map_or_else(
        || "-".to_owned(),
        |(width, height)| format!("{width}x{height}"),
    );
    let Attachment {
        id,
        kind,
        size,
        name,
        ..
    } = file;
    format!("{id} {kind} {size} {pixels} {name}")
}

/// A file's name as it is kept: the last part of a path, nothing that turns text around or ends a line, and not longer
/// than [`MAX_NAME`] with its ending left.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: Cow<'_, str> = clean(last);
    // What only hides, or is refused by some system.
    let plain: String = cleaned
        .chars()
        .filter(|&c| !crate::record::is_bidi_control(c) && !r#"<>:"|?*"#.contains(c))
        .collect();
    let plain = plain.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if plain.is_empty() {
        return "file".to_owned();
    }
    if plain.len() <= MAX_NAME {
        return plain.to_owned();
    }
    let (stem, ending) = match plain.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 16 => (stem, format!(".{ending}")),
        _ => (plain, String::new()),
    };
    let mut end = (MAX_NAME - ending.len()).min(stem.len());
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &stem[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_no_path_and_turns_nothing_around() {
        for (given, kept) in [
            ("summer.jpg", "summer.jpg"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\anna\photo.png", "photo.png"),
            ("evil\u{202e}gpj.exe", "evilgpj.exe"),
            ("a\nb\tc.txt", "a b c.txt"),
            ("..", "file"),
            ("", "file"),
            (".htaccess", "htaccess"),
            ("<img onerror=x>.png", "img onerror=x.png"),
            ("žluťoučký kůň.txt", "žluťoučký kůň.txt"),
        ] {
            assert_eq!(clean_name(given), kept, "{given:?}");
        }
        let long = format!("{}.tar", "ž".repeat(300));
        let kept = clean_name(&long);
        assert!(kept.len() <= MAX_NAME && kept.ends_with("ž.tar"), "{kept}");
    }

    proptest! {
        #[test]
        fn every_name_is_short_and_a_name(name in "\\PC{0,300}|[\\x00-\\x7f]{0,300}") {
            let kept = clean_name(&name);
            prop_assert!(!kept.is_empty() && kept.len() <= MAX_NAME && !kept.contains(['/', '\\']));
            prop_assert!(!kept.chars().any(char::is_control));
        }

        #[test]
        fn no_value_panics(value in "\\PC{0,80}|[0-9a-f]{32} [a-z/]{0,9} [0-9]{0,22} [0-9x]{0,9} .{0,9}") {
            let _ = Named::parse(&value);
        }
    }
}
