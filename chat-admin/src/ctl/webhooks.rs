//! Webhooks: how they are, and what chat-hooks is to do.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};

use super::report::{Report, table};
use super::{Failure, HooksCommand};
use chat_handler::settings::Settings;
use chat_handler::settings::webhooks::{orders_of, status_of};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::log::room_log::LOCK_TIMEOUT;
use chat_store::name::RoomName;
use chat_store::record::RecordId;

/// The largest status that is read.
const MAX_STATUS: u64 = 64 * 1024;

pub(super) fn run(
    settings: &Settings,
    dirs: &Dirs,
    wish: &HooksCommand,
) -> Result<Report, Failure> {
    match wish {
        HooksCommand::List => list(settings, dirs),
        HooksCommand::On { name } => on(settings, dirs, name),
        HooksCommand::Redeliver { name, room, id } => redeliver(settings, dirs, (name, room, *id)),
    }
}

/// All of them.
fn list(settings: &Settings, dirs: &Dirs) -> Result<Report, Failure> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for hook in &settings.webhooks {
        let bytes = file::read_whole(&status_of(dirs, &hook.name), MAX_STATUS)?;
        // chat-hooks may never have run.
        let status: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let count = |key: &str| {
            status[key]
                .as_u64()
                .map_or_else(|| "-".to_owned(), |count| count.to_string())
        };
        let is_off = status["off"].as_bool();
        rows.push(vec![
            hook.name.clone(),
            is_off
                .map_or("-", |off| if off { "off" } else { "on" })
                .to_owned(),
            count("delivered"),
            count("failed"),
            count("dead"),
            count("waiting"),
            status["last_error"].as_str().unwrap_or_default().to_owned(),
        ]);
        values.push(json!({ "name": hook.name, "url": hook.url, "status": status }));
    }
    let head = [
        "NAME",
        "STATE",
        "DELIVERED",
        "FAILED",
        "DEAD",
        "WAITING",
        "LAST ERROR",
    ];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

/// Switches one on again that its receiver did not want any more.
fn on(settings: &Settings, dirs: &Dirs, name: &str) -> Result<Report, Failure> {
    order(settings, dirs, name, "on")?;
    let text = format!("the webhook {name} is on, as soon as chat-hooks looks");
    Ok(Report::new(text, json!({ "done": true, "name": name })))
}

/// Begins again at a record.
fn redeliver(
    settings: &Settings,
    dirs: &Dirs,
    (name, room, id): (&str, &RoomName, RecordId),
) -> Result<Report, Failure> {
    order(settings, dirs, name, &format!("redeliver\t{room}\t{id}"))?;
    let text =
        format!("the webhook {name} begins again at {id} in {room}, as soon as chat-hooks looks");
    Ok(Report::new(
        text,
        json!({ "done": true, "name": name, "room": room.as_str(), "id": id.to_string() }),
    ))
}

fn order(settings: &Settings, dirs: &Dirs, name: &str, order: &str) -> Result<(), Failure> {
    if !settings.webhooks.iter().any(|hook| hook.name == name) {
        return Err(Failure::Missing(format!(
            "there is no [webhook {name}] in chat.ini"
        )));
    }
    let path = orders_of(dirs, name);
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    // chat-hooks reads and removes it under its lock: what was removed meanwhile is made anew.
    loop {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let lock = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)?;
        if lock.is_none() {
            return Err(Failure::Refused(
                "chat-hooks is busy with other orders, try again".to_owned(),
            ));
        }
        let (held, there) = (file.metadata()?, std::fs::metadata(&path));
        if there.is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino())) {
            return Ok((&file).write_all(format!("{order}\n").as_bytes())?);
        }
    }
}
