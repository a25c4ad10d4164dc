//! Who administers: by an account of the chat's own that may `admin`, logged in here. The chat's own sessions do not
//! count: whoever reads one has no administrator's rights by it, and those here are short.
//!
//! `run/administration/HASH` is a session: the hash of its cookie's word, so that whoever reads the directory has none.
//! A page that has the cookie alone has nothing: it needs the token, which it was told when somebody logged in, and keeps for
//! its tab. Its time is when it was used last. A file is written once: what is ended stays so, whoever uses it at that moment.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::{Explain, failed};
use crate::api::{Request, Response};
use chat_handler::identity::cookie::first_value;
use chat_handler::settings::{Asker, Permission, Settings};
use chat_store::accounts::{self, Account};
use chat_store::audit::{self, Deed, Via};
use chat_store::fs::file;
use chat_store::name::Nick;
use chat_store::record::RecordId;

mod log_in;

pub(super) use log_in::{log_in, show};

use log_in::{admit, cookie, form, proved};

/// How long nothing may be asked.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// How long a session lasts, however busy it is.
const LIFE: Duration = Duration::from_secs(8 * 3600);
/// How long after a password was typed what cannot be undone may be done.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// Bytes of chance in a word.
const WORD_BYTES: usize = 32;
/// What is read of a session's file, in bytes.
const MAX_BYTES: u64 = 4096;
/// The cookie over TLS, where browsers keep others from setting it (RFC 6265bis, `__Host-`), and without.
const COOKIES: [&str; 2] = ["__Host-chat-administration", "chat-administration"];

/// Somebody who may administer.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) account: Nick,
    address: String,
    token: String,
    started: RecordId,
    proved: RecordId,
    path: PathBuf,
    /// What was read: one that is removed meanwhile is not there again.
    file: File,
}

fn dir(settings: &Settings) -> PathBuf {
    settings.dirs().run.join("administration")
}

fn cookie_name(request: &Request) -> &'static str {
    COOKIES[usize::from(!request.https)]
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn word() -> io::Result<String> {
    let mut chance = [0; WORD_BYTES];
    getrandom::fill(&mut chance).map_err(io::Error::other)?;
    Ok(hex(&chance))
}

fn path_of(dir: &Path, word: &str) -> PathBuf {
    let hash = ring::digest::digest(&ring::digest::SHA256, word.as_bytes());
    dir.join(hex(hash.as_ref()))
}

impl Session {
    /// That of the cookie, if it is alive and its account may administer from where it is.
    pub(super) fn of(request: &Request, settings: &Settings) -> io::Result<Option<Self>> {
        let word = first_value(&request.visitor.cookies, cookie_name(request));
        let Some(word) = word.and_then(|word| String::from_utf8(word).ok()) else {
            return Ok(None);
        };
        let path = path_of(&dir(settings), &word);
        let Ok((open, _)) = file::open_read(&path) else {
            return Ok(None);
        };
        let used = open.metadata()?.modified()?;
        let text = file::read_whole(&path, MAX_BYTES)?;
        let text = String::from_utf8_lossy(&text);
        let Some((mut session, generation)) = Self::parse(&text, (&path, open)) else {
            return Ok(None);
        };
        let now = RecordId::now();
        // A clock that was set back ends nothing.
        let idle = used.elapsed().unwrap_or_default();
        if idle > IDLE || age(session.started, now) > LIFE {
            let _ = fs::remove_file(&path);
            return Ok(None);
        }
        let Some(account) = accounts::find(&settings.dirs().accounts, &session.account)? else {
            return Ok(None);
        };
        session.address.clone_from(&request.visitor.address);
        if account.generation != generation || !may(settings, &account, &session.address) {
            return Ok(None);
        }
        Ok(Some(session))
    }

    /// It was used just now.
    pub(super) fn touch(&self) -> io::Result<()> {
        self.file.set_modified(SystemTime::now())
    }

    fn parse(text: &str, (path, file): (&Path, File)) -> Option<(Self, u64)> {
        let mut lines = text.lines();
        let account = Nick::parse(lines.next()?).ok()?;
        let generation = lines.next()?.parse().ok()?;
        let started = RecordId::parse(lines.next()?.as_bytes())?;
        let proved = RecordId::parse(lines.next()?.as_bytes())?;
        let session = Self {
            account,
            address: String::new(),
            token: lines.next()?.to_owned(),
            started,
            proved,
            path: path.to_owned(),
            file,
        };
        Some((session, generation))
    }

    /// Compared without telling by its time how much of it is right.
    pub(super) fn has_token(&self, token: &str) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.token.as_bytes(), token.as_bytes()).into()
    }

    /// Whether the password was typed a short while ago.
    pub(super) fn is_fresh(&self) -> bool {
        age(self.proved, RecordId::now()) < FRESH
    }

    /// Notes what they do.
    pub(super) fn note(&self, settings: &Settings, what: &str) -> io::Result<()> {
        note(settings, self.account.as_str(), &self.address, what)
    }

    pub(super) fn end(
        &self,
        request: &Request,
        settings: &Settings,
        explain: Explain<'_>,
    ) -> Result<Response, Response> {
        let ended = match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.note(settings, "log out"),
        };
        ended.map_err(|error| failed(&error, explain))?;
        let cookie = cookie(request, None);
        Ok(Response::json(&json!({ "account": null })).header("Set-Cookie", &cookie))
    }

    /// The password once more: another session in place of this one, which ends when it would have.
    pub(super) fn renew(
        &self,
        request: &Request,
        settings: &Settings,
        explain: Explain<'_>,
    ) -> Result<Response, Response> {
        let form = form(request)?;
        let account = proved(
            request,
            settings,
            self.account.as_str(),
            &form.password,
            explain,
        )?;
        let response = admit(request, settings, &account, self.started);
        let response = response.map_err(|error| failed(&error, explain))?;
        let _ = fs::remove_file(&self.path);
        Ok(response)
    }
}

fn age(since: RecordId, now: RecordId) -> Duration {
    Duration::from_micros(now.as_micros().saturating_sub(since.as_micros()))
}

fn note(settings: &Settings, who: &str, from: &str, what: &str) -> io::Result<()> {
    let via = Via::Web;
    audit::append(
        &settings.dirs(),
        &Deed {
            via,
            who,
            from,
            what,
        },
    )
}

/// Whether `[access]` lets an account administer from there.
fn may(settings: &Settings, account: &Account, address: &str) -> bool {
    let asker = Asker {
        account: Some(account.name.as_str()),
        groups: &account.groups,
        address,
    };
    let access = &settings.identity.access;
    account.disabled.is_none() && access.may(Permission::Admin, None, &asker).allowed
}
