//! Somebody who knows several servers: says one thing after the other until it is acked, and goes to the next server
//! when the one they are at is gone or silent, with `since` of what they have seen. Who has friends types and whispers
//! to them, too, and tells how far they have read.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::transport::Endpoint;
use crate::ws::Client;

/// Without an ack for so long it is said again, as a page does.
const SAY_AGAIN: Duration = Duration::from_secs(4);
/// After so many times somebody goes to another server.
const TRIES: u32 = 3;
/// Between two looks at a server that is not there, or has refused something.
const PAUSE: Duration = Duration::from_millis(200);
/// A server that is asked and does not answer.
const READ: Duration = Duration::from_millis(50);
/// What the text of a whisper begins with, and its `msgid`; nothing else that people say here does.
pub const WHISPER: &str = "hush-";
const WHISPERED: &str = "psst-";
/// Something is whispered after so many messages, and told how far it is read after so many.
const WHISPER_EVERY: usize = 3;
const READ_EVERY: usize = 5;

/// So many ids are known, as by pages.
const KNOWN: usize = 300;

/// Says that it is over when it is dropped, also if a test fails meanwhile: people would talk for ever.
#[derive(Debug)]
pub struct Over<'a>(pub &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What came of one person.
#[derive(Debug, Default)]
pub struct Story {
    /// Their name.
    pub name: String,
    /// What was acked, in order: the text and the record's id.
    pub acked: Vec<(String, String)>,
    /// What they have seen of others and of themselves: id and text. Whose id is known is the same record, and here once,
    /// as pages show it.
    pub seen: Vec<(String, String)>,
    /// How long each of theirs took, from the first time it was said to its ack.
    pub waits: Vec<Duration>,
    /// Connections they had.
    pub connections: usize,
    /// Refusals, by their code.
    pub refused: Vec<String>,
    /// What they whispered, as far as they were told that it arrived: its `msgid`.
    pub whispered: Vec<String>,
    /// Whispers of theirs that were refused, by code.
    pub whispers_refused: Vec<String>,
    /// What was whispered to them: id and text. Whose id is known is the same whisper, and here once.
    pub heard: Vec<(String, String)>,
}

/// Who they are and where they can go.
#[derive(Debug)]
pub struct Person {
    /// Their name; also the beginning of all that they say.
    pub name: String,
    /// The room.
    pub room: String,
    /// Where they can go, the first one first.
    pub servers: Vec<Endpoint>,
    /// Between two messages of theirs.
    pub pace: Duration,
}

/// What somebody does, and where they are in it.
struct Life<'a> {
    person: &'a Person,
    friends: &'a [String],
    over: &'a AtomicBool,
    story: Story,
    since: String,
    said: usize,
    waiting: Option<(String, Instant)>,
    /// Whispers that were heard, by id.
    known: BTreeSet<String>,
}

impl Person {
    /// Lives until `over` is set and the last thing that they said is acked, or nobody has acked it for `patience`.
    pub fn live(self, over: &AtomicBool, patience: Duration) -> Story {
        self.live_among(&[], over, patience)
    }

    /// The same among friends in their room.
    pub fn live_among(self, friends: &[String], over: &AtomicBool, patience: Duration) -> Story {
        let mut life = Life {
            person: &self,
            friends,
            over,
            story: Story {
                name: self.name.clone(),
                ..Story::default()
            },
            since: String::new(),
            said: 0,
            waiting: None,
            known: BTreeSet::new(),
        };
        let mut at = 0;
        let mut given_up_at: Option<Instant> = None;
        loop {
            if over.load(Ordering::SeqCst) {
                let deadline = *given_up_at.get_or_insert_with(|| Instant::now() + patience);
                if life.waiting.is_none() || Instant::now() > deadline {
                    break;
                }
            }
            let server = &self.servers[at % self.servers.len()];
            at += 1;
            let Some(client) = life.connect(server) else {
                thread::sleep(PAUSE);
                continue;
            };
            life.story.connections += 1;
            life.talk(client);
        }
        life.story
    }
}

impl Life<'_> {
    fn connect(&self, server: &Endpoint) -> Option<Client> {
        let Person { room, name, .. } = self.person;
        let since = if self.since.is_empty() {
            String::new()
        } else {
            format!("&since={}", self.since)
        };
        let path = format!("/{room}?format=json&nick={name}&client=token-of-{name}{since}");
        Client::try_connect(server, &path, &[]).ok()
    }

    /// One connection, until it ends or is given up.
    fn talk(&mut self, mut client: Client) {
        let mut tries = 0;
        let mut say_at = Instant::now();
        loop {
            if Instant::now() >= say_at {
                if self.waiting.is_none() {
                    // Without a good-bye: a machine without power does not answer one.
                    if self.over.load(Ordering::SeqCst) {
                        return;
                    }
                    // What was whispered is not whispered again, also if it cannot be told how far they have read.
                    self.said += 1;
                    if self.chat(&mut client).is_none() {
                        return;
                    }
                    let text = format!("{} {}", self.person.name, self.said);
                    self.waiting = Some((text, Instant::now()));
                }
                let Some((text, _)) = self.waiting.as_ref() else {
                    return;
                };
                if tries >= TRIES {
                    return;
                }
                tries += 1;
                say_at = Instant::now() + SAY_AGAIN;
                let msgid = text.replace(' ', "-");
                let message = json!({ "type": "say", "text": text, "msgid": msgid });
                if client.try_send(message.to_string()).is_err() {
                    return;
                }
            }
            let message = match client.message_within(READ) {
                Ok(None) => continue,
                Ok(Some(text)) => serde_json::from_str::<Value>(&text).expect("JSON"),
                Err(_) => return,
            };
            let msgid = message["msgid"].as_str().unwrap_or_default().to_owned();
            match message["type"].as_str() {
                Some("ack") if msgid.starts_with(WHISPERED) => self.story.whispered.push(msgid),
                Some("ack") => {
                    if let Some((text, begun)) = self.waiting.take() {
                        if msgid != text.replace(' ', "-") {
                            self.waiting = Some((text, begun));
                            continue;
                        }
                        let id = message["id"].as_str().unwrap_or_default().to_owned();
                        self.story.acked.push((text, id));
                        self.story.waits.push(begun.elapsed());
                        tries = 0;
                        say_at = Instant::now() + self.person.pace;
                    }
                }
                Some("error") => {
                    let code = message["code"].as_str().unwrap_or("none").to_owned();
                    if msgid.starts_with(WHISPERED) {
                        self.story.whispers_refused.push(code);
                    } else {
                        self.story.refused.push(code);
                        say_at = Instant::now() + PAUSE;
                    }
                }
                Some("bye") => return,
                Some("history") => {
                    let records = message["records"].as_array().into_iter().flatten();
                    records.for_each(|record| self.see(record));
                }
                _ if message["id"].is_string() => self.see(&message),
                _ => {}
            }
        }
    }

    /// What somebody does beside what they say. Nothing if the connection has ended.
    fn chat(&self, client: &mut Client) -> Option<()> {
        if self.friends.is_empty() {
            return Some(());
        }
        let (name, said) = (&self.person.name, self.said - 1);
        let mut send = |it: Value| client.try_send(it.to_string()).ok();
        send(json!({ "type": "typing" }))?;
        let friend = &self.friends[said % self.friends.len()];
        if said % WHISPER_EVERY == 1 && friend != name {
            let what = format!("{name}-{friend}-{said}");
            let (text, msgid) = (format!("{WHISPER}{what}"), format!("{WHISPERED}{what}"));
            send(json!({ "type": "whisper", "to": friend, "text": text, "msgid": msgid }))?;
        }
        if said % READ_EVERY == 1 && !self.since.is_empty() {
            send(json!({ "type": "read", "id": self.since }))?;
        }
        Some(())
    }

    fn see(&mut self, record: &Value) {
        let Some(id) = record["id"].as_str() else {
            return;
        };
        let text = record["text"].as_str().unwrap_or_default();
        let seen = || (id.to_owned(), text.to_owned());
        match record["type"].as_str() {
            // Everybody gets a copy of what they whispered themselves.
            Some("whisper") if record["from"] == self.person.name.as_str() => {}
            Some("whisper") => {
                if self.known.insert(id.to_owned()) {
                    self.story.heard.push(seen());
                }
            }
            kind => {
                // Some tell of a record that was there already; and as the client library does, each once.
                if id <= self.since.as_str() {
                    return;
                }
                id.clone_into(&mut self.since);
                // As pages do: another server had it under this id.
                let first = record["was"].as_str().unwrap_or(id);
                let is_known = |(known, _): &(String, String)| known == first;
                let newest = self.story.seen.iter().rev().take(KNOWN);
                // What was taken back meanwhile has no text any more, like any other that was.
                let is_said = kind == Some("say") && record["redacted"] != true;
                if is_said && !newest.into_iter().any(is_known) {
                    self.story.seen.push((first.to_owned(), text.to_owned()));
                }
            }
        }
    }
}
