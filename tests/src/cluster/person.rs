//! Somebody who knows several servers: says one thing after the other until it is acked, and goes to the next server
//! when the one they are at is gone or silent, with `since` of what they have seen.

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

/// So many ids are known, as by the client library.
const KNOWN: usize = 300;

/// What came of one person.
#[derive(Debug, Default)]
pub struct Story {
    /// Their name.
    pub name: String,
    /// What was acked, in order: the text and the record's id.
    pub acked: Vec<(String, String)>,
    /// What they have seen of others and of themselves: id and text.
    pub seen: Vec<(String, String)>,
    /// How long each of theirs took, from the first time it was said to its ack.
    pub waits: Vec<Duration>,
    /// Connections they had.
    pub connections: usize,
    /// Refusals, by their code.
    pub refused: Vec<String>,
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

impl Person {
    /// Lives until `over` is set and the last thing that they said is acked, or nobody has acked it for `patience`.
    pub fn live(self, over: &AtomicBool, patience: Duration) -> Story {
        let mut story = Story {
            name: self.name.clone(),
            ..Story::default()
        };
        let mut since = String::new();
        let mut at = 0;
        let mut said = 0_usize;
        let mut waiting: Option<(String, Instant)> = None;
        let mut given_up_at: Option<Instant> = None;
        loop {
            if over.load(Ordering::SeqCst) {
                let deadline = *given_up_at.get_or_insert_with(|| Instant::now() + patience);
                if waiting.is_none() || Instant::now() > deadline {
                    break;
                }
            }
            let server = &self.servers[at % self.servers.len()];
            at += 1;
            let Some(client) = self.connect(server, &since) else {
                thread::sleep(PAUSE);
                continue;
            };
            story.connections += 1;
            self.talk(
                client,
                &mut story,
                &mut since,
                &mut said,
                &mut waiting,
                over,
            );
        }
        story
    }

    fn connect(&self, server: &Endpoint, since: &str) -> Option<Client> {
        let (room, name) = (&self.room, &self.name);
        let since = if since.is_empty() {
            String::new()
        } else {
            format!("&since={since}")
        };
        let path = format!("/{room}?format=json&nick={name}&client=token-of-{name}{since}");
        Client::try_connect(server, &path, &[]).ok()
    }

    /// One connection, until it ends or is given up.
    fn talk(
        &self,
        mut client: Client,
        story: &mut Story,
        since: &mut String,
        said: &mut usize,
        waiting: &mut Option<(String, Instant)>,
        over: &AtomicBool,
    ) {
        let mut tries = 0;
        let mut say_at = Instant::now();
        loop {
            if Instant::now() >= say_at {
                if waiting.is_none() {
                    if over.load(Ordering::SeqCst) {
                        client.close();
                        return;
                    }
                    *said += 1;
                    *waiting = Some((format!("{} {said}", self.name), Instant::now()));
                }
                let Some((text, _)) = waiting.as_ref() else {
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
            match message["type"].as_str() {
                Some("ack") => {
                    if let Some((text, begun)) = waiting.take() {
                        let msgid = text.replace(' ', "-");
                        if message["msgid"] != msgid.as_str() {
                            *waiting = Some((text, begun));
                            continue;
                        }
                        let id = message["id"].as_str().unwrap_or_default().to_owned();
                        story.acked.push((text, id));
                        story.waits.push(begun.elapsed());
                        tries = 0;
                        say_at = Instant::now() + self.pace;
                    }
                }
                Some("error") => {
                    let code = message["code"].as_str().unwrap_or("none").to_owned();
                    story.refused.push(code);
                    say_at = Instant::now() + PAUSE;
                }
                Some("bye") => return,
                Some("history") => {
                    let records = message["records"].as_array().into_iter().flatten();
                    records.for_each(|record| see(record, story, since));
                }
                _ if message["id"].is_string() => see(&message, story, since),
                _ => {}
            }
        }
    }
}

fn see(record: &Value, story: &mut Story, since: &mut String) {
    let Some(id) = record["id"].as_str() else {
        return;
    };
    id.clone_into(since);
    // As pages do: another server had it under this id.
    let first = record["was"].as_str().unwrap_or(id);
    let is_known = |(known, _): &(String, String)| known == first;
    if record["type"] == "say" && !story.seen.iter().rev().take(KNOWN).any(is_known) {
        let text = record["text"].as_str().unwrap_or_default();
        story.seen.push((first.to_owned(), text.to_owned()));
    }
}
