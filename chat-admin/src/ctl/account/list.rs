//! The accounts, as a table.

use serde_json::{Value, json};

use super::super::report::{Report, table};
use super::super::{Failure, profile};
use super::failed;
use crate::login::Costs;
use chat_handler::settings::Settings;
use chat_store::accounts::{self, Account, AccountError, Group};
use chat_store::name::Nick;
use chat_store::profiles::{self, Profile};
use chat_store::record::RecordId;

pub(super) fn list(settings: &Settings, group: Option<&Group>) -> Result<Report, Failure> {
    let dir = &settings.dirs().accounts;
    let mut found = accounts::all(dir)?;
    Costs::tidy(&settings.dirs())?;
    found.retain(|account| group.is_none_or(|group| account.groups.contains(group)));
    let rows: Vec<_> = found
        .iter()
        .map(|account| {
            vec![
                account.name.to_string(),
                account.kind.as_str().to_owned(),
                account.created.to_string()[..10].to_owned(),
                account.disabled.map_or("-", |_| "disabled").to_owned(),
                password(account).to_owned(),
                account.group_names().join(" "),
            ]
        })
        .collect();
    let (dirs, mut values) = (settings.dirs(), Vec::with_capacity(found.len()));
    let have_profiles = profiles::is_any(&dirs);
    for account in &found {
        let mut value = value(account);
        let name = account.name.as_str();
        if have_profiles && let Some(shown) = profiles::of_account(&dirs, name)? {
            value["profile"] = profile::value(&shown);
        }
        values.push(value);
    }
    let head = ["ACCOUNT", "KIND", "SINCE", "STATE", "PASSWORD", "GROUPS"];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

/// One of them, with how its owner is shown.
pub(super) fn show(settings: &Settings, name: &Nick) -> Result<Report, Failure> {
    let dirs = settings.dirs();
    let account = accounts::find(&dirs.accounts, name)?;
    let account = account.ok_or_else(|| failed(AccountError::Missing))?;
    let found = profiles::of_account(&dirs, account.name.as_str())?;
    let shown = found.unwrap_or_else(|| Profile::of(account.name.as_str()));
    let since = |id: Option<RecordId>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let groups = account.group_names();
    let mut lines = profile::lines(&shown);
    lines.extend([
        ("kind", account.kind.as_str().to_owned()),
        ("since", account.created.to_string()),
        ("disabled", since(account.disabled)),
        ("password", password(&account).to_owned()),
        ("groups", groups.join(" ")),
    ]);
    let text: Vec<_> = lines
        .iter()
        .map(|(key, words)| format!("{key:13}  {words}"))
        .collect();
    let mut value = value(&account);
    value["profile"] = profile::value(&shown);
    Ok(Report::new(text.join("\n"), value))
}

/// For programs.
fn value(account: &Account) -> Value {
    json!({
        "account": account.name.as_str(), "kind": account.kind.as_str(),
        "created": account.created.to_string(), "groups": account.group_names(),
        "disabled": account.disabled.map(|since| since.to_string()), "password": password(account),
    })
}

/// What there is to log in by, never it.
fn password(account: &accounts::Account) -> &'static str {
    match (&account.scram, &account.foreign) {
        (Some(_), _) => "own",
        (None, Some(_)) => "imported",
        (None, None) => "none",
    }
}
