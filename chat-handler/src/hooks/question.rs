//! What a program is asked: one line of JSON.

use serde::Serialize;

/// The version of the form. Fields are added without a new one.
const VERSION: u32 = 1;

/// What it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// Something that others are to read.
    #[default]
    Message,
    /// A file that came, and that nobody can read yet.
    File,
    /// Somebody who comes in, or changes their name.
    Entry,
    /// A slash command of the site's own.
    Command,
}

/// A file, in a question about it.
#[derive(Clone, Debug, Serialize)]
pub struct FileAsked {
    /// Where it lies until it is taken.
    pub path: String,
    /// What its sender calls it.
    pub name: String,
    /// By its first bytes.
    #[serde(rename = "type")]
    pub kind: String,
    /// In bytes.
    pub size: u64,
}

/// A question. What is not known, or not the program's business, is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Question {
    /// What it is about.
    pub ask: About,
    /// `say`, `me`, `edit`, `topic`, `whisper`; of an entry `enter` or `nick`; of a file `file`; of a command `command`.
    pub kind: &'static str,
    /// The room.
    pub room: String,
    /// Their name; of an entry, the one that they wish.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// What they are logged in as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Their number under all names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Whether they moderate the room.
    pub moderator: bool,
    /// What they want to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of an edit: which message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Of a whisper: for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The client's own id: the same again is the same message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msgid: Option<String>,
    /// Of an entry: where they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The command, without its slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What was typed behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileAsked>,
}

#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    id: &'a str,
    #[serde(flatten)]
    question: &'a Question,
}

impl Question {
    /// The line, with its end.
    pub fn line(&self, id: &str) -> Vec<u8> {
        let line = Line {
            v: VERSION,
            id,
            question: self,
        };
        // Strings and numbers: there is nothing that JSON cannot hold.
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}
