//! `chatctl doctor`: what is wrong with the chat on this machine, and how to mend it. It changes nothing.

use std::path::{Path, PathBuf};

use clap::Args;

use super::report::Report;
use super::{Failure, check, owner};
use crate::login;
use chat_handler::settings::Settings;

mod cluster;
mod daemon;
mod files;
mod hooks;
mod kernel;
pub(super) mod program;
mod proxy;
mod rotation;
mod secrets;
mod services;
mod sheet;
mod space;
mod tokens;
mod tree;
mod turn;
mod upkeep;

use daemon::Daemon;
use sheet::Sheet;

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// The daemon's file; else the one that the service has: CONFIG in /etc/default/websocketd-rs
    #[arg(long, value_name = "FILE")]
    daemon: Option<PathBuf>,
    /// Where people find the chat, as <https://www.example.org/chat/>: it is asked as browsers do
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Certificates to trust for it (PEM) in place of the system's
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

/// Where to look, beside what the arguments say.
pub(super) struct Place<'a> {
    pub(super) ini: Option<&'a Path>,
    pub(super) variable: Option<&'a Path>,
    pub(super) is_site: bool,
    pub(super) root: &'a Path,
}

pub(super) fn doctor(arguments: &DoctorArguments, place: &Place<'_>) -> Result<Report, Failure> {
    let mut sheet = Sheet::default();
    let daemon = match Daemon::find(arguments.daemon.as_deref(), place.is_site, place.root) {
        Ok(daemon) => daemon,
        Err(error) => {
            sheet.error("daemon", error.to_string(), "name the file by --daemon");
            None
        }
    };
    match &daemon {
        Some(daemon) => daemon.limits(&mut sheet),
        None => sheet.unused("running", "no file of websocketd-rs: --daemon names one"),
    }
    let settings = match Settings::load(place.ini, place.variable) {
        Ok(settings) => settings,
        Err(error) => {
            for problem in &error.0 {
                sheet.error(
                    "settings",
                    problem.to_string(),
                    "man chat.ini has every key",
                );
            }
            if let Some(daemon) = &daemon {
                daemon.check(&mut sheet);
            }
            return Ok(sheet.report());
        }
    };
    sheet.good("settings", format!("{}: sound", settings.source.display()));
    // logrotate and letsencrypt are root's; the rest is seen as the chat's user sees it.
    rotation::look(&settings, place.root, &mut sheet);
    if let Some(daemon) = &daemon {
        daemon.certbot(place.root, &mut sheet);
    }
    owner::become_owner_of(&settings.base_dir)?;
    if let Some(daemon) = &daemon {
        daemon.check(&mut sheet);
    }
    files::look(&settings, daemon.as_ref(), place.is_site, &mut sheet);
    services::look(&settings, place.is_site, place.root, &mut sheet);
    cluster::look(&settings, &mut sheet);
    secrets::look(&settings, daemon.as_ref(), place.root, &mut sheet);
    tokens::look(&settings, &mut sheet);
    tree::look(&settings, &mut sheet);
    space::look(&settings, &mut sheet);
    upkeep::clock(&settings, &mut sheet);
    logs(&settings, &mut sheet);
    upkeep::expiry(&settings, &mut sheet);
    upkeep::php(&settings, place.root, &mut sheet);
    accounts(&settings, &mut sheet);
    hooks::asked(&settings, &mut sheet);
    hooks::told(&settings, &mut sheet);
    proxy::look(&settings, daemon.as_ref(), &mut sheet);
    turn::look(&settings, &mut sheet);
    if let Some(url) = &arguments.url {
        proxy::visit(url, arguments.ca.as_deref(), &mut sheet);
    }
    Ok(sheet.report())
}

/// What `check` says of rooms and what belongs to them.
fn logs(settings: &Settings, sheet: &mut Sheet) {
    match check::rooms(&settings.dirs(), settings) {
        Ok((_, findings)) => {
            for finding in findings {
                sheet.warn("logs", finding, "chatctl check looks at all of them");
            }
        }
        Err(failure) => sheet.error("logs", failure.to_string(), "see owner and mode above"),
    }
    sheet.good_unless_found("logs", "every room's log is whole and in order");
}

fn accounts(settings: &Settings, sheet: &mut Sheet) {
    if settings.identity.accounts.is_none() {
        return sheet.unused("accounts", "ACCOUNTS=no");
    }
    match login::has_administrator(settings) {
        Ok(true) => sheet.good("accounts", "there is an administrator"),
        Ok(false) => sheet.warn(
            "accounts",
            "no account may administer the chat",
            "chatctl first-code makes a link for the first one, or chatctl groups NAME --add admin",
        ),
        Err(error) => sheet.error("accounts", error.to_string(), "see owner and mode above"),
    }
}
