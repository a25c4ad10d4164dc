//! Words of others between the marks of docs/formatting.md.

/// The longest address that is made a link.
const MAX_URL: usize = 1_000;

/// Words that are shown as they are, in one line of `most` characters.
pub(super) fn plain(text: &str, most: usize) -> String {
    let mut line = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    escaped(&cut(&line, most))
}

/// The same text with what would be marks taken for letters.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        let is_mark = match c {
            '*' | '`' | '[' => true,
            // Within a word it is a letter anyway.
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            '~' | '|' => before == c || next == c,
            _ => false,
        };
        if is_mark {
            shown.push('\\');
        }
        shown.push(c);
        before = c;
    }
    shown
}

/// Words in bold.
pub(super) fn bold(text: &str, most: usize) -> String {
    let text = plain(text, most);
    if text.is_empty() {
        text
    } else {
        format!("**{text}**")
    }
}

/// A link that is called `label`; the label alone if the address is none.
pub(super) fn link(label: &str, url: &str, most: usize) -> String {
    let label = plain(&label.replace(['[', ']'], " "), most);
    match address(url) {
        Some(url) if label.is_empty() => url,
        Some(url) => format!("[{label}]({url})"),
        None => label,
    }
}

/// An address of the web, as it may stand in a link.
pub(super) fn address(url: &str) -> Option<String> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let is_strange = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if !is_web || url.len() > MAX_URL || url.contains(is_strange) {
        return None;
    }
    Some(url.replace('(', "%28").replace(')', "%29"))
}

/// The start of a text.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}
