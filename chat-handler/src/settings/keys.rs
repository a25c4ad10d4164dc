//! Every key of `[global]`: its meaning, what it allows, and where its value goes.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files::{bytes, kind};
use super::{Lang, Register, Serializer, Settings, Sync, tokens};
use crate::hooks::{Fail, Hook, MAX_HOOKS};
use chat_store::moderation::Network;
use chat_store::name::RoomName;
use chat_store::record::Keep;

/// A key of `[global]`.
#[derive(Clone, Copy)]
pub struct Key {
    /// As written in the file.
    pub name: &'static str,
    /// What is allowed, in words.
    pub allowed: &'static str,
    /// What it does, in a few words, with its default.
    pub about: &'static str,
    set: fn(&mut Settings, &Path, &str) -> Option<()>,
}

/// What a list of hooks may be.
const HOOKS: &str = "up to 8 of unix:SOCKET or exec:PROGRAM, absolute or relative to this file, joined by commas, or nothing";

macro_rules! keys {
    ($($name:literal, $allowed:expr, $about:literal, $set:expr;)*) => {
        /// All keys of `[global]`, in the order of the shipped file.
        pub const KEYS: &[Key] = &[$(Key { name: $name, allowed: $allowed, about: $about, set: $set }),*];
    };
}

keys! {
    "BASE_DIR", "a directory, absolute or relative to this file", "where rooms, users, sessions, log and run are",
        |s, dir, v| { s.base_dir = path(dir, v)?; Some(()) };
    "RUN_DIR", "a directory, absolute or relative to this file", "bells and inboxes (default BASE_DIR/run)",
        |s, dir, v| { s.run_dir = path(dir, v)?; Some(()) };
    "SYNC", "second, ack or no", "when messages are safe from a power cut: at most a second after their ack, before it, or when the kernel pleases (default second)",
        |s, _, v| { s.sync = sync(v)?; Some(()) };
    "LANG", "en, cs or a locale like cs_CZ.UTF-8", "language of the server's own lines (default en)",
        |s, _, v| { s.lang = lang(v)?; Some(()) };
    "LAST_MESSAGES", "a number from 0 to 1000", "lines of history a newcomer gets (default 20)",
        |s, _, v| { s.last_messages = number(v, 0..=1000)?; Some(()) };
    "PRESENCE_GRACE", "seconds from 0 to 300", "how long a page may be gone (a lost network, a reload) before the room is told that its person left; 0: at once (default 15)",
        |s, _, v| { s.presence_grace = seconds(v, 0..=300)?; Some(()) };
    "QUIET_ROOMS", "names of rooms, joined by commas, or *", "where nobody is shown who comes and goes: the list of people tells it (default: nowhere)",
        |s, _, v| { s.quiet_rooms = list(v).map(room).collect::<Option<_>>()?; Some(()) };

    "KEEP", "an age like 90days, 2weeks, 3months or 1year, or forever", "how long messages are kept before chatctl expire deletes them; [keep] says it of single rooms (default forever)",
        |s, _, v| { s.keep = v.parse().ok()?; Some(()) };

    "SESSION_COOKIE", "a cookie name", "cookie of the PHP session (default PHPSESSID)",
        |s, _, v| { s.identity.session_cookie = token(v)?; Some(()) };
    "SESSION_SAVE_PATH", "a directory, or N;DIRECTORY with N from 0 to 5 as in php.ini", "PHP's session files (default BASE_DIR/sessions)",
        |s, dir, v| { (s.identity.session_depth, s.identity.session_dir) = save_path(dir, v)?; Some(()) };
    "SESSION_SERIALIZE_HANDLER", "auto, php, php_serialize or php_binary", "how PHP writes sessions (default auto)",
        |s, _, v| { s.identity.serializer = serializer(v)?; Some(()) };
    "SESSION_USER_PATH", "names joined by dots, like user.name", "the name's place in the session (default username)",
        |s, _, v| { s.identity.user_path = dotted(v)?; Some(()) };
    "SESSION_COLOR_PATH", "names joined by dots, like user.color", "the color's place in the session (default color)",
        |s, _, v| { s.identity.color_path = dotted(v)?; Some(()) };
    "SESSION_ADMIN_PATH", "names joined by dots, like user.is_admin, or nothing", "the moderator flag's place in the session (default: none)",
        |s, _, v| { s.identity.admin_path = if v.is_empty() { None } else { Some(dotted(v)?) }; Some(()) };
    "SESSION_MAX_AGE", "seconds from 1 to 31536000", "an older session does not count (default 1440, with ACCOUNTS=yes 604800)",
        |s, _, v| { s.identity.session_max_age = seconds(v, 1..=31_536_000)?; Some(()) };

    "AUTHENTIZATION_WEBSERVICE_URL", "an https:// address, or nothing", "OpenSSO's attribute service (default: none)",
        |s, _, v| { s.identity.sso_url = url(v, &["https://", "http://127.0.0.1", "http://localhost", "http://[::1]"]).ok()?; Some(()) };
    "AUTHENTIZATION_COOKIENAME", "a cookie name", "cookie that OpenSSO knows (default iPlanetDirectoryPro)",
        |s, _, v| { if !v.is_empty() { s.identity.sso_cookie = token(v)?; } Some(()) };
    "AUTHENTIZATION_CA_FILE", "a PEM file, absolute or relative to this file, or nothing", "certificates to trust there (default: the system's)",
        |s, dir, v| { s.identity.sso_ca_file = if v.is_empty() { None } else { Some(path(dir, v)?) }; Some(()) };
    "AUTHENTIZATION_TIMEOUT", "seconds from 1 to 30", "how long it may take to answer (default 3)",
        |s, _, v| { s.identity.sso_timeout = seconds(v, 1..=30)?; Some(()) };
    "REMOTE_USER", "no, yes, or the name of a CGI variable like HTTP_X_REMOTE_USER", "believe the web server's log-in (default no)",
        |s, _, v| { s.identity.remote_user = remote_user(v).ok()?; Some(()) };
    "TRUSTED_PROXIES", "addresses or networks like 127.0.0.1, 10.0.0.0/8", "web servers that may say who the user is (REMOTE_USER; default: nobody)",
        |s, _, v| { s.identity.trusted_proxies = list(v).map(Network::parse).collect::<Option<_>>()?; Some(()) };
    "ANONYMOUS", "yes or no", "people without a log-in may enter (default yes)",
        |s, _, v| { s.identity.anonymous = yes(v)?; Some(()) };
    "ACCOUNTS", "yes or no", "people can log in with accounts of the chat's own, in BASE_DIR/accounts; sessions last a week then unless SESSION_MAX_AGE says otherwise (default no)",
        |s, _, v| { s.identity.accounts = yes(v)?.then(PathBuf::new); Some(()) };
    "REGISTER", "no, invitation or open", "who can make an account in the pages: nobody, who has a link of chatctl invite, everybody (default no)",
        |s, _, v| { s.identity.register = register(v)?; Some(()) };

    "SITE", "a name of letters, digits, dots, - and _, up to 64, or nothing", "the site's name: whom tokens must be for (default: as the directory of this file below sites/ is called, else chat)",
        |s, _, v| { if !v.is_empty() { s.identity.tokens.site = tokens::site(v)?; } Some(()) };
    "JWT_KEYS", "a directory, absolute or relative to this file, or nothing", "public keys whose tokens are believed: KID.pem, KID.jwk, and sets NAME.jwks for people alone (default: none)",
        |s, dir, v| { s.identity.tokens.keys = if v.is_empty() { None } else { Some(path(dir, v)?) }; Some(()) };
    "JWT_ISSUER", "up to 512 characters, or nothing", "who must have made a token (iss; default: whoever has a key)",
        |s, _, v| { s.identity.tokens.issuer = if v.is_empty() { None } else { Some(issuer(v)?) }; Some(()) };
    "JWT_COOKIE", "a cookie name, or nothing", "cookie that may hold a person's token (default: none)",
        |s, _, v| { s.identity.tokens.cookie = if v.is_empty() { None } else { Some(token(v)?) }; Some(()) };
    "JWT_KEYS_URL", "an https:// address, or nothing", "where an identity provider publishes its keys, for chatctl token fetch-keys (default: none)",
        |s, _, v| { s.identity.tokens.keys_url = url(v, &["https://"]).ok()?; Some(()) };
    "API_RATE", "a number from 1 to 100000", "requests a second to api/v1 of one key (default 50)",
        |s, _, v| { s.identity.tokens.rate = u32::try_from(number(v, 1..=100_000)?).ok()?; Some(()) };
    "API_BURST", "a number from 1 to 100000", "requests of it that may come at once (default 200)",
        |s, _, v| { s.identity.tokens.burst = u32::try_from(number(v, 1..=100_000)?).ok()?; Some(()) };

    "MAX_ROOMS", "a number from 1 to 1000000", "rooms in all (default 10000)",
        |s, _, v| { s.limits.max_rooms = number(v, 1..=1_000_000)?; Some(()) };
    "MAX_CONVERSATIONS", "a number from 0 to 1000000", "private rooms and conversations in all (default 100000)",
        |s, _, v| { s.limits.max_conversations = number(v, 0..=1_000_000)?; Some(()) };
    "DISK_MAX", "bytes like 500MiB, 20GiB or 1TiB, or nothing", "space of all logs and files; when it is used up messages are not saved (default: that of the disk)",
        |s, _, v| { s.limits.disk_max = if v.is_empty() { None } else { Some(bytes(v).filter(|&bytes| bytes > 0)?) }; Some(()) };
    "MAX_MEMBERS", "a number from 1 to 10000", "people in one room (default 2000)",
        |s, _, v| { s.limits.max_members = number(v, 1..=10_000)?; Some(()) };
    "MAX_CONNECTIONS", "a number from 1 to 10000", "connections of one session or account (default 20)",
        |s, _, v| { s.limits.max_connections = number(v, 1..=10_000)?; Some(()) };
    "MAX_MESSAGE", "characters from 1 to 8192", "length of a message (default 4096)",
        |s, _, v| { s.limits.max_message = number(v, 1..=8192)?; Some(()) };
    "MAX_SIGNAL", "bytes from 1024 to 65536", "length of a WebRTC signal (default 65536)",
        |s, _, v| { s.limits.max_signal = number(v, 1024..=65_536)?; Some(()) };
    "MAX_HISTORY", "a number from 1 to 1000", "records in one page of history (default 200)",
        |s, _, v| { s.limits.max_history = number(v, 1..=1000)?; Some(()) };
    "MESSAGE_RATE", "a number from 1 to 100000", "messages a second that are taken without delay (default 10)",
        |s, _, v| { s.limits.rate = u32::try_from(number(v, 1..=100_000)?).ok()?; Some(()) };
    "MESSAGE_BURST", "a number from 1 to 100000", "messages that may come at once (default 20)",
        |s, _, v| { s.limits.burst = u32::try_from(number(v, 1..=100_000)?).ok()?; Some(()) };
    "EDIT_MINUTES", "minutes from 0 to 525600, or nothing", "how long people may edit what they said, while it is within the last 4 MiB of the log; 0: not at all, nothing: without end (default 60)",
        |s, _, v| { s.limits.edit_minutes = if v.is_empty() { None } else { Some(minutes(v)?) }; Some(()) };
    "DELETE_MINUTES", "minutes from 0 to 525600, or nothing", "how long people may take back what they said; 0: not at all, nothing: without end (default)",
        |s, _, v| { s.limits.delete_minutes = if v.is_empty() { None } else { Some(minutes(v)?) }; Some(()) };

    "FILE_MAX", "bytes, as 25MiB, up to 1GiB; 0: none", "size of a file that people put into a room; 0: they cannot (default 25MiB)",
        |s, _, v| { s.limits.max_file = bytes(v).filter(|&size| size <= 1 << 30)?; Some(()) };
    "FILES_PER_PERSON", "bytes, as 500MiB", "files of one account, or of the guests of one address, in all rooms (default 500MiB)",
        |s, _, v| { s.files.per_person = bytes(v)?; Some(()) };
    "FILES_PER_ROOM", "bytes, as 2GiB", "files of one room (default 2GiB)",
        |s, _, v| { s.files.per_room = bytes(v)?; Some(()) };
    "FILES_PER_SITE", "bytes, as 10GiB", "files of all rooms (default 10GiB)",
        |s, _, v| { s.files.per_site = bytes(v)?; Some(()) };
    "FILES_PER_MINUTE", "a number from 1 to 1000", "files that one account, or the guests of one address, may send in a minute (default 20)",
        |s, _, v| { s.files.per_minute = u32::try_from(number(v, 1..=1000)?).ok()?; Some(()) };
    "FILE_TYPES", "types like image/png or image/*, joined by commas, or *", "what files may be, by their first bytes (default *)",
        |s, _, v| { s.files.types = list(v).map(kind).collect::<Option<_>>()?; Some(()) };
    "FILE_HOOKS", HOOKS, "programs that may refuse a file before anybody can read it; one that cannot be asked refuses it (default: none)",
        |s, dir, v| { s.hooks.files = hooks(dir, v)?; Some(()) };
    "FILE_HOOK_TIMEOUT", "seconds from 1 to 300", "how long each may take (default 30)",
        |s, _, v| { s.hooks.file_timeout = seconds(v, 1..=300)?; Some(()) };

    "MESSAGE_HOOKS", HOOKS, "programs that are asked before a message, an edit or a topic is taken: they accept, refuse, replace, divert or delay it (default: none)",
        |s, dir, v| { s.hooks.messages = hooks(dir, v)?; Some(()) };
    "ENTRY_HOOKS", HOOKS, "programs that are asked before somebody comes into a room or changes their name (default: none)",
        |s, dir, v| { s.hooks.entries = hooks(dir, v)?; Some(()) };
    "HOOK_TIMEOUT", "milliseconds from 10 to 2000", "how long each of them may take; only its sender waits (default 300)",
        |s, _, v| { s.hooks.timeout = Duration::from_millis(number(v, 10..=2000)? as u64); Some(()) };
    "HOOK_FAIL", "open or closed", "what becomes of messages and entries when one of them cannot be asked: taken, or refused (default open)",
        |s, _, v| { s.hooks.fail = match v { "open" => Fail::Open, "closed" => Fail::Closed, _ => return None }; Some(()) };
    "HOOK_PRIVATE", "yes or no", "they are asked about private rooms, conversations and whispers too (default no)",
        |s, _, v| { s.hooks.private = yes(v)?; Some(()) };

    "WEBSOCKETD_SERVER_URL", "a ws:// or wss:// address, or nothing", "what pages connect to (default: where they come from)",
        |s, _, v| { s.pages.websocket_url = url(v, &["ws://", "wss://"]).ok()?; Some(()) };
    "PAGES_DIR", "a directory, absolute or relative to this file, or nothing", "the pages: browsers that have them ask once whether all are the same, and else for each file (default: none)",
        |s, dir, v| { s.pages.dir = if v.is_empty() { None } else { Some(path(dir, v)?) }; Some(()) };
    "LOGIN_URL", "an http:// or https:// address, or a path like /chat/php/login.php, or nothing", "where pages send people to log in; the room is added as ?room= (default: none)",
        |s, _, v| { s.pages.login_url = login(v).ok()?; Some(()) };
    "ICE_SERVER_DNS", "STUN servers as host or host:port, joined by commas, or nothing", "for audio and video (default: none)",
        |s, _, v| { s.pages.stun_servers = list(v).map(host).collect::<Option<_>>()?; Some(()) };
    "TURN_URLS", "turn: or turns: addresses, joined by commas", "relays for audio and video (default: none)",
        |s, _, v| { s.pages.turn_urls = list(v).map(turn).collect::<Option<_>>()?; Some(()) };
    "TURN_SECRET", "at least 16 characters, or nothing", "shared with the TURN server (default: none)",
        |s, _, v| { s.pages.turn_secret = match v.len() { 0 => None, 1..16 => return None, _ => Some(v.to_owned()) }; Some(()) };
    "TURN_TTL", "seconds from 60 to 86400", "how long TURN credentials are good (default 3600)",
        |s, _, v| { s.pages.turn_ttl = seconds(v, 60..=86_400)?; Some(()) };
}

/// Sets `key` to `value`; `folder` is where relative paths start.
///
/// # Errors
/// What is wrong, with the key and what is allowed.
pub(super) fn apply(
    settings: &mut Settings,
    folder: &Path,
    key: &str,
    value: &str,
) -> Result<(), String> {
    let Some(known) = KEYS.iter().find(|known| known.name == key) else {
        let names: Vec<_> = KEYS.iter().map(|known| known.name).collect();
        return Err(format!(
            "unknown key {key:?} in [global]; allowed keys: {}",
            names.join(", ")
        ));
    };
    (known.set)(settings, folder, value)
        .ok_or_else(|| format!("{key}={value:?} is not allowed; allowed: {}", known.allowed))
}

fn hooks(folder: &Path, value: &str) -> Option<Vec<Hook>> {
    let hooks: Vec<_> = list(value)
        .map(|text| Hook::parse(text, folder))
        .collect::<Option<_>>()?;
    (hooks.len() <= MAX_HOOKS).then_some(hooks)
}

/// What an age in the file may be.
pub(super) const AGES: &str = "an age like 90days, 2weeks, 3months or 1year, or forever";

/// A line of `[keep]`.
pub(super) fn kept_room(room: &str, value: &str) -> Option<(RoomName, Keep)> {
    // Nothing is ever deleted for an age that was not understood.
    Some((RoomName::parse(room).ok()?, value.parse().ok()?))
}

fn sync(value: &str) -> Option<Sync> {
    match value {
        "second" => Some(Sync::Second),
        "ack" => Some(Sync::Ack),
        "no" => Some(Sync::No),
        _ => None,
    }
}

fn register(value: &str) -> Option<Register> {
    match value {
        "no" => Some(Register::No),
        "invitation" => Some(Register::Invitation),
        "open" => Some(Register::Open),
        _ => None,
    }
}

fn path(folder: &Path, value: &str) -> Option<PathBuf> {
    let usable = !value.is_empty() && !value.contains(char::is_control);
    usable.then(|| folder.join(value))
}

/// `/path`, `N;/path` or `N;MODE;/path`, as PHP's `session.save_path`.
fn save_path(folder: &Path, value: &str) -> Option<(u8, PathBuf)> {
    let parts: Vec<_> = value.split(';').collect();
    let (depth, dir) = match parts[..] {
        [dir] => (0, dir),
        [depth, dir] | [depth, _, dir] => (depth.trim().parse().ok().filter(|&n| n <= 5)?, dir),
        _ => return None,
    };
    Some((depth, path(folder, dir.trim())?))
}

fn lang(value: &str) -> Option<Lang> {
    let language = value.split(['_', '.', '@', '-']).next().unwrap_or(value);
    let known = !language.is_empty() && language.bytes().all(|b| b.is_ascii_alphabetic());
    match language {
        "cs" | "CS" => Some(Lang::Cs),
        // The 2016 file holds the server's locale here, whichever it is.
        _ if known => Some(Lang::En),
        _ => None,
    }
}

fn serializer(value: &str) -> Option<Serializer> {
    match value {
        "auto" => Some(Serializer::Auto),
        "php" => Some(Serializer::Php),
        "php_serialize" => Some(Serializer::PhpSerialize),
        "php_binary" => Some(Serializer::PhpBinary),
        _ => None,
    }
}

fn number(value: &str, allowed: RangeInclusive<usize>) -> Option<usize> {
    value.parse().ok().filter(|number| allowed.contains(number))
}

fn seconds(value: &str, allowed: RangeInclusive<usize>) -> Option<Duration> {
    number(value, allowed).map(|number| Duration::from_secs(number as u64))
}

fn minutes(value: &str) -> Option<u32> {
    u32::try_from(number(value, 0..=525_600)?).ok()
}

fn yes(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A cookie name (RFC 6265 section 4.1.1: a token).
fn token(value: &str) -> Option<String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    (!value.is_empty() && value.bytes().all(good)).then(|| value.to_owned())
}

fn dotted(value: &str) -> Option<String> {
    let good = value
        .split('.')
        .all(|name| !name.is_empty() && !name.contains(char::is_control));
    good.then(|| value.to_owned())
}

/// An address that starts as one of `prefixes`; `Ok(None)`: nothing given. A prefix that names a
/// host is followed by its end: `http://localhost` is not `http://localhost.example.org`.
fn url(value: &str, prefixes: &[&str]) -> Result<Option<String>, ()> {
    let begins = |prefix: &&str| match value.strip_prefix(*prefix) {
        Some(rest) if prefix.ends_with("://") => !rest.is_empty(),
        Some(rest) => rest.is_empty() || rest.starts_with([':', '/']),
        None => false,
    };
    let strange = |c: char| c.is_control() || c.is_whitespace() || "\"'<>".contains(c);
    match value {
        "" => Ok(None),
        _ if prefixes.iter().any(begins) && !value.contains(strange) => Ok(Some(value.to_owned())),
        _ => Err(()),
    }
}

/// Who makes tokens.
fn issuer(value: &str) -> Option<String> {
    let is_good = value.len() <= 512 && !value.contains(char::is_control);
    is_good.then(|| value.to_owned())
}

/// An address, or a path on the pages' own server.
fn login(value: &str) -> Result<Option<String>, ()> {
    match value.strip_prefix('/') {
        Some(path) if !path.starts_with(['/', '\\']) => {
            url(&format!("http://h/{path}"), &["http://"]).map(|_| Some(value.to_owned()))
        }
        _ => url(value, &["http://", "https://"]),
    }
}

/// The CGI variable to believe; `Ok(None)`: none.
fn remote_user(value: &str) -> Result<Option<String>, ()> {
    match yes(value) {
        Some(true) => Ok(Some("REMOTE_USER".to_owned())),
        Some(false) => Ok(None),
        None => {
            let good = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
            let variable = value == "REMOTE_USER" || value.starts_with("HTTP_");
            if variable && value.bytes().all(good) {
                Ok(Some(value.to_owned()))
            } else {
                Err(())
            }
        }
    }
}

/// A room's name as the chat writes it, or all of them.
fn room(value: &str) -> Option<String> {
    match value {
        "*" => Some(value.to_owned()),
        _ => RoomName::parse(value).ok().map(|room| room.to_string()),
    }
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([',', ' ', '\t'])
        .filter(|part| !part.is_empty())
}

fn host(value: &str) -> Option<String> {
    let value = value.strip_prefix("stun:").unwrap_or(value);
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    (!value.is_empty() && value.bytes().all(good)).then(|| value.to_owned())
}

fn turn(value: &str) -> Option<String> {
    let rest = value
        .strip_prefix("turn:")
        .or_else(|| value.strip_prefix("turns:"))?;
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]?=".contains(&b);
    (!rest.is_empty() && rest.bytes().all(good)).then(|| value.to_owned())
}
