//! One account: made, changed, removed. Handlers of its owner hear of it at once.

use std::time::Duration;

use serde_json::json;

use super::super::report::Report;
use super::super::{Failure, profile};
use super::{failed, prompt};
use crate::login::{self, Costs, Verifier, Work};
use chat_handler::settings::Settings;
use chat_store::accounts::{
    self, Account, AccountError, AccountKind, Group, MAX_GROUPS, Ticket, reach,
};
use chat_store::name::Nick;
use chat_store::profiles;
use chat_store::record::RecordId;

fn done(account: &Account, what: &str) -> Report {
    let name = account.name.as_str();
    let value = json!({
        "done": true, "account": name, "disabled": account.disabled.is_some(), "groups": account.group_names(),
    });
    Report::new(format!("{name} {what}"), value)
}

pub(super) fn register(
    settings: &Settings,
    name: Nick,
    groups: &[Group],
    (bot, without_password): (bool, bool),
) -> Result<Report, Failure> {
    let dir = &settings.dirs().accounts;
    // Before anybody types a password for it.
    if let Some(there) = accounts::find(dir, &name)? {
        return Err(failed(AccountError::Taken(there.name)));
    }
    let name = name.of_person();
    let kind = if bot {
        AccountKind::Bot
    } else {
        AccountKind::Person
    };
    let mut account = Account::new(name, kind);
    add_groups(&mut account, groups).map_err(failed)?;
    if !without_password {
        let password = prompt::chosen(&account.name)?;
        account.set_verifier(Verifier::new(&password)?.to_string());
    }
    accounts::create(&settings.dirs(), &account).map_err(failed)?;
    let words = if without_password {
        "is registered, without a password: see chatctl passwd --link"
    } else if settings.identity.accounts.is_none() {
        "can log in, once chat.ini says ACCOUNTS=yes"
    } else {
        "can log in"
    };
    Ok(done(&account, words))
}

fn add_groups(account: &mut Account, groups: &[Group]) -> Result<(), AccountError> {
    account.groups.extend(groups.iter().cloned());
    if account.groups.len() > MAX_GROUPS {
        return Err(AccountError::Refused(
            "an account is part of 50 groups at most",
        ));
    }
    Ok(())
}

/// Changes it, and tells its owner's handlers.
fn change(
    settings: &Settings,
    name: &Nick,
    edit: &mut dyn FnMut(&mut Account) -> Result<(), AccountError>,
) -> Result<Account, Failure> {
    let dirs = settings.dirs();
    let account = accounts::change(&dirs, name, edit).map_err(failed)?;
    tell(settings, &account.name)?;
    Ok(account)
}

fn tell(settings: &Settings, name: &Nick) -> Result<(), Failure> {
    let dirs = settings.dirs();
    // Where nobody has been yet, nobody is to be told.
    if dirs.users.is_dir() {
        reach::tell(&dirs, name)?;
    }
    Ok(())
}

pub(super) fn unregister(settings: &Settings, name: &Nick) -> Result<Report, Failure> {
    let may = &mut |account: &Account| login::keep_an_administrator(settings, account, None);
    let account = accounts::remove(&settings.dirs(), name, may).map_err(failed)?;
    tell(settings, &account.name)?;
    // What they were shown by goes with it; their name stays theirs.
    profiles::forget(&settings.dirs(), account.name.as_str()).map_err(profile::failed)?;
    Ok(done(&account, "is no account any more"))
}

pub(super) fn passwd(settings: &Settings, name: &Nick) -> Result<Report, Failure> {
    let dir = &settings.dirs().accounts;
    let account = accounts::find(dir, name)?.ok_or_else(|| failed(AccountError::Missing))?;
    let password = prompt::chosen(&account.name)?;
    let verifier = Verifier::new(&password)?.to_string();
    let account = change(settings, name, &mut |account| {
        account.set_verifier(verifier.clone());
        account.end_sessions();
        Ok(())
    })?;
    Ok(done(
        &account,
        "has another password, and is logged out everywhere",
    ))
}

pub(super) fn link(settings: &Settings, name: &Nick, life: Duration) -> Result<Report, Failure> {
    let (ticket, word) = Ticket::new(life, 1)?;
    let until = ticket.until.to_string();
    let account = accounts::change(&settings.dirs(), name, &mut |account| {
        account.link = Some(ticket.clone());
        Ok(())
    })
    .map_err(failed)?;
    // What is behind the # is in no log of any server.
    let fragment = login::fragment(&[("name", account.name.as_str()), ("link", &word)]);
    let address = format!("password.html{fragment}");
    let text = format!(
        "{address}\nadded to the address of the chat's pages it lets {} choose a password, once, until {until}",
        account.name
    );
    let value = json!({ "account": account.name.as_str(), "address": address, "until": until });
    Ok(Report::new(text, value))
}

pub(super) fn disable(settings: &Settings, name: &Nick) -> Result<Report, Failure> {
    let account = change(settings, name, &mut |account| {
        login::keep_an_administrator(settings, account, None)?;
        account.disabled.get_or_insert(RecordId::now());
        account.end_sessions();
        Ok(())
    })?;
    Ok(done(&account, "is disabled"))
}

pub(super) fn enable(settings: &Settings, name: &Nick) -> Result<Report, Failure> {
    let account = change(settings, name, &mut |account| {
        account.disabled = None;
        Ok(())
    })?;
    Ok(done(&account, "is enabled"))
}

pub(super) fn logout(settings: &Settings, name: &Nick) -> Result<Report, Failure> {
    let account = change(settings, name, &mut |account| {
        account.end_sessions();
        Ok(())
    })?;
    Ok(done(&account, "is logged out everywhere"))
}

pub(super) fn groups(
    settings: &Settings,
    name: &Nick,
    add: &[Group],
    remove: &[Group],
) -> Result<Report, Failure> {
    let account = if add.is_empty() && remove.is_empty() {
        let found = accounts::find(&settings.dirs().accounts, name)?;
        found.ok_or_else(|| failed(AccountError::Missing))?
    } else {
        change(settings, name, &mut |account| {
            let mut after = account.clone();
            add_groups(&mut after, add)?;
            after.groups.retain(|group| !remove.contains(group));
            login::keep_an_administrator(settings, account, Some(&after))?;
            *account = after;
            Ok(())
        })?
    };
    let names = account.group_names();
    let words = if names.is_empty() {
        "is in no group".to_owned()
    } else {
        format!("is in {}", names.join(", "))
    };
    Ok(done(&account, &words))
}

pub(super) fn verify(settings: &Settings, name: &Nick) -> Result<Report, Failure> {
    let dir = &settings.dirs().accounts;
    let account = accounts::find(dir, name)?.ok_or_else(|| failed(AccountError::Missing))?;
    let password = prompt::typed(&account.name)?;
    let costs = Costs::load(dir)?;
    if !login::matches(Some(&account), &password, &costs, &mut Work::default()) {
        return Err(Failure::Refused(format!(
            "this is not the password of {}",
            account.name
        )));
    }
    let words = if account.disabled.is_some() {
        "has this password, and is disabled"
    } else {
        "has this password"
    };
    Ok(done(&account, words))
}
