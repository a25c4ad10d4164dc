//! Telling pages of something, in a channel.

use clap::Args;
use serde_json::json;
use serde_json::value::RawValue;

use super::Failure;
use super::expire::{Change, expire as expire_log, sweep};
use super::report::Report;
use chat_handler::wire::json::parse::is_msgid;
use chat_store::channels::{self, ChannelName, Event};
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::Stored;
use chat_store::name::SERVER;
use chat_store::record::RecordId;

/// An event, as it is typed.
#[derive(Debug, Args)]
pub(super) struct Told {
    /// A topic, or user:ACCOUNT for one person on all their devices
    pub(super) channel: String,
    /// What it is, as order.paid
    ev: String,
    /// More about it, in JSON
    #[arg(default_value = "null")]
    data: String,
    /// Your own id of it: told again with the same, it is told once
    #[arg(long, value_name = "ID")]
    once: Option<String>,
}

/// Tells an event under the server's name.
pub(super) fn tell(dirs: &Dirs, told: &Told) -> Result<Report, Failure> {
    let Told {
        channel,
        ev,
        data,
        once,
    } = told;
    let once = once.as_deref();
    let name = ChannelName::parse(channel).ok_or_else(|| {
        let allowed = "a channel is 1 to 64 of A-Z a-z 0-9 . _ -, or user:ACCOUNT";
        Failure::Refused(allowed.to_owned())
    })?;
    if let Err(error) = serde_json::from_str::<&RawValue>(data) {
        return Err(Failure::Refused(format!("the data are no JSON: {error}")));
    }
    if once.is_some_and(|id| !is_msgid(id)) {
        let allowed = "an id has 1 to 64 of A-Z a-z 0-9 . _ -";
        return Err(Failure::Refused(allowed.to_owned()));
    }
    let event = Event {
        from: SERVER,
        account: None,
        msgid: once,
        ev,
        data,
    };
    let stored = channels::tell(dirs, &name, &event).map_err(Failure::refused)?;
    let (id, is_new) = (stored.id(), matches!(stored, Stored::New(_)));
    let value =
        json!({ "done": true, "channel": channel, "id": id.to_string(), "duplicate": !is_new });
    let word = if is_new { "told" } else { "told before" };
    Ok(Report::new(format!("{word}: {id}"), value))
}

/// Deletes what was told before `cutoff`, in all channels. What goes wrong in one is told, and keeps no other from
/// being done.
pub(super) fn expire(
    dirs: &Dirs,
    cutoff: RecordId,
    dry_run: bool,
    failed: &mut Vec<String>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let logs = channels::logs(dirs).unwrap_or_else(|error| {
        failed.push(format!("channels: {error}"));
        Vec::new()
    });
    for log in logs {
        let done = sweep(&log).and_then(|()| expire_log(&log, cutoff, dry_run));
        match done {
            Ok(done) => changes.extend(done),
            Err(error) => failed.push(error.to_string()),
        }
    }
    changes
}
