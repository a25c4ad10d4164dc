//! The chat's files, for our handler and for the script, and what its lines look like.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::client::Upgraded;
use crate::server::{Kind, Launch, Programs, Server};
use crate::ws;
use crate::xmpp;

/// `BASE_DIR`'s directories.
const TREE: [&str; 5] = ["rooms", "users", "sessions", "log", "run"];

/// Our defaults but for these: a person types no faster than ten lines a second and opens no more than twenty
/// pages, the load program does, and the room holds as many as are measured.
pub const SETTINGS: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nMAX_MEMBERS=10000\n";

/// Bytes of a record of [`Files::fill_log`].
const RECORD_LEN: u64 = 100;

/// Which wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Lines; the script knows no other.
    Text,
    /// One object a message.
    Json,
    /// Prosody's.
    Xmpp,
}

impl Wire {
    /// The request's path for `room`.
    pub fn path(self, room: &str) -> String {
        match self {
            Self::Text => format!("/{room}"),
            Self::Json => format!("/{room}?format=json"),
            Self::Xmpp => xmpp::PATH.to_owned(),
        }
    }

    /// The request's further header fields for a person.
    pub fn fields(self, person: usize) -> String {
        match self {
            Self::Text | Self::Json => Files::cookie(person),
            Self::Xmpp => self.extra().to_owned(),
        }
    }

    /// Those that are the same for all.
    pub fn extra(self) -> &'static str {
        match self {
            Self::Text | Self::Json => "",
            Self::Xmpp => xmpp::FIELD,
        }
    }

    /// Enters `room`, where more is needed for that than the request.
    pub fn enter(self, client: &mut Upgraded, room: &str, person: usize) -> io::Result<()> {
        match self {
            Self::Text | Self::Json => Ok(()),
            Self::Xmpp => xmpp::enter(client, room, person),
        }
    }

    /// A frame that says `text`, which needs no escape, in `room`.
    pub fn say(self, room: &str, text: &str) -> Vec<u8> {
        let payload = match self {
            Self::Text => text.to_owned(),
            Self::Json => format!("{{\"type\":\"say\",\"text\":\"{text}\"}}"),
            Self::Xmpp => xmpp::say(room, text),
        };
        let mut frame = Vec::with_capacity(256);
        ws::append_frame(&mut frame, ws::TEXT, payload.as_bytes());
        frame
    }

    /// Whether this is the first that a person gets.
    pub fn is_welcome(self, payload: &[u8]) -> bool {
        let mark: &[u8] = match self {
            Self::Text => b"Welcome to the chat room",
            Self::Json => b"\"type\":\"welcome\"",
            Self::Xmpp => return xmpp::is_welcome(payload),
        };
        let head = &payload[..payload.len().min(64)];
        memchr::memmem::find(head, mark).is_some()
    }
}

/// A chat in a directory of its own, removed when dropped.
#[derive(Debug)]
pub struct Files {
    base: PathBuf,
}

impl Files {
    /// An empty chat with `people` who are logged in.
    pub fn create(work_dir: &Path, people: usize) -> io::Result<Self> {
        let base = std::path::absolute(work_dir)?.join("chat");
        if base.exists() {
            fs::remove_dir_all(&base)?;
        }
        for dir in TREE {
            fs::create_dir_all(base.join(dir))?;
        }
        let ini = format!("[global]\nBASE_DIR={}\nLANG=en\n{SETTINGS}", base.display());
        fs::write(base.join("chat.ini"), ini)?;
        for person in 0..people {
            let name = format!("user{person:05}");
            let session = format!("username|s:{}:\"{name}\";color|s:4:\"Gray\";", name.len());
            fs::write(base.join("sessions").join(session_file(person)), session)?;
        }
        Ok(Self { base })
    }

    /// The Cookie header of a person.
    pub fn cookie(person: usize) -> String {
        format!(
            "{}\r\n",
            session_file(person).replacen("sess_", "Cookie: PHPSESSID=", 1)
        )
    }

    /// Gives `room` a history of `bytes`.
    pub fn fill_log(&self, room: &str, bytes: u64) -> io::Result<()> {
        let path = self.base.join("rooms").join(format!("{room}.log"));
        let mut log = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for number in 0..bytes / RECORD_LEN {
            let (seconds, micros) = (number / 100, number % 100 * 10_000);
            let (day, hour) = (1 + seconds / 86_400, seconds / 3600 % 24);
            let (minute, second) = (seconds / 60 % 60, seconds % 60);
            writeln!(
                log,
                "2026-01-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z\tsay\tuser00000\tcolor=Gray\t{number:.>45}"
            )?;
        }
        // On the disk, or its writing would be counted as what comes next.
        log.into_inner().map_err(io::Error::other)?.sync_all()
    }

    /// Starts the chat: our handler under our daemon, the script under the original.
    pub fn serve(&self, programs: &Programs, kind: Kind) -> io::Result<Server> {
        let handler = match kind {
            Kind::Ours => &programs.chat_handler,
            _ => &programs.chat_script,
        };
        let handler = fs::canonicalize(handler)?;
        let mut launch = Launch::lines(kind, &handler);
        // One for each of the two, so that either daemon can also run the other's.
        let variables: [(&str, OsString); 2] = [
            ("CHAT_CONFIG", self.base.join("chat.ini").into()),
            ("CHAT_BASE", self.base.clone().into()),
        ];
        launch.env.extend(variables);
        Server::start(programs, &launch)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}

/// PHP's session ids have at least 22 characters.
fn session_file(person: usize) -> String {
    format!("sess_benchbenchbenchbench{person:05}")
}
