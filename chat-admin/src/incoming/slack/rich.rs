//! Blocks of the kind `rich_text`: what Slack's own editor makes.

use serde_json::Value;

use crate::incoming::marks::{cut, escaped, link};
use crate::incoming::{first, list, text};

/// Elements that are looked at in each list.
const MAX_ELEMENTS: usize = 200;
const MAX_LABEL: usize = 300;
/// Characters of one of them.
const MAX_TEXT: usize = 8_000;

pub(super) fn read(block: &Value) -> String {
    let mut parts = Vec::new();
    for element in list(block, "/elements").iter().take(MAX_ELEMENTS) {
        match text(element, "/type") {
            "rich_text_section" => parts.push(inline(element)),
            "rich_text_quote" => {
                parts.extend(inline(element).lines().map(|line| format!("> {line}")));
            }
            "rich_text_preformatted" => {
                let words: String = list(element, "/elements")
                    .iter()
                    .map(|it| text(it, "/text"))
                    .collect();
                parts.push(format!(
                    "```\n{}\n```",
                    words.replace("```", "'''").trim_end()
                ));
            }
            "rich_text_list" => {
                let is_numbered = text(element, "/style") == "ordered";
                let items = list(element, "/elements")
                    .iter()
                    .take(MAX_ELEMENTS)
                    .enumerate();
                parts.extend(items.map(|(place, item)| {
                    let words = inline(item).replace('\n', " ");
                    if is_numbered {
                        format!("{}. {words}", place + 1)
                    } else {
                        format!("- {words}")
                    }
                }));
            }
            _ => {}
        }
    }
    let parts = parts.iter().map(|part| part.trim_end_matches('\n'));
    parts.collect::<Vec<_>>().join("\n")
}

fn inline(section: &Value) -> String {
    let elements = list(section, "/elements").iter().take(MAX_ELEMENTS);
    elements.map(word).collect()
}

fn word(value: &Value) -> String {
    match text(value, "/type") {
        "text" => styled(value),
        "link" => link(
            first(value, &["/text", "/url"]),
            text(value, "/url"),
            MAX_LABEL,
        ),
        "emoji" => emoji(value),
        "user" => format!("@{}", text(value, "/user_id")),
        "channel" => format!("#{}", text(value, "/channel_id")),
        "broadcast" => text(value, "/range").to_owned(),
        _ => String::new(),
    }
}

fn styled(value: &Value) -> String {
    let words = text(value, "/text");
    let words = &cut(words, MAX_TEXT);
    let is = |style: &str| value["style"][style] == true;
    let inner = words.trim();
    if inner.is_empty() || inner.contains('\n') {
        return escaped(words);
    }
    let marks = match (is("code"), is("bold"), is("italic"), is("strike")) {
        (true, ..) if !inner.contains('`') => "`",
        (_, true, true, _) => "***",
        (_, true, ..) => "**",
        (_, _, true, _) => "*",
        (.., true) => "~~",
        _ => return escaped(words),
    };
    let shown = if marks == "`" {
        inner.to_owned()
    } else {
        escaped(inner)
    };
    words.replacen(inner, &format!("{marks}{shown}{marks}"), 1)
}

/// By its code points, as Slack gives them: `1f600` or `1f1e6-1f1fa`.
fn emoji(value: &Value) -> String {
    let points = text(value, "/unicode").split('-').map(|digits| {
        u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
    });
    match points.collect::<Option<String>>() {
        Some(emoji) if !emoji.is_empty() => emoji,
        _ => format!(":{}:", text(value, "/name")),
    }
}
