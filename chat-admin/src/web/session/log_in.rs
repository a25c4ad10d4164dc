//! Logging in: a name and a password, and then a session.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::{IDLE, Session, cookie_name, dir, may, note, path_of, word};
use crate::api::{Request, Response};
use crate::login::{self, LoginError, Work, has_administrator};
use crate::web::{Asked, Explain, failed};
use chat_handler::settings::Settings;
use chat_store::accounts::Account;
use chat_store::fs::dirs::create_private;
use chat_store::fs::file;
use chat_store::name::Nick;
use chat_store::record::RecordId;

/// Sessions of one site: of more the one that was used longest ago ends.
const MAX_SESSIONS: usize = 50;

#[derive(Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    name: String,
    pub(super) password: String,
}

pub(super) fn form(request: &Request) -> Result<Form, Response> {
    serde_json::from_slice(&request.body)
        .map_err(|_| Response::error(400, "bad_json", "send a JSON object"))
}

/// Who is logged in here, and what the page must know before anybody is.
pub(in crate::web) fn show(
    asked: &Asked<'_>,
    settings: &Settings,
    explain: Explain<'_>,
) -> Result<Response, Response> {
    let session = Session::of(asked.request, settings).map_err(|error| failed(&error, explain))?;
    if let Some(session) = session.filter(|session| session.has_token(asked.token)) {
        return Ok(Response::json(&told(&session.account, &session.token)));
    }
    let is_first = !has_administrator(settings).map_err(|error| failed(&error, explain))?;
    Ok(Response::json(
        &json!({ "account": null, "first": is_first }),
    ))
}

fn told(account: &Nick, token: &str) -> serde_json::Value {
    json!({ "account": account.as_str(), "token": token, "idle": IDLE.as_secs() })
}

pub(in crate::web) fn log_in(
    request: &Request,
    settings: &Settings,
    explain: Explain<'_>,
) -> Result<Response, Response> {
    let form = form(request)?;
    let account = proved(request, settings, &form.name, &form.password, explain)?;
    let admitted = admit(request, settings, &account, RecordId::now());
    admitted.map_err(|error| failed(&error, explain))
}

/// The account whose password that is, if it may administer. Guesses are counted with those at the chat's own form.
pub(super) fn proved(
    request: &Request,
    settings: &Settings,
    name: &str,
    password: &str,
    explain: Explain<'_>,
) -> Result<Account, Response> {
    let address = request.visitor.address.as_str();
    let account = match login::log_in(settings, name, password, address, &mut Work::default()) {
        Ok(account) => account,
        Err(LoginError::Wrong) => {
            // For fail2ban and the like; no name, which may be a password in the wrong field.
            explain(&format!("a log-in failed from {address}"));
            let text = "the name or the password is wrong";
            return Err(Response::error(403, "wrong_login", text));
        }
        Err(LoginError::TooMany(after)) => {
            explain(&format!(
                "a log-in was refused, too many tries from {address}"
            ));
            let text = "there were too many tries, wait a moment";
            let seconds = after.as_secs().max(1).to_string();
            return Err(
                Response::error(429, "too_many_tries", text).header("Retry-After", &seconds)
            );
        }
        Err(LoginError::Busy) => {
            let text = "many people are logging in just now, try again";
            return Err(Response::error(503, "busy", text));
        }
        Err(LoginError::Io(error)) => return Err(failed(&error, explain)),
    };
    if !may(settings, &account, address) {
        let noted = note(
            settings,
            account.name.as_str(),
            address,
            "log in: not an administrator",
        );
        noted.map_err(|error| failed(&error, explain))?;
        let text =
            "this account does not administer the site, or not from this address ([access] admin)";
        return Err(Response::error(403, "not_administrator", text));
    }
    Ok(account)
}

/// A session for the account, under a word that nobody knew before.
pub(super) fn admit(
    request: &Request,
    settings: &Settings,
    account: &Account,
    started: RecordId,
) -> io::Result<Response> {
    let dir = dir(settings);
    settings.dirs().create()?;
    create_private(&dir)?;
    note(
        settings,
        account.name.as_str(),
        &request.visitor.address,
        "log in",
    )?;
    let (word, token, now) = (word()?, word()?, RecordId::now());
    let lines = format!(
        "{}\n{}\n{started}\n{now}\n{token}\n",
        account.name, account.generation
    );
    sweep(&dir)?;
    file::swap(&path_of(&dir, &word), lines.as_bytes())?;
    let told = told(&account.name, &token);
    Ok(Response::json(&told).header("Set-Cookie", &cookie(request, Some(&word))))
}

/// Ends what is over, and of too many the oldest.
fn sweep(dir: &Path) -> io::Result<()> {
    let mut alive = Vec::new();
    for entry in fs::read_dir(dir)?.flatten() {
        let Ok(used) = File::open(entry.path()).and_then(|it| it.metadata()?.modified()) else {
            continue;
        };
        alive.push((used, entry.path()));
    }
    alive.sort();
    let too_many = (alive.len() + 1).saturating_sub(MAX_SESSIONS);
    for (at, (used, path)) in alive.iter().enumerate() {
        if at < too_many || used.elapsed().unwrap_or_default() > IDLE {
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// It ends with the browser; no other site's page sends it.
pub(super) fn cookie(request: &Request, word: Option<&str>) -> String {
    let secure = if request.https { "; Secure" } else { "" };
    let end = if word.is_none() { "; Max-Age=0" } else { "" };
    let (name, word) = (cookie_name(request), word.unwrap_or("none"));
    format!("{name}={word}; Path=/; HttpOnly; SameSite=Strict{secure}{end}")
}
