//! Uptime Kuma's webhook (its JSON preset): `{"heartbeat": …, "monitor": …, "msg": …}`.
//! <https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js>

use serde_json::Value;

use super::marks::{bold, link, plain};
use super::{first, text};

const MAX_NAME: usize = 120;
const MAX_WORDS: usize = 400;

/// Both are there, and `null` when a test is sent.
pub(super) fn is_one(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("heartbeat") && has("monitor") && value["msg"].is_string()
}

pub(super) fn read(value: &Value) -> String {
    // server/src/util.ts: DOWN, UP, PENDING, MAINTENANCE.
    let (sign, state) = match value["heartbeat"]["status"].as_u64() {
        Some(0) => ("🔴", "is down"),
        Some(1) => ("✅", "is up"),
        Some(2) => ("🟡", "is pending"),
        Some(3) => ("🔧", "is in maintenance"),
        _ => return plain(text(value, "/msg"), MAX_WORDS),
    };
    let name = first(value, &["/monitor/name", "/monitor/pathName"]);
    let mut said = format!("{sign} {}", bold(&format!("{name} {state}"), MAX_NAME));
    let words = plain(first(value, &["/heartbeat/msg", "/msg"]), MAX_WORDS);
    if !words.is_empty() {
        said = format!("{said}: {words}");
    }
    let url = text(value, "/monitor/url");
    // What it shows for monitors without one.
    if url.len() > "https://".len() && super::marks::address(url).is_some() {
        said = format!("{said} {}", link("open", url, MAX_NAME));
    }
    said
}
