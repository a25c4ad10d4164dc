//! A chat: its directory tree, its ini file, a daemon that runs chat-handler, and clients of both protocols.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::cluster_of_one::ClusterOfOne;
use crate::daemon::{Builder, Daemon};
use crate::deadline::eventually;
use crate::page::Page;
use crate::under_test::{Subject, chat_handler};
use crate::ws::Client;

/// Lines of `[global]` that take the speed limits away, for tests that are about something else.
pub const UNLIMITED: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nMAX_CONNECTIONS=10000";

/// Directories under `BASE_DIR`.
const TREE: [&str; 5] = ["rooms", "users", "sessions", "log", "run"];

/// A chat in a temporary directory.
pub struct Chat {
    // Dropped in this order: the programs first, then the files they use.
    /// The daemon.
    pub daemon: Daemon,
    files: Files,
}

/// The files of a chat, also without a daemon; with handlers over pipes in [`crate::pipe`].
#[derive(Debug)]
pub struct Files {
    // Before the files that it uses.
    cluster: Option<ClusterOfOne>,
    /// `BASE_DIR`, with `chat.ini` in it.
    pub dir: TempDir,
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

impl Files {
    /// An ini file and nothing else: the programs make what they need.
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same with more lines in `[global]`.
    pub fn with(lines: &str) -> Self {
        Self::clustered(Self::written(lines))
    }

    /// The whole tree, as an administrator makes it, and texts in English whatever the environment says.
    pub fn installed(lines: &str) -> Self {
        let dir = Self::written(&format!("LANG=en\n{lines}"));
        for name in TREE {
            fs::create_dir(dir.path().join(name)).expect("writable");
        }
        Self::clustered(dir)
    }

    fn written(lines: &str) -> TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        // Tests count who comes and goes: nobody is waited for, unless the test is about that.
        let grace = if lines.contains("PRESENCE_GRACE") {
            ""
        } else {
            "PRESENCE_GRACE=0\n"
        };
        let ini = format!(
            "[global]\nBASE_DIR=.\n{grace}{lines}\n[room descriptions]\nlobby=Where all begin\n"
        );
        fs::write(dir.path().join("chat.ini"), ini).expect("writable");
        dir
    }

    fn clustered(dir: TempDir) -> Self {
        let cluster = ClusterOfOne::of(&dir.path().join("chat.ini"), dir.path());
        Self { cluster, dir }
    }

    /// Someone whose handler has ended has quit. With a relay a moment later: nobody waits for it to write a quit.
    #[track_caller]
    pub fn expect_quit(&self, room: &str, nick: &str) {
        let line = format!("\tquit\t{nick}\t");
        let is_there = || self.log(room).contains(&line).then_some(());
        match self.cluster {
            Some(_) => eventually("they have quit", is_there),
            None => is_there().unwrap_or_else(|| panic!("{nick} has not quit")),
        }
    }

    /// Does something that a relay, if there is one, must not run beside: a disk comes or goes.
    #[track_caller]
    pub fn without_relay<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.cluster {
            Some(cluster) => cluster.without_relay(act),
            None => act(),
        }
    }

    /// `BASE_DIR`.
    pub fn base(&self) -> &Path {
        self.dir.path()
    }

    /// A file below `BASE_DIR`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.base().join(name)
    }

    /// The ini file.
    pub fn ini(&self) -> PathBuf {
        self.path("chat.ini")
    }

    /// The text of a room's log; empty when nobody spoke.
    pub fn log(&self, room: &str) -> String {
        fs::read_to_string(self.room_log(room)).unwrap_or_default()
    }

    /// Names of the files in a directory; none when it is not there.
    pub fn files(&self, dir: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(dir)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    /// A room's log file.
    pub fn room_log(&self, room: &str) -> PathBuf {
        self.base().join("rooms").join(format!("{room}.log"))
    }

    /// The records of a room so far; none when nobody spoke.
    pub fn records(&self, room: &str) -> Vec<Record> {
        let text = fs::read(self.room_log(room)).unwrap_or_default();
        String::from_utf8_lossy(&text)
            .lines()
            .map(Record::parse)
            .collect()
    }

    /// Names of the presence files of a room.
    pub fn present(&self, room: &str) -> Vec<String> {
        let prefix = format!("{room}_");
        let entries = fs::read_dir(self.base().join("users")).expect("users/ is there");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names
            .filter_map(|name| Some(name.strip_prefix(&prefix)?.to_owned()))
            .collect();
        names.sort();
        names
    }

    /// Writes a new PHP session with these variables, as PHP writes it, and gives the Cookie header's value.
    pub fn log_in(&self, variables: &[(&str, &str)]) -> String {
        static SESSIONS: AtomicUsize = AtomicUsize::new(0);
        let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
        self.write_session(&format!("{number:032x}"), variables)
    }

    /// The session in which `username` is logged in, the same one each time.
    pub fn log_in_as(&self, username: &str) -> String {
        let tag = username
            .bytes()
            .fold(String::new(), |tag, byte| tag + &format!("{byte:02x}"));
        // Session ids have 22 to 256 characters.
        self.write_session(&format!("{tag:a<26}"), &[("username", username)])
    }

    fn write_session(&self, id: &str, variables: &[(&str, &str)]) -> String {
        let data = variables.iter().fold(String::new(), |all, (name, value)| {
            all + &format!("{name}|s:{}:\"{value}\";", value.len())
        });
        let dir = self.path("sessions");
        fs::create_dir_all(&dir).expect("writable");
        fs::write(dir.join(format!("sess_{id}")), data).expect("writable");
        format!("PHPSESSID={id}")
    }
}

/// One line of a room's log: `TIME<TAB>KIND<TAB>FROM<TAB>ATTRS<TAB>TEXT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// UTC with microseconds, also the record's id.
    pub time: String,
    /// say, join, quit, ...
    pub kind: String,
    /// Whose it is.
    pub from: String,
    /// `key=value` pairs.
    pub attrs: Vec<(String, String)>,
    /// What was said.
    pub text: String,
}

impl Record {
    /// Takes a line apart.
    ///
    /// # Panics
    /// When it is no record.
    #[track_caller]
    pub fn parse(line: &str) -> Self {
        let fields: Vec<&str> = line.splitn(5, '\t').collect();
        let [time, kind, from, attrs, text] = fields[..] else {
            panic!("no record: {line:?}")
        };
        let attrs = attrs.split(';').filter_map(|pair| pair.split_once('='));
        Self {
            time: time.to_owned(),
            kind: kind.to_owned(),
            from: from.to_owned(),
            attrs: attrs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            text: text.to_owned(),
        }
    }

    /// The value of an attribute.
    pub fn attr(&self, key: &str) -> Option<&str> {
        self.attrs
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

impl Chat {
    /// A chat run by the daemon under test.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with(&Subject::under_test(), "", |builder| builder)
    }

    /// A chat run by `subject`, with more lines of `[global]` and more daemon flags.
    #[track_caller]
    pub fn start_with(
        subject: &Subject,
        global: &str,
        flags: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let files = Files::installed(global);
        let config = format!("--config={}", files.ini().display());
        let builder = Daemon::of(subject).command(chat_handler(), [config]);
        let daemon = flags(builder).start();
        Self { daemon, files }
    }

    /// A chat run by `subject` without speed limits.
    #[track_caller]
    pub fn unlimited(subject: &Subject) -> Self {
        Self::start_with(subject, UNLIMITED, |builder| builder)
    }

    /// Its files.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// A client of the text protocol, logged in as `name`.
    #[track_caller]
    pub fn text(&self, room: &str, name: &str) -> Client {
        let cookie = self.files.log_in_as(name);
        self.daemon
            .client_with(&format!("/{room}"), &[("Cookie", &cookie)])
    }

    /// A client of the JSON protocol, logged in as `name`; `query` is appended to `format=json`, as in `&since=..`.
    #[track_caller]
    pub fn json_with(&self, room: &str, name: &str, query: &str) -> Page<Client> {
        let cookie = self.files.log_in_as(name);
        let path = format!("/{room}?format=json{query}");
        Page::over(self.daemon.client_with(&path, &[("Cookie", &cookie)]))
    }

    /// A client of the JSON protocol that has been welcomed.
    #[track_caller]
    pub fn json(&self, room: &str, name: &str) -> Page<Client> {
        let mut page = self.json_with(room, name, "");
        page.welcome = page.expect("welcome");
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_taken_apart() {
        let record =
            Record::parse("2026-11-21T10:15:30.123456Z\tsay\talice\tmsgid=1;color=red\thi there");
        assert_eq!(
            (
                record.kind.as_str(),
                record.from.as_str(),
                record.text.as_str()
            ),
            ("say", "alice", "hi there")
        );
        assert_eq!(
            (record.attr("color"), record.attr("x")),
            (Some("red"), None)
        );
    }

    #[test]
    fn a_session_is_written_as_php_writes_it() {
        let files = Files::new();
        let cookie = files.log_in_as("Železný");
        let id = cookie.strip_prefix("PHPSESSID=").unwrap();
        assert!((22..=256).contains(&id.len()));
        let data = fs::read_to_string(files.base().join("sessions").join(format!("sess_{id}")));
        assert_eq!(data.unwrap(), "username|s:9:\"Železný\";");
    }
}
