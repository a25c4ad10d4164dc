//! Incoming webhooks: made, listed, removed.

use clap::Subcommand;
use serde_json::json;

use super::report::{Report, table};
use super::{Failure, bot, nick, room};
use chat_handler::settings::Settings;
use chat_store::closed::{self, Kind};
use chat_store::incoming::{self, IncomingError};
use chat_store::name::{Nick, RoomName};
use chat_store::record::RecordId;

/// Where it is posted to, below the chat's own address.
const PATH: &str = "api/v1/in/";

#[derive(Debug, Subcommand)]
pub(super) enum IncomingCommand {
    /// Make one; its address is shown, this once
    Add {
        /// Where its messages go
        #[arg(value_parser = room)]
        room: RoomName,
        /// What they are said under, as grafana
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// Those of a room, or of all
    List {
        /// The room; all if left out
        #[arg(value_parser = room)]
        room: Option<RoomName>,
    },
    /// Remove one: its address takes nothing from then on
    Remove {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// Its name
        #[arg(value_parser = nick)]
        name: Nick,
    },
}

impl IncomingCommand {
    /// As it would be typed, if it changes something.
    pub(super) fn deed(&self) -> Option<String> {
        Some(match self {
            Self::Add { room, name } => format!("incoming add {room} {name}"),
            Self::Remove { room, name } => format!("incoming remove {room} {name}"),
            Self::List { .. } => return None,
        })
    }

    /// The room that it is about.
    pub(super) fn room_mut(&mut self) -> Option<&mut RoomName> {
        match self {
            Self::Add { room, .. } | Self::Remove { room, .. } => Some(room),
            Self::List { room } => room.as_mut(),
        }
    }
}

pub(super) fn run(command: &IncomingCommand, settings: &Settings) -> Result<Report, Failure> {
    let dirs = &settings.dirs();
    match command {
        IncomingCommand::Add { room, name } => {
            if room.is_closed() {
                let found = closed::find(dirs, room)?;
                let kind = found.map(|closed| closed.circle.kind);
                match kind {
                    None => return Err(Failure::Missing("there is no such room".to_owned())),
                    Some(Kind::Pair) => {
                        let text = "a conversation has no webhooks: it is between two people";
                        return Err(Failure::Refused(text.to_owned()));
                    }
                    Some(_) => {}
                }
            }
            bot::refuse_taken(settings, name)?;
            let secret = incoming::add(dirs, room, name).map_err(failure)?;
            let path = format!("{PATH}{secret}");
            let value =
                json!({ "done": true, "room": room.as_str(), "name": name.as_str(), "path": path });
            Ok(Report::new(path, value))
        }
        IncomingCommand::Remove { room, name } => {
            incoming::remove(dirs, room, name).map_err(failure)?;
            let text = format!("the incoming webhook {name} of {room} is gone");
            let value = json!({ "done": true, "room": room.as_str(), "name": name.as_str() });
            Ok(Report::new(text, value))
        }
        IncomingCommand::List { room } => {
            let (mut rows, mut values) = (Vec::new(), Vec::new());
            for hook in &incoming::all(dirs)? {
                if let Some(room) = room
                    && !hook.goes_to(dirs, room)?
                {
                    continue;
                }
                let made = RecordId::from_micros(hook.made.saturating_mul(1_000_000)).to_string();
                values.push(json!({
                    "room": hook.room.as_str(), "name": hook.name.as_str(), "account": hook.account(), "made": made,
                }));
                rows.push(vec![
                    hook.room.to_string(),
                    hook.name.to_string(),
                    hook.account(),
                    made,
                ]);
            }
            let head = ["ROOM", "NAME", "ACCOUNT", "MADE"];
            Ok(Report::new(table(&head, &rows), json!(values)))
        }
    }
}

fn failure(error: IncomingError) -> Failure {
    match error {
        IncomingError::Missing => Failure::Missing(error.to_string()),
        IncomingError::Io(error) => Failure::Io(error),
        error => Failure::refused(error),
    }
}
