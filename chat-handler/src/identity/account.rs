//! What a log-in is worth where the chat has accounts of its own: whoever wrote the session, an account that is
//! disabled lets nobody in, and a log-in of our own form holds as long as the account's generation does.

use std::path::Path;

use super::Person;
use crate::settings::{Asker, Permission, Settings, access::Answer};
use chat_store::accounts::{self, Account};
use chat_store::name::RoomName;

/// The account of exactly this name: one that only looks like it is somebody else's log-in, at the site's own form.
///
/// # Errors
/// Why it cannot be known, for the log: then nobody is logged in.
pub fn of(dir: &Path, name: &str) -> Result<Option<Account>, String> {
    let found = accounts::named(dir, name);
    let found = found.map_err(|error| format!("the account cannot be read: {error}"))?;
    Ok(found.filter(|account| account.name.as_str() == name))
}

/// Takes a log-in for what it is worth. `generation`: what our own form wrote into the session; `None`: it is
/// another's.
///
/// # Errors
/// Why it is worth nothing, for the log.
pub(super) fn admit(
    dir: Option<&Path>,
    mut person: Person,
    generation: Option<u64>,
) -> Result<Person, String> {
    let Some(name) = person.account.as_deref() else {
        return Ok(person);
    };
    let Some(dir) = dir else {
        // What our form wrote while there were accounts is nobody's when there are none.
        return match generation {
            None => Ok(person),
            Some(_) => Err("the log-in is by an account, and there are none (ACCOUNTS=no)".into()),
        };
    };
    let Some(account) = of(dir, name)? else {
        return match generation {
            None => Ok(person),
            Some(_) => Err("there is no such account any more".to_owned()),
        };
    };
    if account.disabled.is_some() {
        return Err("the account is disabled".to_owned());
    }
    if generation.is_some_and(|generation| generation != account.generation) {
        return Err("the account was logged out everywhere since".to_owned());
    }
    person.generation = Some(account.generation);
    person.groups = account.groups;
    Ok(person)
}

impl Person {
    /// Who asks, for `[access]`.
    pub fn asker<'a>(&'a self, address: &'a str) -> Asker<'a> {
        Asker {
            account: self.account.as_deref(),
            groups: &self.groups,
            address,
        }
    }

    /// Whether `[access]` lets them do something, in a room or at all. Bans and mutes are another question.
    pub fn may(
        &self,
        settings: &Settings,
        what: Permission,
        room: Option<&RoomName>,
        address: &str,
    ) -> Answer {
        let lets = self.pass.as_ref().and_then(|pass| pass.lets(what, room));
        if let Some(allowed) = lets {
            let by = "the token".to_owned();
            let line = 0;
            return Answer { allowed, line, by };
        }
        settings
            .identity
            .access
            .may(what, room, &self.asker(address))
    }
}
