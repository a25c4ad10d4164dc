//! That there is somebody who may administer the site, and stays so.

use std::io;

use chat_handler::settings::{Asker, Permission, Settings};
use chat_store::accounts::{self, Account, AccountError};

/// Whether an account can log in and may administer.
pub fn is_administrator(settings: &Settings, account: &Account) -> bool {
    let asker = Asker {
        account: Some(account.name.as_str()),
        groups: &account.groups,
        address: "",
    };
    let answer = settings
        .identity
        .access
        .may(Permission::Admin, None, &asker);
    answer.allowed && account.disabled.is_none()
}

/// Whether there is one.
///
/// # Errors
/// Those of reading the accounts.
pub fn has_administrator(settings: &Settings) -> io::Result<bool> {
    is_any(settings, &mut |_| true)
}

fn is_any(settings: &Settings, counts: &mut dyn FnMut(&Account) -> bool) -> io::Result<bool> {
    let mut found = false;
    accounts::each(&settings.dirs().accounts, &mut |account| {
        found = is_administrator(settings, &account) && counts(&account);
        Ok(!found)
    })?;
    Ok(found)
}

/// Refuses what would leave the site without an administrator: that `account` is no more, or is as `after`.
///
/// # Errors
/// It is the last one.
pub fn keep_an_administrator(
    settings: &Settings,
    account: &Account,
    after: Option<&Account>,
) -> Result<(), AccountError> {
    let stays = after.is_some_and(|after| is_administrator(settings, after));
    if stays || !is_administrator(settings, account) {
        return Ok(());
    }
    if is_any(settings, &mut |other| other.name != account.name)? {
        return Ok(());
    }
    Err(AccountError::Refused(
        "this is the last administrator: make another one first, by chatctl groups NAME --add admin",
    ))
}
