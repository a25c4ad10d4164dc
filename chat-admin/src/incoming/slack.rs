//! Slack's incoming webhooks, which Mattermost, Rocket.Chat and half of all monitoring speak too: `text`, `blocks`,
//! `attachments`. Names, icons and rooms that a sender wishes for are left out: an address has its own.
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://docs.slack.dev/messaging/formatting-message-text>, <https://docs.slack.dev/reference/block-kit/blocks>

use serde_json::Value;

use super::marks::{bold, escaped, link, plain};
use super::{Unread, first, list, text};

mod mrkdwn;
mod rich;

use mrkdwn::shown;

/// Blocks, attachments, and fields of one, that are looked at: Slack takes 50, and advises 20 attachments.
const MAX_BLOCKS: usize = 50;
const MAX_ATTACHMENTS: usize = 20;
const MAX_FIELDS: usize = 20;
/// Characters of a title.
const MAX_TITLE: usize = 300;

pub(super) fn is_one(value: &Value) -> bool {
    ["text", "blocks", "attachments"]
        .iter()
        .any(|key| value.get(key).is_some())
}

pub(super) fn read(value: &Value) -> Result<String, Unread> {
    let is_wrong = !value.is_object()
        || value
            .get("text")
            .is_some_and(|it| !it.is_string() && !it.is_null())
        || ["blocks", "attachments"].iter().any(|key| {
            value
                .get(key)
                .is_some_and(|it| !it.is_array() && !it.is_null())
        });
    if is_wrong {
        return Err(Unread::Slack("invalid_payload"));
    }
    let mut parts = blocks(value);
    // Where there are blocks, the text is for those who cannot show them.
    if parts.is_empty() {
        let words = text(value, "/text");
        let is_marked = value["mrkdwn"].as_bool().unwrap_or(true);
        parts.push(if is_marked {
            shown(words)
        } else {
            escaped(&mrkdwn::letters(words))
        });
    }
    for attachment in list(value, "/attachments").iter().take(MAX_ATTACHMENTS) {
        parts.extend(of_attachment(attachment));
    }
    parts.retain(|part| !part.trim().is_empty());
    Ok(parts.join("\n"))
}

fn of_attachment(value: &Value) -> Vec<String> {
    let mut parts = vec![shown(text(value, "/pretext"))];
    parts.push(link(
        text(value, "/author_name"),
        text(value, "/author_link"),
        MAX_TITLE,
    ));
    parts.push(link(
        text(value, "/title"),
        text(value, "/title_link"),
        MAX_TITLE,
    ));
    parts.push(shown(text(value, "/text")));
    for field in list(value, "/fields").iter().take(MAX_FIELDS) {
        let value = field["value"]
            .as_str()
            .map_or_else(|| plain(&field["value"].to_string(), MAX_TITLE), shown);
        parts.push(format!(
            "{}: {value}",
            bold(text(field, "/title"), MAX_TITLE)
        ));
    }
    parts.extend(blocks(value));
    for action in list(value, "/actions").iter().take(MAX_FIELDS) {
        parts.push(button(action));
    }
    parts.push(shown(text(value, "/footer")));
    if parts.iter().all(|part| part.trim().is_empty()) {
        parts.push(shown(text(value, "/fallback")));
    }
    parts
}

fn blocks(value: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    for block in list(value, "/blocks").iter().take(MAX_BLOCKS) {
        match text(block, "/type") {
            "header" => parts.push(bold(text(block, "/text/text"), MAX_TITLE)),
            "section" => {
                parts.push(object(&block["text"]));
                parts.extend(list(block, "/fields").iter().take(MAX_FIELDS).map(object));
                parts.push(button(&block["accessory"]));
            }
            "context" | "actions" => {
                let elements = list(block, "/elements").iter().take(MAX_FIELDS);
                let words: Vec<_> = elements
                    .map(element)
                    .filter(|words| !words.is_empty())
                    .collect();
                parts.push(words.join(" "));
            }
            "image" => {
                let name = first(block, &["/title/text", "/alt_text"]);
                parts.push(link(name, text(block, "/image_url"), MAX_TITLE));
            }
            "markdown" => parts.push(text(block, "/text").to_owned()),
            "rich_text" => parts.push(rich::read(block)),
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// A text object: `mrkdwn`, or `plain_text`.
fn object(value: &Value) -> String {
    let words = text(value, "/text");
    if text(value, "/type") == "mrkdwn" {
        shown(words)
    } else {
        escaped(words)
    }
}

fn element(value: &Value) -> String {
    match text(value, "/type") {
        "mrkdwn" | "plain_text" => object(value),
        "button" => button(value),
        _ => String::new(),
    }
}

/// A button that leads somewhere; any other does nothing here.
fn button(value: &Value) -> String {
    let url = text(value, "/url");
    if super::marks::address(url).is_none() {
        return String::new();
    }
    link(first(value, &["/text/text", "/text"]), url, MAX_TITLE)
}
