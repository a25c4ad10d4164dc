//! What other programs post to an incoming webhook, made words of a message: the forms of Slack, Alertmanager and
//! Grafana, GitLab and Uptime Kuma. Which one it is, is known by its fields. Pure: whatever comes, nothing here panics,
//! and what comes out is bounded.

use std::borrow::Cow;

use chat_handler::identity::cookie::percent_decode;
use serde_json::Value;

mod alerts;
mod gitlab;
mod kuma;
mod marks;
mod slack;

/// What was posted, understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Post {
    /// What is to be said; `None`: nothing that is worth it.
    pub text: Option<String>,
    /// Whether it is in Slack's form, whose senders expect Slack's answers.
    pub is_slack: bool,
}

/// Why it cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is no JSON.
    NoJson,
    /// It is JSON of none of the forms.
    NoForm,
    /// It is in Slack's form, and wrong: as Slack says it.
    Slack(&'static str),
}

/// Understands a body; of more than `most` characters the start is said.
///
/// # Errors
/// It cannot be understood.
pub fn read(body: &[u8], content_type: &str, most: usize) -> Result<Post, Unread> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    // `curl -d` says that it sends a form, whatever it sends.
    let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{');
    let body = if is_form {
        Cow::Owned(payload(body).ok_or(Unread::Slack("invalid_payload"))?)
    } else {
        Cow::Borrowed(body)
    };
    let Ok(value) = serde_json::from_slice::<Value>(&body) else {
        return Err(if is_form {
            Unread::Slack("invalid_payload")
        } else {
            Unread::NoJson
        });
    };
    let (text, is_slack) = if is_form {
        (Some(slack::read(&value)?), true)
    } else if value["object_kind"].is_string() {
        (gitlab::read(&value), false)
    } else if value["alerts"].is_array() {
        (Some(alerts::read(&value)), false)
    } else if kuma::is_one(&value) {
        (Some(kuma::read(&value)), false)
    } else if slack::is_one(&value) {
        (Some(slack::read(&value)?), true)
    } else {
        return Err(Unread::NoForm);
    };
    let text = text.map(|text| marks::cut(text.trim(), most));
    let text = text.filter(|text| !text.is_empty());
    if is_slack && text.is_none() {
        return Err(Unread::Slack("no_text"));
    }
    Ok(Post { text, is_slack })
}

/// The field `payload` of a form.
fn payload(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let value = text
        .split('&')
        .find_map(|pair| pair.strip_prefix("payload="))?;
    percent_decode(&value.replace('+', " "))
}

/// A text of an object; nothing if it is none.
fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The first of the texts that says something.
fn first<'v>(value: &'v Value, paths: &[&str]) -> &'v str {
    let mut found = paths.iter().map(|path| text(value, path).trim());
    found.find(|text| !text.is_empty()).unwrap_or_default()
}

/// The elements of a list; none if it is no list.
fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value
        .pointer(path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
