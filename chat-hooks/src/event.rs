//! A record of a room as an event of a webhook. Pure. What tells one browser from another (`client`, `msgid`) is nobody
//! else's.

use chat_store::name::RoomName;
use chat_store::people::person::hex_of;
use chat_store::record::{Kind, Record, RecordId, attrs};
use serde_json::{Value, json};

/// What is posted.
#[derive(Clone, Debug)]
pub struct Event {
    /// Of the record.
    pub at: RecordId,
    /// `webhook-id`: the same for each delivery of it.
    pub id: String,
    /// JSON.
    pub body: Vec<u8>,
}

/// What happened, in the words of `EVENTS`; `None`: nothing that is told.
pub fn name_of(record: &Record<'_>) -> Option<&'static str> {
    // Lines of the 2016 script have no times that others could ask for, and some were for one person.
    if record.clock.is_some() || record.may_be_old_whisper() {
        return None;
    }
    Some(match record.kind {
        Kind::Topic => "topic",
        kind if kind.is_talk() && record.attr(attrs::FILE).is_some() => "file",
        kind if kind.is_talk() => "message",
        Kind::Edit => "edit",
        Kind::Redact => "redact",
        Kind::React | Kind::Unreact => "reaction",
        Kind::Join => "join",
        Kind::Quit => "quit",
        Kind::Kick => "kick",
        Kind::Ban => "ban",
        _ => return None,
    })
}

/// The event of a record, if it is one of `wanted`.
pub fn of(site: &str, room: &RoomName, record: &Record<'_>, wanted: &[String]) -> Option<Event> {
    let name = name_of(record)?;
    if !wanted.iter().any(|it| it == name) {
        return None;
    }
    let at = record.id.to_string();
    let body = json!({
        "type": name,
        "timestamp": at,
        "data": { "site": site, "room": room.as_str(), "id": at, "record": told(record) },
    });
    Some(Event {
        at: record.id,
        id: format!(
            "msg_{}",
            hex_of(&["webhook\0", site, "\0", room.as_str(), "\0", &at])
        ),
        body: body.to_string().into_bytes(),
    })
}

fn told(record: &Record<'_>) -> Value {
    let mut told = json!({
        "kind": record.kind.as_str(), "from": record.from, "text": record.text,
    });
    if record.is_redacted() {
        told["redacted"] = true.into();
    }
    for key in [
        attrs::ACCOUNT,
        attrs::PERSON,
        attrs::TARGET,
        attrs::REPLY,
        attrs::COLOR,
    ] {
        if let Some(value) = record.attr(key) {
            told[key] = (*value).into();
        }
    }
    if record.kind == Kind::Redact {
        told[attrs::TARGET] = (*record.text).into();
    }
    let files: Vec<_> = chat_store::attachments::named(record)
        .into_iter()
        .map(|file| json!({ "id": file.id.as_str(), "name": file.name, "type": file.kind, "size": file.size }))
        .collect();
    if !files.is_empty() {
        told["files"] = files.into();
    }
    told
}
