//! Slash commands that an address answers (`[command NAME]` with `URL`): handlers have no HTTP client, and ask here, over
//! a Unix socket, as they would ask a program that listens.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_handler::settings::commands::{MARGIN, SiteCommand};
use chat_store::people::person::hex_of;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};

use crate::post::Receiver;

/// Questions that are being asked at once; of more, who asks is told that nobody answers.
const MAX_ASKED: usize = 32;
/// The longest question, in bytes: what somebody typed, and who they are.
const MAX_QUESTION: u64 = 128 * 1024;
/// Who has connected says what they ask at once.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(2);
/// So late a signal is seen.
const TICK: Duration = Duration::from_millis(500);

/// One command, and where it is answered.
#[derive(Debug)]
struct Answered<'a> {
    command: &'a SiteCommand,
    receiver: Receiver,
}

/// Those of a site.
pub struct Commands<'a> {
    all: Vec<Answered<'a>>,
    asked: AtomicUsize,
    note: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Commands<'a> {
    /// Reads their secrets and certificates.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(
        commands: &'a [SiteCommand],
        note: &'a (dyn Fn(&str) + Sync),
    ) -> Result<Self, String> {
        let mut all = Vec::new();
        for command in commands {
            let Some(address) = command.address() else {
                continue;
            };
            let receiver = Receiver::new(address)
                .map_err(|error| format!("[command {}]: {error}", command.name))?;
            all.push(Answered { command, receiver });
        }
        let asked = AtomicUsize::new(0);
        Ok(Self { all, asked, note })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Makes the socket at which handlers ask.
    ///
    /// # Errors
    /// Nobody can ask there.
    pub fn bind(socket: &Path) -> io::Result<UnixListener> {
        match fs::remove_file(socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(socket)?;
        // The chat's own user alone; its directory lets nobody else in either.
        fs::set_permissions(socket, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// Answers who asks there, until `stop`.
    pub fn listen(&self, listener: &UnixListener, stop: &AtomicBool) {
        std::thread::scope(|scope| {
            while !stop.load(Ordering::Relaxed) {
                let stream = match listener.accept() {
                    Ok((stream, _)) => stream,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        let limit = Timespec::try_from(TICK).unwrap_or_default();
                        // Interrupted or not: the next look finds out.
                        let _ = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&limit));
                        continue;
                    }
                    Err(error) => {
                        (self.note)(&format!("commands: {error}"));
                        std::thread::sleep(TICK);
                        continue;
                    }
                };
                if self.asked.fetch_add(1, Ordering::Relaxed) >= MAX_ASKED {
                    self.asked.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                #[expect(
                    clippy::disallowed_methods,
                    reason = "MAX_ASKED at most, each within its time limit, joined at the end of the scope"
                )]
                let started = std::thread::Builder::new().spawn_scoped(scope, || {
                    // Whoever asked may have gone.
                    let _ = self.answer(stream);
                    self.asked.fetch_sub(1, Ordering::Relaxed);
                });
                // The machine has no threads left: whoever asked is told that nobody answers.
                if let Err(error) = started {
                    self.asked.fetch_sub(1, Ordering::Relaxed);
                    (self.note)(&format!("commands: {error}"));
                }
            }
        });
    }

    fn answer(&self, mut stream: UnixStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(QUESTION_TIMEOUT))?;
        stream.set_write_timeout(Some(QUESTION_TIMEOUT))?;
        let mut line = Vec::new();
        BufReader::new((&stream).take(MAX_QUESTION)).read_until(b'\n', &mut line)?;
        let question: Value = serde_json::from_slice(&line)?;
        let name = question["command"].as_str().unwrap_or_default();
        let Some(found) = self.all.iter().find(|it| it.command.name == name) else {
            return Ok(());
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let id = question["id"].as_str().unwrap_or_default();
        let id = format!("msg_{}", hex_of(&["command\0", name, "\0", id]));
        let limit = found.command.timeout.saturating_sub(MARGIN).max(MARGIN);
        match found
            .receiver
            .ask(&id, now.as_secs(), line.trim_ascii(), limit)
        {
            Ok((kind, body)) => {
                let Some(reply) = reply(&kind, &body) else {
                    (self.note)(&format!("[command {name}] its answer is not understood"));
                    return Ok(());
                };
                stream.write_all(format!("{reply}\n").as_bytes())
            }
            Err(error) => {
                (self.note)(&format!("[command {name}] does not answer: {error}"));
                Ok(())
            }
        }
    }
}

/// What an address answered, as a program would say it: the form of programs, that of Slack's commands
/// (<https://docs.slack.dev/interactivity/implementing-slash-commands>), plain text, or nothing. Pure.
pub fn reply(content_type: &str, body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    if text.trim().is_empty() {
        return Some(json!({ "action": "accept" }));
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("text/plain") {
        return Some(json!({ "action": "answer", "text": text }));
    }
    let value: Value = serde_json::from_str(text).ok()?;
    if value["action"].is_string() {
        return Some(value);
    }
    let text = value["text"].as_str()?;
    let is_for_all = value["response_type"] == "in_channel";
    let to = if is_for_all { "room" } else { "asker" };
    Some(json!({ "action": "answer", "text": text, "to": to }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_answers_in_one_of_four_forms() {
        let of = |kind: &str, body: &str| reply(kind, body.as_bytes());
        assert_eq!(of("", " \n"), Some(json!({ "action": "accept" })));
        assert_eq!(
            of("text/plain; charset=utf-8", "{sun}"),
            Some(json!({ "action": "answer", "text": "{sun}" }))
        );
        let json = "application/json";
        let own = r#"{"action":"refuse","message":"no"}"#;
        assert_eq!(of(json, own), serde_json::from_str(own).ok());
        assert_eq!(
            of(
                json,
                r#"{"response_type":"in_channel","text":"sun","blocks":[]}"#
            ),
            Some(json!({ "action": "answer", "text": "sun", "to": "room" }))
        );
        assert_eq!(
            of(json, r#"{"text":"sun"}"#),
            Some(json!({ "action": "answer", "text": "sun", "to": "asker" }))
        );
        for wrong in ["<html>", "[]", "7", r#"{"text":7}"#, r#"{"action":7}"#] {
            assert_eq!(of(json, wrong), None, "{wrong}");
        }
        assert_eq!(reply("text/plain", b"\xff"), None);
    }
}
