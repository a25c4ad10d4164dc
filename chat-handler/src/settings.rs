//! The ini file: what an administrator may say, checked, with defaults that are safe.
//!
//! Sections: `[global]` (see [`KEYS`] for every key, its default and what it allows), `[access]`
//! (who may do what), `[channels]` (who may hear what), `[keep]` and `[room descriptions]` (one room a line). Keys of the 2016 file keep their meaning.
//! Everything wrong is told with file, line, key and what is allowed, all of it at once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::hooks::Hooks;
use chat_store::moderation::Network;
use chat_store::name::RoomName;
use chat_store::record::Keep;
use ini::{Ini, ParseOption};

pub mod access;
mod cluster;
pub mod commands;
mod files;
mod keys;
mod places;
mod rooms;
mod source;
mod tokens;
pub mod webhooks;

pub use access::{Access, Asker, Channels, Permission};
pub use cluster::{Address, Cluster, Engine};
pub use files::Files;
pub use keys::{KEYS, Key};
pub use tokens::Tokens;

use source::{absolute_folder, line_of, read, syntax_error};

/// Where the file is looked for when neither `--config` nor `CHAT_CONFIG` names one.
pub const DEFAULT_PATH: &str = "/etc/websocketd-rs/chat.ini";

/// What is said of a file without the one key that it must have.
const NO_BASE: &str = "BASE_DIR is missing in [global]; write BASE_DIR=DIRECTORY";

/// PHP's own `session.gc_maxlifetime`.
const PHP_MAX_AGE: Duration = Duration::from_secs(1440);
/// Where people log in for the chat alone, they stay so for a week after they were there last.
const OWN_MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// When a message is safe from a power cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// At most a second after its ack.
    #[default]
    Second,
    /// Before its ack.
    Ack,
    /// When the kernel pleases: half a minute.
    No,
}

/// The language of the server's own lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English: the lines of the 2016 script, byte for byte.
    En,
    /// Czech.
    Cs,
}

/// How PHP wrote the session (`session.serialize_handler`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serializer {
    /// Find out from the bytes.
    Auto,
    /// `name|serialized` pairs, PHP's default.
    Php,
    /// One serialized array.
    PhpSerialize,
    /// A length byte, the name, the serialized value.
    PhpBinary,
}

/// What an administrator decided. Built by [`Settings::load`] only.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file this came from.
    pub source: PathBuf,
    /// The directory of `rooms/`, `users/`, `sessions/`, `log/` and `run/`. Absolute.
    pub base_dir: PathBuf,
    /// Bells, inboxes and bans; `BASE_DIR/run` unless `RUN_DIR` says otherwise.
    pub run_dir: PathBuf,
    /// Language of the server's own lines.
    pub lang: Lang,
    /// Lines of history a newcomer gets.
    pub last_messages: usize,
    /// How long a page may be gone without anybody in the room being told.
    pub presence_grace: Duration,
    /// Where comings and goings are no lines.
    pub quiet_rooms: Vec<String>,
    /// When messages are safe.
    pub sync: Sync,
    /// Who is it.
    pub identity: Identity,
    /// Bounds.
    pub limits: Limits,
    /// What people may put into rooms.
    pub files: Files,
    /// Who is asked before something is taken.
    pub hooks: Hooks,
    /// `[command NAME]`: slash commands of the site's own.
    pub commands: Vec<commands::SiteCommand>,
    /// `[webhook NAME]`: who is told what happens.
    pub webhooks: Vec<webhooks::Webhook>,
    /// What only the pages need.
    pub pages: Pages,
    /// The site is on several machines.
    pub cluster: Option<Cluster>,
    /// What is common to all that this process does with them.
    shared: Option<Arc<chat_store::cluster::Cluster>>,
    /// How long messages are kept, for `chatctl expire`.
    pub keep: Keep,
    /// `[keep]`: the same of some rooms.
    pub keep_rooms: Vec<(RoomName, Keep)>,
    /// `[room descriptions]`: room name as written, and its text, in file order.
    pub room_descriptions: Vec<(String, String)>,
}

/// How a person is recognized; see the chat specification's "Who is it".
#[derive(Clone, Debug)]
pub struct Identity {
    /// The cookie that names the PHP session.
    pub session_cookie: String,
    /// Where PHP keeps its session files.
    pub session_dir: PathBuf,
    /// The `N` of PHP's `session.save_path = "N;/path"`: levels of one-character directories.
    pub session_depth: u8,
    /// The serializer, or detection.
    pub serializer: Serializer,
    /// Where in the session the name is: `username`, `user.name`, ...
    pub user_path: String,
    /// Where in the session the color is.
    pub color_path: String,
    /// Where in the session the moderator flag is; `None`: no session makes a moderator.
    pub admin_path: Option<String>,
    /// Where sessions of the chat's own form are, if they hold on several machines.
    pub logins: Option<PathBuf>,
    /// A session file older than this does not count.
    pub session_max_age: Duration,
    /// `OpenSSO`'s attribute service; asked only if set.
    pub sso_url: Option<String>,
    /// The cookie that `OpenSSO` knows.
    pub sso_cookie: String,
    /// Certificates to trust for it (PEM) in place of the system's.
    pub sso_ca_file: Option<PathBuf>,
    /// How long it may take to answer.
    pub sso_timeout: Duration,
    /// Whether the web server's word is taken, and from which CGI variable.
    pub remote_user: Option<String>,
    /// The peers whose `remote_user` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether people without a log-in may enter; a name typed into our own form is none.
    pub anonymous: bool,
    /// The directory of the chat's own accounts; `None`: it has none (`ACCOUNTS=no`).
    pub accounts: Option<PathBuf>,
    /// Who may make an account.
    pub register: Register,
    /// `[access]`: who may do what.
    pub access: Access,
    /// Tokens of the site's own log-in and programs.
    pub tokens: Tokens,
    /// `[channels]`: who may hear what programs tell.
    pub channels: Channels,
}

/// Who may make an account in the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Nobody: an administrator makes them.
    No,
    /// Whoever has an invitation of an administrator's.
    Invitation,
    /// Everybody.
    Open,
}

/// Bounds, each against one way of hurting others.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rooms in all: each costs a file for ever.
    pub max_rooms: usize,
    /// Rooms for some only, and conversations, in all.
    pub max_conversations: usize,
    /// Bytes of all logs and files; `None`: as many as the disk has.
    pub disk_max: Option<u64>,
    /// People in one room: the list is sent to each newcomer.
    pub max_members: usize,
    /// Connections of one session or account: one person with a script.
    pub max_connections: usize,
    /// Characters of a message.
    pub max_message: usize,
    /// Bytes of a signal (a WebRTC offer is about 10 KiB).
    pub max_signal: usize,
    /// Records in one answer to `history`.
    pub max_history: usize,
    /// Messages a second that are taken without delay in the long run.
    pub rate: u32,
    /// Messages that may come at once.
    pub burst: u32,
    /// Bytes of a file that people put into a room; 0: there are none.
    pub max_file: u64,
    /// For so many minutes people may edit what they said; `None`: for ever.
    pub edit_minutes: Option<u32>,
    /// For so many they may take it back.
    pub delete_minutes: Option<u32>,
}

/// What the pages are told, and `chat-cgi` needs.
#[derive(Clone, Debug)]
pub struct Pages {
    /// `ws://` or `wss://` address of the rooms, the room's name is appended; `None`: same origin.
    pub websocket_url: Option<String>,
    /// Where the pages themselves are.
    pub dir: Option<PathBuf>,
    /// Where people log in: an address, or a path on the pages' own server.
    pub login_url: Option<String>,
    /// STUN servers, `host` or `host:port`, without scheme.
    pub stun_servers: Vec<String>,
    /// TURN addresses as `turn:host:port?transport=udp`.
    pub turn_urls: Vec<String>,
    /// Shared with the TURN server (coturn's `static-auth-secret`).
    pub turn_secret: Option<String>,
    /// How long TURN credentials are good.
    pub turn_ttl: Duration,
}

/// One thing wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, or where one was looked for.
    pub file: PathBuf,
    /// Line, from 1; 0 when it is about the whole file.
    pub line: usize,
    /// What is wrong and what is allowed.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file.display(), self.text)
        } else {
            write!(f, "{}:{}: {}", self.file.display(), self.line, self.text)
        }
    }
}

/// Everything that is wrong, one problem a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(pub Vec<Problem>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads and checks the file that `flag` (`--config`) or else `variable` (`CHAT_CONFIG`)
    /// names, or else [`DEFAULT_PATH`]; directories must exist.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(flag: Option<&Path>, variable: Option<&Path>) -> Result<Self, SettingsError> {
        let path = flag.or(variable).unwrap_or(Path::new(DEFAULT_PATH));
        let text = read(path, flag.is_some() || variable.is_some())?;
        let settings = Self::parse(&text, path)?;
        settings.check_base(&text)?;
        Ok(settings)
    }

    /// Takes a section whose head names one of several: `[webhook NAME]`, `[command NAME]`.
    fn add_named<'a>(
        &mut self,
        section: &str,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
        folder: &Path,
    ) -> Result<(), (Option<String>, String)> {
        if webhooks::section(section).is_some() {
            return webhooks::add(&mut self.webhooks, section, pairs, folder);
        }
        commands::add(&mut self.commands, section, pairs, folder)
    }

    /// Checks `text` as if it stood in `path`; looks at no other file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let folder = absolute_folder(path);
        let problem = |line, text| Problem {
            file: path.to_owned(),
            line,
            text,
        };
        let options = ParseOption {
            enabled_escape: false,
            ..ParseOption::default()
        };
        let ini = Ini::load_from_str_opt(text, options).map_err(|error| {
            let (line, text) = syntax_error(text).unwrap_or((error.line, error.msg.to_string()));
            let text = format!("{text} (write KEY=value lines under [global])");
            SettingsError(vec![problem(line, text)])
        })?;
        let mut settings = Self::defaults(path);
        let mut problems = settings.read_cluster(&ini, text, &folder);
        let mut has_base = false;
        for (section, properties) in &ini {
            match section {
                Some("global") => {}
                Some("keep") => {
                    for (room, words) in settings.add_kept(properties.iter()) {
                        problems.push(problem(line_of(text, section, &room, 0), words));
                    }
                    continue;
                }
                Some("cluster") => continue,
                Some(name) if access::section(name).is_some() => {
                    let room = access::section(name).transpose();
                    for (nth, (key, value)) in properties.iter().enumerate() {
                        let before = properties.iter().take(nth);
                        let same = before.filter(|(name, _)| *name == key).count();
                        let line = line_of(text, section, key, same);
                        let added = match &room {
                            Ok(room) => {
                                let room = room.as_ref().and_then(Option::as_ref);
                                let access = &mut settings.identity.access;
                                access
                                    .add(room, (key, value), line)
                                    .map_err(|it| it.to_string())
                            }
                            Err(error) => Err(error.to_string()),
                        };
                        problems.extend(added.err().map(|text| problem(line, text)));
                    }
                    continue;
                }
                Some("channels") => {
                    let wrong = settings.identity.channels.add_all(properties.iter());
                    let at = |pattern| line_of(text, section, pattern, 0);
                    problems.extend(wrong.map(|(pattern, text)| problem(at(pattern), text)));
                    continue;
                }
                Some(name) if is_named(name) => {
                    let added = settings.add_named(name, properties.iter(), &folder);
                    if let Err((key, words)) = added {
                        let line = key.map_or(0, |key| line_of(text, section, &key, 0));
                        problems.push(problem(line, words));
                    }
                    continue;
                }
                Some("room descriptions") => {
                    let rooms = properties.iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
                    settings.room_descriptions.extend(rooms);
                    continue;
                }
                other => {
                    if let Some((key, _)) = properties.iter().next() {
                        let line = line_of(text, other, key, 0);
                        let allowed = "allowed sections: [global], [access], [access ROOM], [webhook NAME], [command NAME], [channels], [cluster], [keep], [room descriptions]";
                        let name = other.map_or("a key before any section".to_owned(), |name| {
                            format!("unknown section [{name}]")
                        });
                        problems.push(problem(line, format!("{name}; {allowed}")));
                    }
                    continue;
                }
            }
            let mut seen = std::collections::HashMap::<&str, usize>::new();
            for (key, value) in properties {
                let nth = seen.entry(key).or_default();
                let line = line_of(text, section, key, *nth);
                *nth += 1;
                has_base |= key == "BASE_DIR";
                if let Err(text) = keys::apply(&mut settings, &folder, key, value.trim()) {
                    problems.push(problem(line, text));
                }
            }
        }
        if !has_base {
            problems.push(problem(0, NO_BASE.to_owned()));
        }
        if problems.is_empty() {
            Ok(settings.resolve())
        } else {
            Err(SettingsError(problems))
        }
    }

    /// `[cluster]`; gives what is wrong with it.
    fn read_cluster(&mut self, ini: &Ini, text: &str, folder: &Path) -> Vec<Problem> {
        let section = Some("cluster");
        let Some(keys) = ini.section(section).filter(|keys| !keys.is_empty()) else {
            return Vec::new();
        };
        let wrong = self.cluster.get_or_insert_default().read(keys, folder);
        let problem = |(key, words): (Option<&str>, String)| Problem {
            file: self.source.clone(),
            line: key.map_or(0, |key| line_of(text, section, key, 0)),
            text: words,
        };
        wrong.into_iter().map(problem).collect()
    }

    /// Lines of `[keep]`; those that are wrong, by room, and why.
    fn add_kept<'a>(
        &mut self,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        for (room, age) in pairs {
            if let Some(kept) = keys::kept_room(room, age.trim()) {
                self.keep_rooms.push(kept);
            } else {
                let ages = keys::AGES;
                let words = format!("{room}={age:?} is not allowed; allowed: ROOM={ages}");
                wrong.push((room.to_owned(), words));
            }
        }
        wrong
    }

    /// The directories of the chat.
    pub fn dirs(&self) -> chat_store::fs::dirs::Dirs {
        let mut dirs = chat_store::fs::dirs::Dirs::under(&self.base_dir);
        dirs.run.clone_from(&self.run_dir);
        dirs.cluster.clone_from(&self.shared);
        dirs
    }

    /// This machine's part of a site on several; `None`: it is on one.
    pub fn machine(&self) -> Option<&chat_store::cluster::Cluster> {
        self.shared.as_deref()
    }

    fn defaults(path: &Path) -> Self {
        Self {
            source: path.to_owned(),
            base_dir: PathBuf::new(),
            run_dir: PathBuf::new(),
            lang: Lang::En,
            last_messages: 20,
            presence_grace: Duration::from_secs(15),
            quiet_rooms: Vec::new(),
            sync: Sync::Second,
            identity: Identity {
                session_cookie: "PHPSESSID".to_owned(),
                session_dir: PathBuf::new(),
                session_depth: 0,
                logins: None,
                serializer: Serializer::Auto,
                user_path: "username".to_owned(),
                color_path: "color".to_owned(),
                admin_path: None,
                session_max_age: Duration::ZERO,
                sso_url: None,
                sso_cookie: "iPlanetDirectoryPro".to_owned(),
                sso_ca_file: None,
                sso_timeout: Duration::from_secs(3),
                remote_user: None,
                trusted_proxies: Vec::new(),
                anonymous: true,
                accounts: None,
                register: Register::No,
                access: Access::default(),
                tokens: Tokens::defaults(path),
                channels: Channels::default(),
            },
            limits: Limits {
                max_rooms: 10_000,
                max_conversations: 100_000,
                disk_max: None,
                max_members: 2_000,
                max_connections: 20,
                max_message: 4096,
                max_signal: 65_536,
                max_history: 200,
                rate: 10,
                burst: 20,
                max_file: 25 << 20,
                edit_minutes: Some(60),
                delete_minutes: None,
            },
            files: Files::default(),
            hooks: Hooks::default(),
            commands: Vec::new(),
            webhooks: Vec::new(),
            pages: Pages {
                websocket_url: None,
                dir: None,
                login_url: None,
                stun_servers: Vec::new(),
                turn_urls: Vec::new(),
                turn_secret: None,
                turn_ttl: Duration::from_secs(3600),
            },
            cluster: None,
            shared: None,
            keep: Keep::Forever,
            keep_rooms: Vec::new(),
            room_descriptions: Vec::new(),
        }
    }

    /// Fills in what follows from `BASE_DIR`.
    fn resolve(mut self) -> Self {
        if self.run_dir.as_os_str().is_empty() {
            self.run_dir = self.base_dir.join("run");
        }
        if let Some(cluster) = &self.cluster {
            let (base, run, wait) = (&self.base_dir, &self.run_dir, cluster.send_timeout);
            let shared = chat_store::cluster::Cluster::new(base, run, wait);
            self.shared = Some(Arc::new(shared));
        }
        if self.identity.session_dir.as_os_str().is_empty() {
            self.identity.session_dir = self.base_dir.join("sessions");
        }
        // What PHP sweeps and reads is PHP's to share.
        if self.shared.is_some() && self.identity.session_dir == self.base_dir.join("sessions") {
            self.identity.logins = Some(self.dirs().logins);
        }
        if self.identity.session_max_age.is_zero() {
            let is_own = self.identity.accounts.is_some();
            self.identity.session_max_age = if is_own { OWN_MAX_AGE } else { PHP_MAX_AGE };
        }
        if self.identity.accounts.is_some() {
            self.identity.accounts = Some(self.dirs().accounts);
        }
        self.identity.access.for_accounts = !self.identity.anonymous;
        self
    }
}

/// Whether a section is one of several of its kind.
fn is_named(section: &str) -> bool {
    webhooks::section(section).is_some() || commands::section(section).is_some()
}

#[cfg(test)]
mod tests;
