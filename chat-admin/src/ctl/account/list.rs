//! The accounts, as a table.

use serde_json::json;

use super::super::Failure;
use super::super::report::{Report, table};
use crate::login::Costs;
use chat_handler::settings::Settings;
use chat_store::accounts::{self, Group};

pub(super) fn list(settings: &Settings, group: Option<&Group>) -> Result<Report, Failure> {
    let dir = &settings.dirs().accounts;
    let mut found = accounts::all(dir)?;
    Costs::tidy(dir)?;
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
    let values: Vec<_> = found
        .iter()
        .map(|account| {
            json!({
                "account": account.name.as_str(), "kind": account.kind.as_str(),
                "created": account.created.to_string(), "groups": account.group_names(),
                "disabled": account.disabled.map(|since| since.to_string()), "password": password(account),
            })
        })
        .collect();
    let head = ["ACCOUNT", "KIND", "SINCE", "STATE", "PASSWORD", "GROUPS"];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

/// What there is to log in by, never it.
fn password(account: &accounts::Account) -> &'static str {
    match (&account.scram, &account.foreign) {
        (Some(_), _) => "own",
        (None, Some(_)) => "imported",
        (None, None) => "none",
    }
}
