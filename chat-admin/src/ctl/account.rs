//! Accounts of the chat's own, from the shell: made, changed, brought in from elsewhere. No password is ever an
//! argument: other users of the machine see those.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use super::report::Report;
use super::site::IliasArguments;
use super::{Failure, nick, room};
use chat_handler::settings::Settings;
use chat_store::accounts::{AccountError, Group};
use chat_store::name::{Nick, RoomName};

mod acl;
mod change;
mod first;
mod import;
mod list;
mod prompt;

/// Hours in which a link or an invitation is good: a year at most.
const MAX_HOURS: i64 = 24 * 366;

/// Whose settings are imported.
#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// A site for each client of an ILIAS chat server, by its server.cfg and each client.cfg; each key is mapped, to be
    /// done by hand, not applicable, or refused
    Ilias(IliasArguments),
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Make an account; its password is read from standard input, or asked for
    Register {
        /// What it is called, and its owner in the rooms
        #[arg(value_parser = nick)]
        name: Nick,
        /// What it is part of, as admin; may be given several times
        #[arg(long = "group", value_name = "GROUP", value_parser = group)]
        groups: Vec<Group>,
        /// It is a program's
        #[arg(long)]
        bot: bool,
        /// Nobody can log in by it until a password is chosen (`passwd --link`)
        #[arg(long)]
        without_password: bool,
    },
    /// Remove an account; what its owner said stays, and so that nobody takes over their rooms, its name (see `person
    /// erase`)
    Unregister {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// Give an account another password, from standard input or asked for; or a link to choose one
    Passwd {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
        /// Print what its owner adds to the pages' address to choose a password, once
        #[arg(long)]
        link: bool,
        /// How long the link is good
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=MAX_HOURS))]
        hours: u32,
    },
    /// Let nobody log in by an account; whoever is in by it is out at once
    Disable {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// Let its owner log in again
    Enable {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// End all log-ins by an account; its owner may log in anew
    Logout {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// What an account is part of; with --add and --remove, change it
    Groups {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
        /// A group; may be given several times
        #[arg(long, value_name = "GROUP", value_parser = group)]
        add: Vec<Group>,
        /// A group; may be given several times
        #[arg(long, value_name = "GROUP", value_parser = group)]
        remove: Vec<Group>,
    },
    /// The accounts: since when, in which groups, which of them are disabled
    #[command(args_conflicts_with_subcommands = true)]
    Accounts {
        #[command(subcommand)]
        command: Option<AccountsCommand>,
        /// Only those of this group
        #[arg(long, value_name = "GROUP", value_parser = group)]
        group: Option<Group>,
    },
    /// Whether a password, from standard input or asked for, is that of an account; not counted as a guess
    Verify {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// Make accounts of a file of another server's, or sites of its settings
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Import {
        #[command(subcommand)]
        settings: Option<ImportCommand>,
        /// The file
        #[arg(required = true)]
        file: Option<PathBuf>,
        /// What it is; else it is found out
        #[arg(long, value_enum)]
        format: Option<import::Format>,
        /// What they all are part of
        #[arg(long = "group", value_name = "GROUP", value_parser = group)]
        groups: Vec<Group>,
        /// Only say what would be made
        #[arg(long)]
        dry_run: bool,
    },
    /// Print what somebody adds to the pages' address to make an account (REGISTER=invitation)
    Invite {
        /// How many accounts may be made by it
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// How long it is good
        #[arg(long, default_value_t = 24 * 7, value_parser = clap::value_parser!(u32).range(1..=MAX_HOURS))]
        hours: u32,
    },
    /// Print the code by which the first administrator is made in the pages; good until there is one
    FirstCode {
        /// Print nothing where there is an administrator, or where chat.ini wants no accounts: for a service's start
        #[arg(long)]
        if_none: bool,
    },
    /// Who may do what
    #[command(subcommand)]
    Acl(AclCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountsCommand {
    /// All that is known of one, but what it logs in by
    Show {
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AclCommand {
    /// Name each right of somebody, and the line of chat.ini that says so
    Explain {
        /// Their account; `-` for somebody who has not logged in
        name: String,
        /// In this room
        #[arg(long, value_parser = room)]
        room: Option<RoomName>,
        /// Who come from there
        #[arg(long)]
        address: Option<std::net::IpAddr>,
    },
}

fn group(text: &str) -> Result<Group, &'static str> {
    Group::parse(text).ok_or("a group has 1 to 32 of a-z, 0-9, - and .")
}

pub(super) fn run(command: AccountCommand, settings: &Settings) -> Result<Report, Failure> {
    match command {
        AccountCommand::Register {
            name,
            groups,
            bot,
            without_password,
        } => change::register(settings, name, &groups, (bot, without_password)),
        AccountCommand::Unregister { name } => change::unregister(settings, &name),
        AccountCommand::Passwd { name, link, hours } if link => {
            change::link(settings, &name, in_hours(hours))
        }
        AccountCommand::Passwd { name, .. } => change::passwd(settings, &name),
        AccountCommand::Disable { name } => change::disable(settings, &name),
        AccountCommand::Enable { name } => change::enable(settings, &name),
        AccountCommand::Logout { name } => change::logout(settings, &name),
        AccountCommand::Groups { name, add, remove } => {
            change::groups(settings, &name, &add, &remove)
        }
        AccountCommand::Accounts {
            command: Some(AccountsCommand::Show { name }),
            ..
        } => list::show(settings, &name),
        AccountCommand::Accounts { group, .. } => list::list(settings, group.as_ref()),
        AccountCommand::Verify { name } => change::verify(settings, &name),
        AccountCommand::Import {
            settings: None,
            file: Some(file),
            format,
            groups,
            dry_run,
        } => import::import(settings, &file, format, (&groups, dry_run)),
        // Done before, without settings.
        AccountCommand::Import { .. } => Ok(Report::nothing()),
        AccountCommand::Invite { uses, hours } => first::invite(settings, uses, in_hours(hours)),
        AccountCommand::FirstCode { if_none } => first::code(settings, if_none),
        AccountCommand::Acl(AclCommand::Explain {
            name,
            room,
            address,
        }) => acl::explain(settings, &name, room.as_ref(), address),
    }
}

/// What is added to the pages' address to make the first administrator, and until when; none where there is one.
pub(super) fn first_code_if_none(settings: &Settings) -> Result<Option<(String, String)>, Failure> {
    if crate::login::has_administrator(settings)? {
        return Ok(None);
    }
    let made = first::make(settings)?;
    Ok(Some((made.address, made.until)))
}

fn in_hours(hours: u32) -> Duration {
    Duration::from_secs(u64::from(hours) * 3600)
}

fn failed(error: AccountError) -> Failure {
    match error {
        AccountError::Missing => Failure::Missing(error.to_string()),
        AccountError::Io(error) => Failure::Io(error),
        error => Failure::refused(error),
    }
}
