//! Logging in by an account of the chat's own: passwords made into verifiers, compared, and guessed no faster
//! than is told.
//!
//! `chat-store` keeps verifiers and knows no cryptography; a handler never sees a password.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use chat_handler::identity::counted::network_of;
use chat_handler::settings::Settings;
use chat_store::accounts::tries::{self, Allowance, Whom};
use chat_store::accounts::{self, Account, AccountError};
use chat_store::counters::{self, Counter};
use chat_store::name::{Key, Nick};

mod administrators;
mod costs;
mod foreign;
pub mod import;
mod password;
mod scram;
mod slots;
mod work;

pub use administrators::{has_administrator, is_administrator, keep_an_administrator};
pub use costs::Costs;
pub use foreign::{Foreign, ForeignError};
pub use password::{MAX_PASSWORD, MIN_PASSWORD, Password, PasswordError};
pub use scram::{ITERATIONS, Verifier};
pub use work::Work;

/// Wrong passwords for one account: somebody who mistypes has enough, a guesser has 1,450 a day.
const OF_ACCOUNT: Allowance = Allowance {
    burst: 10,
    every: Duration::from_secs(60),
};
/// From one address, or one IPv6 network: a school behind one has enough, since what is right is not counted.
const OF_NETWORK: Allowance = Allowance {
    burst: 20,
    every: Duration::from_secs(30),
};
/// From all together whose address is not known, as behind a proxy that is not trusted.
const OF_UNKNOWN: Allowance = Allowance {
    burst: 100,
    every: Duration::from_secs(2),
};
/// Characters of a name that count.
const MAX_NAME: usize = 128;
/// Whose network is not known.
const UNKNOWN: &str = "unknown";

/// Why somebody is not logged in.
#[derive(Debug)]
pub enum LoginError {
    /// There is no such account, or it has another password, or it is disabled: nobody is told which.
    Wrong,
    /// After this time there is another try.
    TooMany(Duration),
    /// As many passwords are compared as the machine does at a time.
    Busy,
    /// Files cannot be read or written.
    Io(io::Error),
}

impl From<io::Error> for LoginError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Logs somebody in, and counts what came of it. Gives the account as it is then: what came from elsewhere has a
/// verifier of ours from now on.
///
/// # Errors
/// Why not.
pub fn log_in(
    settings: &Settings,
    name: &str,
    password: &str,
    address: &str,
    work: &mut Work,
) -> Result<Account, LoginError> {
    let done = compare(settings, name, password, address, work);
    let counter = match &done {
        Ok(_) => Counter::LoggedIn,
        Err(LoginError::Wrong) => Counter::WrongPassword,
        Err(LoginError::TooMany(_) | LoginError::Busy) => Counter::LoginHeldBack,
        Err(LoginError::Io(_)) => return done,
    };
    counters::add(&settings.dirs(), counter);
    done
}

fn compare(
    settings: &Settings,
    name: &str,
    password: &str,
    address: &str,
    work: &mut Work,
) -> Result<Account, LoginError> {
    let dirs = &settings.dirs();
    // A name that is none has no account.
    let nick = Nick::parse(name).ok();
    count_try(settings, name, address)?;
    let Some(_slot) = slots::take(dirs)? else {
        forgive_try(settings, name, address)?;
        return Err(LoginError::Busy);
    };
    let account = match &nick {
        Some(nick) => accounts::find(&dirs.accounts, nick)?,
        None => None,
    };
    let password = Password::typed(password);
    let costs = Costs::load(&dirs.accounts)?;
    if !matches(account.as_ref(), &password, &costs, work) {
        return Err(LoginError::Wrong);
    }
    let Some(account) = account.filter(|account| account.disabled.is_none()) else {
        return Err(LoginError::Wrong);
    };
    forgive_try(settings, name, address)?;
    renewed(settings, account, &password)
}

/// Counts a try of whatever lets somebody in.
///
/// # Errors
/// They have had theirs, or it cannot be counted: nothing is to be looked at then.
pub fn count_try(settings: &Settings, name: &str, address: &str) -> Result<(), LoginError> {
    let dirs = &settings.dirs();
    dirs.create()?;
    with_counted(name, address, |counted| tries::take(dirs, counted))?.map_err(LoginError::TooMany)
}

/// Takes back what [`count_try`] counted: whoever is right is no guesser.
///
/// # Errors
/// Those of the table.
pub fn forgive_try(settings: &Settings, name: &str, address: &str) -> io::Result<()> {
    let dirs = &settings.dirs();
    with_counted(name, address, |counted| tries::give_back(dirs, counted))
}

fn with_counted<T>(
    name: &str,
    address: &str,
    run: impl FnOnce(&[(Whom<'_>, Allowance)]) -> T,
) -> T {
    // As long as a client likes; an account's has 32 characters.
    let end = name
        .char_indices()
        .nth(MAX_NAME)
        .map_or(name.len(), |(at, _)| at);
    let key = Key::of(&name[..end]);
    let network = network_of(address);
    let of_network = if network.is_some() {
        OF_NETWORK
    } else {
        OF_UNKNOWN
    };
    let network = network.unwrap_or_else(|| UNKNOWN.to_owned());
    let by_network = (Whom::Network(&network), of_network);
    if key.as_str().is_empty() {
        return run(&[by_network]);
    }
    run(&[(Whom::Account(key.as_str()), OF_ACCOUNT), by_network])
}

/// Whether the password is that of the account. The work is the same whatever there is to compare with, so that nobody
/// learns by its time whether there is an account: of what some accounts of the site need, each does all.
pub fn matches(
    account: Option<&Account>,
    password: &Password,
    costs: &Costs,
    work: &mut Work,
) -> bool {
    let scram = account
        .and_then(|account| account.scram.as_deref())
        .and_then(Verifier::parse);
    let foreign = account
        .and_then(|account| account.foreign.as_deref())
        .and_then(Foreign::parse);
    let own = Verifier::check(scram.as_ref(), password, work);
    let others = costs.check(foreign.as_ref(), password, work);
    own | others
}

/// A verifier of ours in place of another's, or of one that cost less.
fn renewed(
    settings: &Settings,
    account: Account,
    password: &Password,
) -> Result<Account, LoginError> {
    let is_ours = account
        .scram
        .as_deref()
        .and_then(Verifier::parse)
        .is_some_and(|verifier| verifier.iterations == ITERATIONS);
    if is_ours {
        return Ok(account);
    }
    let verifier = Verifier::new(password)?.to_string();
    let done = accounts::change(&settings.dirs(), &account.name, &mut |it| {
        it.set_verifier(verifier.clone());
        Ok(())
    });
    match done {
        Ok(account) => Ok(account),
        Err(AccountError::Io(error)) => Err(error.into()),
        // They know the password; the verifier is renewed another time.
        Err(_) => Ok(account),
    }
}

/// What is behind the `#` of a page's address, which no server is sent and none logs.
pub fn fragment(parts: &[(&str, &str)]) -> String {
    let mut text = String::from("#");
    for (at, (key, value)) in parts.iter().enumerate() {
        text.extend([if at > 0 { "&" } else { "" }, key, "="]);
        for byte in value.bytes() {
            // RFC 3986, section 2.3: what needs no escape.
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
