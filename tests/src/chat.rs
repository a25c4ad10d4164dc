//! A chat: its directory tree, its ini file, a daemon that runs chat-handler, and clients of both protocols.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::daemon::{Builder, Daemon};
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

/// The files of a chat, also without a daemon.
#[derive(Debug)]
pub struct Files {
    base: TempDir,
}

impl Files {
    /// An empty tree and an ini file that names it; `global` are more lines for its `[global]` section.
    pub fn new(global: &str) -> Self {
        let base = tempfile::tempdir().expect("a temporary directory");
        for dir in TREE {
            fs::create_dir(base.path().join(dir)).expect("writable");
        }
        let ini = format!(
            "[global]\nBASE_DIR={}\nLANG=en\n{global}\n\n[room descriptions]\nlobby=Everybody\n",
            base.path().display()
        );
        fs::write(base.path().join("chat.ini"), ini).expect("writable");
        Self { base }
    }

    /// `BASE_DIR`.
    pub fn base(&self) -> &Path {
        self.base.path()
    }

    /// The ini file.
    pub fn ini(&self) -> PathBuf {
        self.base().join("chat.ini")
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

    /// Writes a PHP session in which `username` is logged in, and gives the Cookie header's value.
    pub fn log_in(&self, username: &str) -> String {
        let tag = username
            .bytes()
            .fold(String::new(), |tag, byte| tag + &format!("{byte:02x}"));
        // Session ids have 22 to 256 characters.
        let id = format!("{tag:a<26}");
        let data = format!("username|s:{}:\"{username}\";", username.len());
        fs::write(
            self.base().join("sessions").join(format!("sess_{id}")),
            data,
        )
        .expect("writable");
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
        let fields: Vec<&str> = line.split('\t').collect();
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
        let files = Files::new(global);
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
        let cookie = self.files.log_in(name);
        self.daemon
            .client_with(&format!("/{room}"), &[("Cookie", &cookie)])
    }

    /// A client of the JSON protocol, logged in as `name`; `query` is appended to `format=json`, as in `&since=..`.
    #[track_caller]
    pub fn json_with(&self, room: &str, name: &str, query: &str) -> JsonClient {
        let cookie = self.files.log_in(name);
        let path = format!("/{room}?format=json{query}");
        JsonClient {
            client: self.daemon.client_with(&path, &[("Cookie", &cookie)]),
        }
    }

    /// A client of the JSON protocol that has been welcomed.
    #[track_caller]
    pub fn json(&self, room: &str, name: &str) -> JsonClient {
        let mut client = self.json_with(room, name, "");
        client.wait("welcome");
        client
    }
}

/// A client of the JSON protocol.
pub struct JsonClient {
    /// The WebSocket.
    pub client: Client,
}

impl JsonClient {
    /// The next message.
    #[track_caller]
    pub fn message(&mut self) -> Value {
        let text = self.client.text();
        let value: Value = serde_json::from_str(&text).expect("one JSON object a message");
        assert!(value["type"].is_string(), "a message has a type: {text}");
        value
    }

    /// Reads up to the next message of this type.
    #[track_caller]
    pub fn wait(&mut self, kind: &str) -> Value {
        self.wait_where(|value| value["type"] == kind)
    }

    /// Reads up to the next message that `wanted` accepts.
    #[track_caller]
    pub fn wait_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let value = self.message();
            if wanted(&value) {
                return value;
            }
        }
    }

    /// Sends an object.
    #[track_caller]
    pub fn send(&mut self, value: &Value) {
        self.client.send(value.to_string());
    }

    /// Says something under the client's own id.
    #[track_caller]
    pub fn say(&mut self, msgid: &str, text: &str) {
        self.send(&serde_json::json!({ "type": "say", "msgid": msgid, "text": text }));
    }

    /// Says something and waits for its ack, whose id it gives.
    #[track_caller]
    pub fn say_acked(&mut self, msgid: &str, text: &str) -> String {
        self.say(msgid, text);
        let ack = self.wait_where(|value| value["type"] == "ack" && value["msgid"] == msgid);
        ack["id"]
            .as_str()
            .expect("an ack holds the record's id")
            .to_owned()
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
        let files = Files::new("");
        let cookie = files.log_in("Železný");
        let id = cookie.strip_prefix("PHPSESSID=").unwrap();
        assert!((22..=256).contains(&id.len()));
        let data = fs::read_to_string(files.base().join("sessions").join(format!("sess_{id}")));
        assert_eq!(data.unwrap(), "username|s:9:\"Železný\";");
    }
}
