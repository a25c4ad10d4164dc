//! Slack's marks, made ours: `*bold*`, `~struck~`, `<https://example.org|label>`, and entities of HTML.

use crate::incoming::marks::{address, cut, link};

const MAX_LABEL: usize = 300;
/// Characters of a text that are looked at: more than a message holds, and few enough for marks that have no end.
const MAX_TEXT: usize = 8_000;

/// A text in Slack's marks, in ours. Code stays as it is.
pub(super) fn shown(text: &str) -> String {
    let text = &cut(text, MAX_TEXT);
    let mut said = String::with_capacity(text.len());
    // What stands between fences is code, then words again.
    for (place, part) in text.split("```").enumerate() {
        if place > 0 {
            said.push_str("```");
        }
        if place % 2 == 1 {
            said.push_str(&letters(part));
            continue;
        }
        for (number, line) in part.split('\n').enumerate() {
            if number > 0 {
                said.push('\n');
            }
            of_line(line, &mut said);
        }
    }
    said
}

/// `&amp;`, `&lt;`, `&gt;`: the three that Slack has.
pub(super) fn letters(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn of_line(line: &str, said: &mut String) {
    let (mut at, mut before) = (0, ' ');
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let found = match c {
            '`' => code(rest).map(|end| (letters(&rest[..end]), end)),
            '<' => rest.find('>').map(|end| (between(&rest[1..end]), end + 1)),
            '*' | '~' if !before.is_alphanumeric() => marked(rest, c),
            '&' => entity(rest),
            _ => None,
        };
        let (words, length) = found.unwrap_or_else(|| (c.to_string(), c.len_utf8()));
        said.push_str(&words);
        before = rest[..length].chars().next_back().unwrap_or(' ');
        at += length;
    }
}

fn code(rest: &str) -> Option<usize> {
    Some(rest[1..].find('`')? + 2)
}

fn entity(rest: &str) -> Option<(String, usize)> {
    let all = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")];
    let (entity, letter) = all
        .into_iter()
        .find(|(entity, _)| rest.starts_with(entity))?;
    Some((letter.to_owned(), entity.len()))
}

/// What begins with a mark and ends with it, next to letters at both ends.
fn marked(rest: &str, mark: char) -> Option<(String, usize)> {
    let end = rest[1..].find(mark)? + 1;
    let inner = &rest[1..end];
    let is_next_to_letters = !inner.is_empty()
        && !inner.starts_with(char::is_whitespace)
        && !inner.ends_with(char::is_whitespace);
    let is_word_behind = rest[end + 1..].starts_with(char::is_alphanumeric);
    if !is_next_to_letters || is_word_behind {
        return None;
    }
    let mut words = format!("{mark}{mark}");
    of_line_without_marks(inner, &mut words);
    words.push(mark);
    words.push(mark);
    Some((words, end + 1))
}

/// Within bold, links alone: it goes no deeper.
fn of_line_without_marks(inner: &str, said: &mut String) {
    let mut rest = inner;
    while let Some(start) = rest.find('<') {
        said.push_str(&letters(&rest[..start]));
        let Some(end) = rest[start..].find('>') else {
            break;
        };
        said.push_str(&between(&rest[start + 1..start + end]));
        rest = &rest[start + end + 1..];
    }
    said.push_str(&letters(rest));
}

/// What stood between `<` and `>`: an address, somebody, a room, a date.
fn between(inner: &str) -> String {
    let inner = letters(inner);
    let (what, label) = inner.split_once('|').unwrap_or((&inner, ""));
    if let Some(who) = what.strip_prefix('@') {
        return format!(
            "@{}",
            if label.is_empty() {
                who
            } else {
                label.trim_start_matches('@')
            }
        );
    }
    if let Some(room) = what.strip_prefix('#') {
        return format!("#{}", if label.is_empty() { room } else { label });
    }
    // `<!here>`, `<!subteam^S1|@us>`, `<!date^1^{date}^link|fallback>`: words, and no call to everybody.
    if let Some(word) = what.strip_prefix('!') {
        let word = if label.is_empty() { word } else { label };
        return word
            .split('^')
            .next()
            .unwrap_or_default()
            .trim_start_matches('@')
            .to_owned();
    }
    match what.strip_prefix("mailto:") {
        Some(mail) => mail.to_owned(),
        None if address(what).is_none() => format!("<{inner}>"),
        None if label.is_empty() => what.to_owned(),
        None => link(label, what, MAX_LABEL),
    }
}
