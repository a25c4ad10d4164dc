//! What lets people in who have no account yet.

use std::time::Duration;

use serde_json::json;

use super::super::Failure;
use super::super::report::Report;
use super::failed;
use crate::login;
use chat_handler::settings::{Register, Settings};
use chat_store::accounts::{Ticket, Tickets};

/// How long the first code is good: whoever installs a server has a day's other work. It can be had again.
const FIRST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Wrong codes count like wrong passwords; a right one may be typed again when something else was wrong.
const FIRST_USES: u32 = 100;

pub(super) fn invite(settings: &Settings, uses: u32, life: Duration) -> Result<Report, Failure> {
    if settings.identity.register != Register::Invitation {
        let text = "chat.ini does not say REGISTER=invitation: a link would let nobody in";
        return Err(Failure::Refused(text.to_owned()));
    }
    let (ticket, word) = Ticket::new(life, uses)?;
    let list = Tickets::invitations(&settings.dirs());
    list.add(&ticket, false).map_err(failed)?;
    let address = format!("register.html{}", login::fragment(&[("invitation", &word)]));
    let until = ticket.until.to_string();
    let text = format!(
        "{address}\nadded to the address of the chat's pages it lets {uses} make an account, until {until}"
    );
    let value = json!({ "address": address, "uses": uses, "until": until });
    Ok(Report::new(text, value))
}

pub(super) fn code(settings: &Settings, if_none: bool) -> Result<Report, Failure> {
    if if_none && (settings.identity.accounts.is_none() || login::has_administrator(settings)?) {
        return Ok(Report::nothing());
    }
    if settings.identity.accounts.is_none() {
        let text = "chat.ini does not say ACCOUNTS=yes: an administrator could not log in";
        return Err(Failure::Refused(text.to_owned()));
    }
    if login::has_administrator(settings)? {
        let text = "there is an administrator already: see chatctl accounts, chatctl passwd --link";
        return Err(Failure::Refused(text.to_owned()));
    }
    let Made {
        address,
        word,
        until,
    } = make(settings)?;
    let text = format!(
        "{address}\nadded to the address of the chat's pages it lets you make the administrator, until {until}"
    );
    let value = json!({ "address": address, "code": word, "until": until });
    Ok(Report::new(text, value))
}

/// A code, which replaces the one before.
pub(super) struct Made {
    /// What is added to the pages' address.
    pub(super) address: String,
    word: String,
    /// When it is over.
    pub(super) until: String,
}

pub(super) fn make(settings: &Settings) -> Result<Made, Failure> {
    let (ticket, word) = Ticket::new(FIRST_LIFE, FIRST_USES)?;
    let list = Tickets::first(&settings.dirs());
    list.add(&ticket, true).map_err(failed)?;
    Ok(Made {
        address: format!("first.html{}", login::fragment(&[("code", &word)])),
        word,
        until: ticket.until.to_string(),
    })
}
