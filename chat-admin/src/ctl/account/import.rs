//! Accounts of another server's: `htpasswd`, CSV, ejabberd's export (XEP-0227). What can be brought in is; of
//! each of the others it is said why not.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use clap::ValueEnum;
use serde_json::json;

use super::super::Failure;
use super::super::report::Report;
use super::failed;
use crate::login::import::{self, Found, Secret};
use crate::login::{Costs, Verifier};
use chat_handler::settings::Settings;
use chat_store::accounts::{self, Account, AccountError, AccountKind, Group};

/// The largest file that is read.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::ctl) enum Format {
    /// `NAME:HASH` a line, as `htpasswd -B` writes it
    Htpasswd,
    /// A head with name and password, and groups if there are
    Csv,
    /// `ejabberdctl export_piefxis`, or any other XEP-0227
    Ejabberd,
}

pub(super) fn import(
    settings: &Settings,
    file: &Path,
    format: Option<Format>,
    (groups, dry_run): (&[Group], bool),
) -> Result<Report, Failure> {
    let mut text = String::new();
    File::open(file)?
        .take(MAX_BYTES)
        .read_to_string(&mut text)?;
    let format = format.unwrap_or_else(|| guess(&text));
    let found = match format {
        Format::Htpasswd => import::htpasswd(&text),
        Format::Csv => import::csv(&text),
        Format::Ejabberd => import::xep_0227(&text),
    };
    let found = found.map_err(|error| Failure::Refused(format!("{}: {error}", file.display())))?;
    let dir = &settings.dirs().accounts;
    let mut costs = Costs::load(dir)?;
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for found in found {
        let name = found.name.clone();
        match take(settings, found, groups, &mut costs, dry_run) {
            Ok(account) => made.push(account),
            Err(reason) => refused.push((name, reason)),
        }
    }
    let mut lines = vec![format!(
        "{} {} made, {} refused",
        made.len(),
        if dry_run { "would be" } else { "were" },
        refused.len()
    )];
    lines.extend(
        refused
            .iter()
            .map(|(name, reason)| format!("{name}: {reason}")),
    );
    let refused: Vec<_> = refused
        .iter()
        .map(|(name, reason)| json!({ "name": name, "reason": reason }))
        .collect();
    let value = json!({ "made": made, "refused": refused, "dry_run": dry_run });
    Ok(Report::new(lines.join("\n"), value))
}

fn guess(text: &str) -> Format {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n']);
    let first = start.lines().next().unwrap_or_default();
    match start.starts_with('<') {
        true => Format::Ejabberd,
        false if first.contains([',', ';']) && first.to_lowercase().contains("name") => Format::Csv,
        false => Format::Htpasswd,
    }
}

/// Gives the account's name, or why there is none.
fn take(
    settings: &Settings,
    found: Found,
    groups: &[Group],
    costs: &mut Costs,
    dry_run: bool,
) -> Result<String, String> {
    let dirs = settings.dirs();
    let nick = found.nick()?;
    if let Some(there) = accounts::find(&dirs.accounts, &nick).map_err(|error| error.to_string())? {
        return Err(AccountError::Taken(there.name).to_string());
    }
    let mut account = Account::new(nick, AccountKind::Person);
    account.groups.extend(groups.iter().cloned());
    account.groups.extend(found.groups);
    match found.secret? {
        Secret::Password(password) if !dry_run => {
            let verifier = Verifier::new(&password).map_err(|error| error.to_string())?;
            account.set_verifier(verifier.to_string());
        }
        Secret::Password(_) => {}
        Secret::Scram(verifier) => account.set_verifier(verifier.to_string()),
        Secret::Foreign(foreign) => {
            if !costs.add(foreign.cost()) {
                let text = "its hash costs another time than those of the others, and three times are enough";
                return Err(text.to_owned());
            }
            account.foreign = Some(foreign.to_string().into());
        }
    }
    if !dry_run {
        costs.save(&dirs).map_err(|error| error.to_string())?;
        accounts::create(&dirs, &account)
            .map_err(failed)
            .map_err(|error| error.to_string())?;
    }
    Ok(account.name.to_string())
}
