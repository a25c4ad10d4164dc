//! `[command NAME]`: slash commands that a program of the site answers, or an address by way of `chat-hooks`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_store::fs::dirs::Dirs;
use chat_store::name::{Nick, RoomName};

use super::webhooks::{self, Webhook};
use crate::command::usage_of;
use crate::hooks::{Fail, Hook, List};

/// Commands of one site.
const MAX_COMMANDS: usize = 64;
/// The longest name, what comes after it, and what it does, in characters.
const MAX_NAME: usize = 24;
const MAX_ARGUMENTS: usize = 60;
const MAX_HELP: usize = 200;
/// Milliseconds that one may take: nothing more is taken from who asked meanwhile.
const TIMEOUT: u64 = 5_000;
const LONGEST: u64 = 30_000;
/// chat-hooks gives up a little before who waits for it does.
pub const MARGIN: Duration = Duration::from_millis(200);

/// Who may use one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody who may speak.
    All,
    /// Who is logged in.
    Account,
    /// Who moderates the room.
    Moderator,
}

/// Who answers it.
#[derive(Clone, Debug)]
enum Answerer {
    /// A program.
    Program(Hook),
    /// An address, which chat-hooks asks.
    Address(Box<Webhook>),
}

/// One command.
#[derive(Clone, Debug)]
pub struct SiteCommand {
    /// Without its slash.
    pub name: String,
    /// What comes after it, for `/help`, with a blank before it.
    pub arguments: String,
    /// What it does, for `/help`.
    pub help: String,
    /// The name that it says something in the room under.
    pub from: Nick,
    /// How long it may take.
    pub timeout: Duration,
    answerer: Answerer,
    rooms: Option<Vec<RoomName>>,
    who: Who,
}

/// Begins the account of what commands say in rooms: no person has one that does.
pub const ACCOUNT: &str = "command:";

/// Where chat-hooks is asked about those that are answered at addresses.
pub fn socket_of(run: &Path) -> PathBuf {
    run.join(webhooks::DIR).join("commands.sock")
}

impl SiteCommand {
    /// Whom its words in rooms are from.
    pub fn account(&self) -> String {
        format!("{ACCOUNT}{}", self.name)
    }

    /// The address that answers it, if chat-hooks is to ask one.
    pub fn address(&self) -> Option<&Webhook> {
        match &self.answerer {
            Answerer::Program(_) => None,
            Answerer::Address(hook) => Some(hook),
        }
    }

    /// Whom to ask, and for how long.
    pub fn list(&self, run: &Path) -> List {
        let hook = match &self.answerer {
            Answerer::Program(hook) => hook.clone(),
            Answerer::Address(_) => Hook::Unix(socket_of(run)),
        };
        List {
            hooks: vec![hook],
            timeout: self.timeout,
            fail: Fail::Closed,
        }
    }

    /// Whether it is there in a room: in one for some only if it is named.
    pub fn is_in(&self, room: &RoomName) -> bool {
        match &self.rooms {
            Some(rooms) => rooms.contains(room),
            None => !room.is_closed(),
        }
    }

    /// Whether it is there for somebody.
    pub fn is_for(&self, is_logged_in: bool, moderates: bool) -> bool {
        match self.who {
            Who::All => true,
            Who::Account => is_logged_in,
            Who::Moderator => moderates,
        }
    }
}

/// The command that a section is about.
pub(super) fn section(section: &str) -> Option<&str> {
    section.strip_prefix("command ").map(str::trim)
}

/// Reads the section [command `name`] and keeps it; `folder` is where relative paths start.
///
/// # Errors
/// The key that is wrong, and what is allowed.
pub(super) fn add<'a>(
    commands: &mut Vec<SiteCommand>,
    section: &str,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    folder: &Path,
) -> Result<(), (Option<String>, String)> {
    let name = self::section(section).unwrap_or_default();
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(good) {
        let text = format!("write [command NAME], of a-z, 0-9 and -, up to {MAX_NAME}");
        return Err((None, text));
    }
    if usage_of(name).is_some() || commands.iter().any(|other| other.name == name) {
        return Err((None, format!("there is a command /{name} already")));
    }
    if commands.len() >= MAX_COMMANDS {
        return Err((None, format!("more than {MAX_COMMANDS} commands")));
    }
    commands.push(read(name, pairs, folder)?);
    Ok(())
}

fn read<'a>(
    name: &str,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    folder: &Path,
) -> Result<SiteCommand, (Option<String>, String)> {
    let from = Nick::parse(name).map_err(|error| (None, error.to_string()))?;
    let mut address = Webhook::new(name);
    let mut program = None;
    let mut command = SiteCommand {
        name: name.to_owned(),
        arguments: String::new(),
        help: String::new(),
        from,
        timeout: Duration::from_millis(TIMEOUT),
        answerer: Answerer::Program(Hook::Exec(PathBuf::new())),
        rooms: None,
        who: Who::All,
    };
    for (key, value) in pairs {
        let value = value.trim();
        let done = match key {
            "ASK" => Hook::parse(value, folder).map(|hook| program = Some(hook)),
            "URL" | "SECRET_FILE" | "CA_FILE" | "ALLOW" => {
                webhooks::set(&mut address, key, value, folder)
            }
            _ => set(&mut command, key, value),
        };
        if done.is_none() {
            let text = format!("{key}={value:?} is not allowed; allowed: {}", allowed(key));
            return Err((Some(key.to_owned()), text));
        }
    }
    command.answerer = match (program, address.url.is_empty()) {
        (Some(hook), true) => Answerer::Program(hook),
        (None, false) => {
            webhooks::check(&address)
                .map_err(|(key, text)| (key, text.replace("[webhook ", "[command ")))?;
            Answerer::Address(Box::new(address))
        }
        _ => return Err((None, format!("[command {name}] needs either ASK= or URL="))),
    };
    Ok(command)
}

fn set(command: &mut SiteCommand, key: &str, value: &str) -> Option<()> {
    let text = |most: usize| {
        let is_good = value.chars().count() <= most && !value.contains(char::is_control);
        is_good.then(|| value.to_owned())
    };
    match key {
        "HELP" => command.help = text(MAX_HELP)?,
        "ARGUMENTS" => command.arguments = format!(" {}", text(MAX_ARGUMENTS)?),
        "NAME" => command.from = Nick::parse(value).ok()?,
        "TIMEOUT" => {
            let millis = value
                .parse()
                .ok()
                .filter(|it| (100..=LONGEST).contains(it))?;
            command.timeout = Duration::from_millis(millis);
        }
        "ROOMS" if value == "*" => command.rooms = None,
        "ROOMS" => {
            let parts = value
                .split([',', ' ', '\t'])
                .filter(|part| !part.is_empty());
            let rooms = parts.map(|room| RoomName::parse(room).ok());
            command.rooms = Some(rooms.collect::<Option<_>>()?);
        }
        "WHO" => {
            command.who = match value {
                "all" => Who::All,
                "account" => Who::Account,
                "moderator" => Who::Moderator,
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(())
}

fn allowed(key: &str) -> String {
    match key {
        "ASK" => "unix:SOCKET or exec:PROGRAM".to_owned(),
        "HELP" => format!("up to {MAX_HELP} characters"),
        "ARGUMENTS" => format!("up to {MAX_ARGUMENTS} characters, as CITY"),
        "NAME" => "a name as people have".to_owned(),
        "TIMEOUT" => format!("100 to {LONGEST} milliseconds"),
        "WHO" => "all, account, moderator".to_owned(),
        "URL" | "SECRET_FILE" | "CA_FILE" | "ALLOW" | "ROOMS" => webhooks::allowed(key),
        _ => "the keys ASK, URL, SECRET_FILE, CA_FILE, ALLOW, HELP, ARGUMENTS, NAME, TIMEOUT, ROOMS, WHO".to_owned(),
    }
}

/// Where the socket of a site is.
pub fn socket(dirs: &Dirs) -> PathBuf {
    socket_of(&dirs.run)
}
