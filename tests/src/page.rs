//! A page as the chat knows it: a client of the JSON protocol, over whatever carries its lines.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deadline::DEADLINE;
use crate::{pipe, ws};

/// Before something that was not saved is said again.
const AGAIN: Duration = Duration::from_millis(100);

/// What carries lines from a page to its handler and back.
pub trait Wire {
    /// Sends a line, without its newline.
    fn send_line(&mut self, line: &str);

    /// The next line; `None` at the end.
    ///
    /// # Panics
    /// When nothing comes before the deadline.
    fn next_line(&mut self) -> Option<String>;
}

impl Wire for pipe::Handler {
    #[track_caller]
    fn send_line(&mut self, line: &str) {
        self.send(line);
    }

    #[track_caller]
    fn next_line(&mut self) -> Option<String> {
        self.line()
    }
}

impl Wire for ws::Client {
    #[track_caller]
    fn send_line(&mut self, line: &str) {
        self.send(line);
    }

    #[track_caller]
    fn next_line(&mut self) -> Option<String> {
        self.message().ok().map(|message| message.to_string())
    }
}

/// A client of the JSON protocol.
pub struct Page<W = pipe::Handler> {
    /// What carries it.
    pub client: W,
    /// The first message, once [`Self::enter`] has read it.
    pub welcome: Value,
    /// Records of the history that came with the welcome.
    pub past: Vec<Value>,
}

impl<W: Wire> Page<W> {
    /// Over a connection of which nothing was read yet.
    pub fn over(client: W) -> Self {
        Self {
            client,
            welcome: Value::Null,
            past: Vec::new(),
        }
    }

    /// Reads the first message, and the history after a welcome.
    #[track_caller]
    pub fn enter(client: W) -> Self {
        let mut page = Self::over(client);
        page.welcome = page.message();
        if page.welcome["type"] != "welcome" {
            return page;
        }
        loop {
            let history = page.expect("history");
            let records = history["records"].as_array().expect("records");
            page.past.extend(records.iter().cloned());
            // Without `since` more of them are before; they do not come unasked.
            if history["more"] == false || history.get("since").is_none() {
                return page;
            }
        }
    }

    /// The name it goes by.
    #[track_caller]
    pub fn you(&self) -> String {
        self.welcome["you"].as_str().expect("a welcome").to_owned()
    }

    /// Names of who was there when it came.
    #[track_caller]
    pub fn members(&self) -> Vec<String> {
        let members = self.welcome["members"].as_array().expect("members").iter();
        members
            .map(|member| member["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    /// Sends an object.
    #[track_caller]
    pub fn send(&mut self, message: &Value) {
        self.client.send_line(&message.to_string());
    }

    /// Says something under an id of the page's own.
    #[track_caller]
    pub fn say(&mut self, text: &str, msgid: &str) {
        self.send(&json!({"type": "say", "text": text, "msgid": msgid}));
    }

    /// Says something and waits for its ack, whose id it gives. Says it again, as pages do, if it was not saved: a busy
    /// machine may be slower than it may be.
    #[track_caller]
    pub fn say_acked(&mut self, text: &str, msgid: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            self.say(text, msgid);
            let answer = self.find(|value| {
                value["msgid"] == msgid && (value["type"] == "ack" || value["code"] == "not_saved")
            });
            if answer["type"] == "ack" {
                let id = answer["id"].as_str();
                return id.expect("an ack holds the record's id").to_owned();
            }
            assert!(Instant::now() < end, "{answer}");
            thread::sleep(AGAIN);
        }
    }

    /// A command, or a message that needs no ack.
    #[track_caller]
    pub fn type_in(&mut self, text: &str) {
        self.send(&json!({"type": "say", "text": text}));
    }

    /// The next message; `None` at the end.
    #[track_caller]
    #[expect(
        clippy::should_implement_trait,
        reason = "no iterator: it is written to between two messages"
    )]
    pub fn next(&mut self) -> Option<Value> {
        let line = self.client.next_line()?;
        let value: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("one JSON object a message: {error}: {line}"));
        assert!(value["type"].is_string(), "a message has a type: {line}");
        Some(value)
    }

    /// The next message, which must come.
    #[track_caller]
    pub fn message(&mut self) -> Value {
        self.next().expect("a message, not the end")
    }

    /// The next message of this type.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> Value {
        self.find(|message| message["type"] == kind)
    }

    /// The next message that is wanted.
    #[track_caller]
    pub fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        loop {
            let Some(message) = self.next() else {
                panic!("the end came; before it: {seen:#?}")
            };
            if wanted(&message) {
                return message;
            }
            seen.push(message);
        }
    }

    /// Asks and waits for the answer, and gives what came before it: everything sent before has been dealt with then.
    #[track_caller]
    pub fn settle(&mut self) -> Vec<Value> {
        self.send(&json!({"type": "ping"}));
        let mut seen = Vec::new();
        loop {
            let message = self.next().expect("a pong");
            if message["type"] == "pong" {
                return seen;
            }
            seen.push(message);
        }
    }
}

/// The text of a message; empty when it has none.
pub fn text_of(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}
