//! `GET health`: whether people could chat right now; for monitors.

use rustix::fs::{Access, access};
use serde_json::json;

use super::{Request, Response};
use crate::relay_state;
use chat_handler::settings::Settings;

pub(super) fn answer(_: &Request, settings: &Settings, explain: &mut dyn FnMut(&str)) -> Response {
    match trouble(settings, explain) {
        Some((code, text)) => Response::error(503, code, &text),
        None => Response::json(&json!({ "status": "ok" })),
    }
}

/// The same as ILIAS asks its chat server (`isServerAlive` of its class ilChatroomServerConnector):
/// backend/Heartbeat/NAME. NAME is what it calls itself, and whatever it likes.
pub(super) fn heartbeat(
    _: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let status = if trouble(settings, explain).is_none() {
        200
    } else {
        503
    };
    Response::json(&json!({ "status": status })).status(status)
}

/// Why people cannot chat right now: a code, and words for a monitor.
fn trouble(settings: &Settings, explain: &mut dyn FnMut(&str)) -> Option<(&'static str, String)> {
    let bad = unusable(settings, explain);
    if !bad.is_empty() {
        let text = format!("not usable: {}; the server's log says why", bad.join(", "));
        return Some(("storage", text));
    }
    // Who comes to another machine of the site is better off there.
    let trouble = match relay_state::read(settings) {
        Ok(state) => state.and_then(|it| it.trouble(relay_state::now())),
        Err(error) => Some(error.to_string()),
    };
    let trouble = trouble?;
    explain(&format!("[cluster]: {trouble}"));
    Some(("cluster", trouble))
}

/// The directories that cannot be used.
fn unusable(settings: &Settings, explain: &mut dyn FnMut(&str)) -> Vec<&'static str> {
    let mut bad = Vec::new();
    let needed = [
        ("rooms", settings.base_dir.join("rooms")),
        ("users", settings.base_dir.join("users")),
        ("run", settings.run_dir.clone()),
        ("sessions", settings.identity.session_dir.clone()),
    ];
    for (what, dir) in needed {
        // A directory that nobody needed yet is made by the first who does.
        let looked_at = if dir.exists() {
            &dir
        } else {
            &settings.base_dir
        };
        let mut wanted = Access::WRITE_OK | Access::EXEC_OK;
        // Debian lets nobody list PHP's own directory: a session is found by its id.
        if what != "sessions" {
            wanted |= Access::READ_OK;
        }
        if let Err(error) = access(looked_at, wanted) {
            explain(&format!("{}: {error}", looked_at.display()));
            bad.push(what);
        }
    }
    bad
}
