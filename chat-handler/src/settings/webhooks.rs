//! `[webhook NAME]`: addresses that are told what happens in rooms, by `chat-hooks`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;

/// Their directory, below `state/` and below the run directory.
pub const DIR: &str = "hooks";

/// Webhooks of one site: each has a thread of its own.
const MAX_WEBHOOKS: usize = 32;
/// Times that a delivery is tried again at most.
const MAX_RETRIES: usize = 16;
/// The longest name: it is that of a file.
const MAX_NAME: usize = 32;

/// What may be told.
pub const EVENTS: [&str; 10] = [
    "message", "file", "edit", "redact", "reaction", "join", "quit", "topic", "kick", "ban",
];
/// What is told unless the administrator says otherwise.
const USUAL: [&str; 4] = ["message", "file", "edit", "redact"];
/// Seconds: eight hours in all.
const RETRIES: [u64; 6] = [5, 30, 120, 600, 3600, 21_600];

/// One address.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// What it is called.
    pub name: String,
    /// Where what happens is posted.
    pub url: String,
    /// Holds the secret that signs it, or several, a line each.
    pub secret_file: PathBuf,
    /// What is told.
    pub events: Vec<String>,
    /// Of which rooms; `None`: of all that everybody may see.
    pub rooms: Option<Vec<RoomName>>,
    /// How long after a failure it is tried again, and after the next one.
    pub retries: Vec<Duration>,
    /// Certificates to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether `http://` is good enough.
    pub allows_http: bool,
    /// Whether addresses of this machine and of private networks are.
    pub allows_private: bool,
}

/// Where `chatctl hooks` leaves what it wants of chat-hooks.
pub fn orders_of(dirs: &Dirs, name: &str) -> PathBuf {
    dirs.state.join(DIR).join(format!("{name}.orders"))
}

/// Where chat-hooks says how a webhook is.
pub fn status_of(dirs: &Dirs, name: &str) -> PathBuf {
    dirs.run.join(DIR).join(format!("{name}.json"))
}

/// The webhook that a section is about.
pub(super) fn section(section: &str) -> Option<&str> {
    section.strip_prefix("webhook ").map(str::trim)
}

/// Reads the section [webhook `name`] and keeps it; `folder` is where relative paths start.
///
/// # Errors
/// The key that is wrong, and what is allowed.
pub(super) fn add<'a>(
    webhooks: &mut Vec<Webhook>,
    section: &str,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    folder: &Path,
) -> Result<(), (Option<String>, String)> {
    if webhooks.len() >= MAX_WEBHOOKS {
        return Err((None, format!("more than {MAX_WEBHOOKS} webhooks")));
    }
    let name = self::section(section).unwrap_or_default();
    webhooks.push(read(name, pairs, folder)?);
    Ok(())
}

/// Reads a section; `folder` is where relative paths start.
///
/// # Errors
/// The key that is wrong, and what is allowed.
fn read<'a>(
    name: &str,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    folder: &Path,
) -> Result<Webhook, (Option<String>, String)> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(good) {
        let text = "write [webhook NAME], of letters, digits, - and _, up to 32";
        return Err((None, text.to_owned()));
    }
    let mut hook = Webhook::new(name);
    for (key, value) in pairs {
        let value = value.trim();
        if set(&mut hook, key, value, folder).is_none() {
            let text = format!("{key}={value:?} is not allowed; allowed: {}", allowed(key));
            return Err((Some(key.to_owned()), text));
        }
    }
    check(&hook)?;
    Ok(hook)
}

impl Webhook {
    /// One that nothing is said of yet.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: String::new(),
            secret_file: PathBuf::new(),
            events: USUAL.map(str::to_owned).to_vec(),
            rooms: None,
            retries: RETRIES.map(Duration::from_secs).to_vec(),
            ca_file: None,
            allows_http: false,
            allows_private: false,
        }
    }
}

/// Whether it can be posted to, as far as that is known without trying.
///
/// # Errors
/// The key that is wrong, and what is allowed.
pub(super) fn check(hook: &Webhook) -> Result<(), (Option<String>, String)> {
    let name = &hook.name;
    if hook.url.is_empty() || hook.secret_file.as_os_str().is_empty() {
        let text = format!("[webhook {name}] needs URL= and SECRET_FILE=");
        return Err((None, text));
    }
    if !hook.allows_http && !hook.url.starts_with("https://") {
        let text = "URL is not https://; ALLOW=http lets it be".to_owned();
        return Err((Some("URL".to_owned()), text));
    }
    Ok(())
}

/// Takes a key; `None`: its value is not allowed.
pub(super) fn set(hook: &mut Webhook, key: &str, value: &str, folder: &Path) -> Option<()> {
    let list = || {
        value
            .split([',', ' ', '\t'])
            .filter(|part| !part.is_empty())
    };
    match key {
        "URL" => {
            let strange = |c: char| c.is_control() || c.is_whitespace();
            let is_url = value.starts_with("https://") || value.starts_with("http://");
            let url = Some(value).filter(|it| is_url && !it.contains(strange))?;
            url.clone_into(&mut hook.url);
        }
        "SECRET_FILE" => hook.secret_file = folder.join(Some(value).filter(|it| !it.is_empty())?),
        "CA_FILE" => hook.ca_file = Some(folder.join(Some(value).filter(|it| !it.is_empty())?)),
        "EVENTS" => {
            let known = list().all(|event| EVENTS.contains(&event));
            hook.events = Some(list().map(str::to_owned).collect()).filter(|_| known)?;
        }
        "ROOMS" if value == "*" => hook.rooms = None,
        "ROOMS" => {
            let rooms = list().map(|room| RoomName::parse(room).ok());
            hook.rooms = Some(rooms.collect::<Option<_>>()?);
        }
        "RETRIES" => {
            let seconds = list().map(|it| it.parse().ok().filter(|it| (1..=86_400).contains(it)));
            let seconds: Vec<u64> = seconds.collect::<Option<_>>()?;
            let seconds = Some(seconds).filter(|it| it.len() <= MAX_RETRIES)?;
            hook.retries = seconds.into_iter().map(Duration::from_secs).collect();
        }
        "ALLOW" => {
            for word in list() {
                match word {
                    "http" => hook.allows_http = true,
                    "private" => hook.allows_private = true,
                    _ => return None,
                }
            }
        }
        _ => return None,
    }
    Some(())
}

pub(super) fn allowed(key: &str) -> String {
    match key {
        "URL" => "an https:// address".to_owned(),
        "SECRET_FILE" | "CA_FILE" => "a file, absolute or relative to this file".to_owned(),
        "EVENTS" => EVENTS.join(", "),
        "ROOMS" => "names of rooms, joined by commas, or *".to_owned(),
        "RETRIES" => "up to 16 numbers of seconds from 1 to 86400, joined by commas".to_owned(),
        "ALLOW" => "http, private".to_owned(),
        _ => "the keys URL, SECRET_FILE, CA_FILE, EVENTS, ROOMS, RETRIES, ALLOW".to_owned(),
    }
}
