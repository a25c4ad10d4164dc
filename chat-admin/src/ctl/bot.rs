//! Bots: made, listed, given another token, removed.

use clap::Subcommand;
use serde_json::json;

use super::report::{Report, table};
use super::{Failure, nick};
use chat_handler::settings::Settings;
use chat_store::accounts;
use chat_store::bots::{self, BotError};
use chat_store::name::{Nick, SERVER};
use chat_store::record::RecordId;

#[derive(Debug, Subcommand)]
pub(super) enum BotCommand {
    /// Make one; its token is shown, this once
    Add {
        /// What it is called in rooms
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// All of them
    List,
    /// Give one another token, and end what it does by the old one
    Token {
        /// Which one
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// Remove one; what it said stays
    Remove {
        /// Which one
        #[arg(value_parser = nick)]
        name: Nick,
    },
}

impl BotCommand {
    /// As it would be typed, if it changes something.
    pub(super) fn deed(&self) -> Option<String> {
        Some(match self {
            Self::Add { name } => format!("bot add {name}"),
            Self::Token { name } => format!("bot token {name}"),
            Self::Remove { name } => format!("bot remove {name}"),
            Self::List => return None,
        })
    }
}

pub(super) fn run(command: &BotCommand, settings: &Settings) -> Result<Report, Failure> {
    let dirs = &settings.dirs();
    match command {
        BotCommand::Add { name } => {
            refuse_taken(settings, name)?;
            let token = bots::add(dirs, name).map_err(failure)?;
            Ok(shown(name, &token))
        }
        BotCommand::Token { name } => {
            let token = bots::renew(dirs, name).map_err(failure)?;
            Ok(shown(name, &token))
        }
        BotCommand::Remove { name } => {
            bots::remove(dirs, name).map_err(failure)?;
            let value = json!({ "done": true, "bot": name.as_str() });
            Ok(Report::new(format!("the bot {name} is gone"), value))
        }
        BotCommand::List => {
            let (mut rows, mut values) = (Vec::new(), Vec::new());
            for bot in bots::all(dirs)? {
                let made = RecordId::from_micros(bot.made.saturating_mul(1_000_000)).to_string();
                values.push(
                    json!({ "bot": bot.name.as_str(), "account": bot.account(), "token_of": made }),
                );
                rows.push(vec![bot.name.to_string(), bot.account(), made]);
            }
            let head = ["NAME", "ACCOUNT", "TOKEN OF"];
            Ok(Report::new(table(&head, &rows), json!(values)))
        }
    }
}

/// A person's name is nobody else's.
pub(super) fn refuse_taken(settings: &Settings, name: &Nick) -> Result<(), Failure> {
    let dir = settings.identity.accounts.as_deref();
    let taken = dir
        .map(|dir| accounts::named(dir, name.as_str()))
        .transpose();
    let taken = taken.map_err(Failure::refused)?.flatten().is_some();
    if taken || name.as_str() == SERVER {
        return Err(Failure::Refused(format!("{name} is an account's name")));
    }
    Ok(())
}

fn shown(name: &Nick, token: &str) -> Report {
    let value = json!({ "done": true, "bot": name.as_str(), "token": token });
    Report::new(token.to_owned(), value)
}

fn failure(error: BotError) -> Failure {
    match error {
        BotError::Missing => Failure::Missing(error.to_string()),
        BotError::Io(error) => Failure::Io(error),
        error => Failure::refused(error),
    }
}
