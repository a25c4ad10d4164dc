//! What the administration shows. Nothing here changes anything.

use serde_json::{Value, json};

use super::session::Session;
use super::{Asked, Explain, failed, logs, not_found, refused, settings as lines};
use crate::api::Response;
use crate::ctl::{Failure, Order};
use crate::samples;
use chat_handler::settings::Settings;
use chat_store::name::RoomName;

/// What there is to see.
pub const NAMES: &[&str] = &[
    "status", "people", "rooms", "room", "history", "accounts", "account", "bans", "reports",
    "log", "audit", "settings",
];

/// Messages of one page of a room's history.
const PAGE: &str = "--last=50";
/// The largest chat.ini that is shown, in bytes: that which is read.
const MAX_INI: u64 = 1 << 20;

pub(super) fn answer(
    name: &str,
    asked: &Asked<'_>,
    session: &Session,
    settings: &Settings,
    explain: Explain<'_>,
) -> Result<Response, Response> {
    let shell = |words: &[&str]| -> Result<Value, Failure> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Ok(Order::parse(&words)?.run(settings)?.value)
    };
    let parameter = |name: &str| asked.request.parameter(name);
    let found = match name {
        "status" => status(settings).map_err(Failure::Io),
        "people" => shell(&["users"]).map(without_private),
        "rooms" => shell(&["rooms"]).map(without_titles),
        "room" => parameter("room").map_or_else(missing, |room| about(room, settings, &shell)),
        "history" => parameter("room").map_or_else(missing, |room| {
            if is_private(room) {
                let text = "what is said in private rooms is not shown here; at the shell: chatctl history";
                return Err(Failure::Refused(text.to_owned()));
            }
            let before = parameter("before").map(|id| format!("--before={id}"));
            match &before {
                Some(before) => shell(&["history", PAGE, before, "--", room]),
                None => shell(&["history", PAGE, "--", room]),
            }
        }),
        "accounts" => shell(&["accounts"]),
        "account" => parameter("name").map_or_else(missing, |name| {
            let rights = shell(&["acl", "explain", "--", name])?;
            Ok(json!({ "rights": rights }))
        }),
        "bans" => shell(&["bans"]),
        "reports" => shell(&["reports"]).map(without_private),
        "log" => logs::tail(asked, settings)
            .map_err(Failure::Io)
            .and_then(|log| log.map_or_else(missing, Ok)),
        "audit" => logs::audit(asked, settings).map_err(Failure::Io),
        "settings" => ini(settings).map_err(Failure::Io),
        _ => return Err(not_found()),
    };
    if name == "history" && found.is_ok() {
        // Who reads along is known.
        let what = format!("history {}", parameter("room").unwrap_or_default());
        let is_first_page = parameter("before").is_none();
        if is_first_page {
            let noted = session.note(settings, &what);
            noted.map_err(|error| failed(&error, explain))?;
        }
    }
    let found = found.map_err(|failure| refused(failure, explain))?;
    Ok(Response::json(&found))
}

fn missing() -> Result<Value, Failure> {
    Err(Failure::Missing("there is no such thing here".to_owned()))
}

fn status(settings: &Settings) -> std::io::Result<Value> {
    let now = samples::take(settings)?;
    let kept = samples::load(&settings.dirs())?;
    Ok(json!({
        "now": now, "day": kept.day, "month": kept.month, "version": env!("CARGO_PKG_VERSION"),
        "file": settings.source.display().to_string(),
    }))
}

pub(super) fn is_private(room: &str) -> bool {
    RoomName::parse(room).is_ok_and(|room| room.is_closed())
}

/// What a private room is called is its members' business.
fn without_titles(mut rooms: Value) -> Value {
    for room in rooms.as_array_mut().into_iter().flatten() {
        if room.get("private").is_some() {
            room["title"] = Value::Null;
            room["topic"] = Value::Null;
        }
    }
    rooms
}

/// Who is in a private room is its members' business, and what is reported there that of those who moderate it.
fn without_private(mut rows: Value) -> Value {
    if let Some(rows) = rows.as_array_mut() {
        rows.retain(|row| !row["room"].as_str().is_some_and(is_private));
    }
    rows
}

fn about(
    room: &str,
    settings: &Settings,
    shell: &dyn Fn(&[&str]) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let name = RoomName::parse(room).map_err(|error| Failure::Refused(error.to_string()))?;
    let kept = kept(&ini_text(settings)?, &name);
    if name.is_closed() {
        return Ok(json!({ "room": room, "private": true, "keep": kept }));
    }
    Ok(json!({
        "room": room, "private": false, "topic": shell(&["topic", "--", room])?["topic"], "keep": kept,
        "roles": shell(&["role", "--", room])?, "slow": shell(&["slow", "--", room])?["seconds"],
    }))
}

/// The setting that says how long what is said in a room is kept: its own line, or the general one.
fn kept(text: &str, room: &RoomName) -> Option<Value> {
    let is_own = |it: &Value| {
        let key = it["key"].as_str().and_then(|key| RoomName::parse(key).ok());
        it["section"] == "keep" && key.is_some_and(|key| key == *room)
    };
    let mut settings = lines::shown(text);
    let at = settings.iter().rposition(is_own);
    let at = at.or_else(|| settings.iter().position(|it| it["key"] == "KEEP"))?;
    Some(settings.swap_remove(at))
}

fn ini_text(settings: &Settings) -> std::io::Result<String> {
    let bytes = chat_store::fs::file::read_whole(&settings.source, MAX_INI)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn ini(settings: &Settings) -> std::io::Result<Value> {
    let shown = lines::shown(&ini_text(settings)?);
    Ok(json!({ "file": settings.source.display().to_string(), "settings": shown }))
}
