//! Real handlers over real pipes, in a directory of their own. No WebSocket: the pipe is the interface.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file is a crate of its own and uses its own part"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use chat_handler::identity::php_session::write;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Ends a test that hangs; no test measures with it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program. Cargo names it to the tests of its own package; other packages' tests have it built
/// first, so that none of them talks to a program of yesterday.
pub fn handler() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| option_env!("CARGO_BIN_EXE_chat-handler").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own path");
    // target/PROFILE/deps/TEST
    let built = test.ancestors().nth(2).expect("a profile's directory");
    let profile = built.file_name().and_then(|name| name.to_str());
    let profile = profile.map(|name| if name == "debug" { "dev" } else { name });
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package=chat-handler",
            "--bin=chat-handler",
        ])
        .args(["--profile", profile.expect("UTF-8")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo");
    assert!(status.success(), "cargo cannot build chat-handler");
    built.join("chat-handler")
}

/// A chat: a directory and an ini file.
pub struct Chat {
    pub dir: TempDir,
}

impl Chat {
    pub fn new() -> Self {
        Self::with("")
    }

    /// With more lines in `[global]`.
    pub fn with(lines: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let ini =
            format!("[global]\nBASE_DIR=.\n{lines}\n[room descriptions]\nlobby=Where all begin\n");
        std::fs::write(dir.path().join("chat.ini"), ini).expect("an ini");
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn log(&self, room: &str) -> String {
        std::fs::read_to_string(self.path(&format!("rooms/{room}.log"))).unwrap_or_default()
    }

    /// Names of the files in a directory.
    pub fn files(&self, dir: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(dir))
            .into_iter()
            .flatten()
            .flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(handler());
        command
            .arg("--config")
            .arg(self.path("chat.ini"))
            .env_clear()
            .env("TZ", "UTC0");
        command
    }

    /// A handler with these CGI variables.
    pub fn start(&self, variables: &[(&str, &str)]) -> Client {
        let mut command = self.command();
        command.envs(variables.iter().copied());
        Client::start(command)
    }

    /// An anonymous page in `room` that wants to be called `nick`.
    pub fn page(&self, room: &str, nick: &str) -> Page {
        self.page_with(room, &format!("nick={nick}"), "")
    }

    /// A page with more in its query string, and cookies.
    pub fn page_with(&self, room: &str, query: &str, cookies: &str) -> Page {
        let (room, query) = (format!("/{room}"), format!("format=json&{query}"));
        Page::new(self.start(&[
            ("PATH_INFO", &room),
            ("QUERY_STRING", &query),
            ("HTTP_COOKIE", cookies),
        ]))
    }

    /// A page of 2016.
    pub fn old_page(&self, room: &str, nick: &str) -> Client {
        self.start(&[
            ("PATH_INFO", &format!("/{room}")),
            ("QUERY_STRING", &format!("nick={nick}")),
        ])
    }

    /// The cookie of a new session.
    pub fn log_in(&self, variables: &[(&str, &str)]) -> String {
        let id = write::create(&self.path("sessions"), 0, variables).expect("a session");
        format!("PHPSESSID={}", id.as_str())
    }
}

/// A running handler.
pub struct Client {
    pub child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Client {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the handler starts");
        let stdout = child.stdout.take().expect("piped");
        // One line at a time: what the test does not take stays in the pipe.
        let (sender, lines) = sync_channel(0);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
        }
    }

    pub fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("open");
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .expect("the handler reads");
    }

    /// Sends bytes from another thread, because nobody may read them for a while.
    pub fn send_aside(&mut self, bytes: Vec<u8>) -> std::thread::JoinHandle<()> {
        let mut stdin = self.stdin.take().expect("open");
        std::thread::spawn(move || {
            let _ = stdin.write_all(&bytes);
            // Kept open for a moment of its own: the end of input would end the handler.
            std::mem::forget(stdin);
        })
    }

    /// The next line; `None` at the end.
    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the handler says nothing"),
        }
    }

    /// The next line that holds `part`.
    pub fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self
                .line()
                .unwrap_or_else(|| panic!("the end came before {part:?}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Closes stdin.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// All that is left to be read; the handler must end.
    pub fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(line) = self.line() {
            rest.push(line);
        }
        rest
    }

    /// Hangs up; everything it still said.
    pub fn leave(mut self) -> Vec<String> {
        self.hang_up();
        let rest = self.rest();
        assert!(self.wait().success());
        rest
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the handler does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Memory that is the process's own: heap, stack, changed data.
    pub fn anonymous_kib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).expect("it lives");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.expect("proc(5)").trim().trim_end_matches(" kB");
        kib.parse().expect("a number")
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        nix::sys::signal::kill(pid, signal).expect("our child");
    }

    /// No more lines are taken; the handler finds its pipe without a reader.
    pub fn close_output(&mut self) {
        let (_, nothing) = sync_channel(0);
        self.lines = nothing;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that speaks JSON.
pub struct Page {
    pub client: Client,
    pub welcome: Value,
    /// Records of the history that came with the welcome.
    pub past: Vec<Value>,
}

impl Page {
    /// Of a handler that was started by hand.
    pub fn started(client: Client) -> Self {
        Self::new(client)
    }

    fn new(client: Client) -> Self {
        let mut page = Self {
            client,
            welcome: Value::Null,
            past: Vec::new(),
        };
        page.welcome = page.next().expect("a first message");
        if page.welcome["type"] == "welcome" {
            loop {
                let history = page.expect("history");
                page.past
                    .extend(history["records"].as_array().expect("records").clone());
                // Without `since` more of them are before; they do not come unasked.
                if history["more"] == false || history.get("since").is_none() {
                    break;
                }
            }
        }
        page
    }

    pub fn you(&self) -> String {
        self.welcome["you"].as_str().expect("a welcome").to_owned()
    }

    pub fn members(&self) -> Vec<String> {
        let members = self.welcome["members"].as_array().expect("members").iter();
        members
            .map(|member| member["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    pub fn send(&mut self, message: &Value) {
        self.client.send(&message.to_string());
    }

    pub fn say(&mut self, text: &str, msgid: &str) {
        self.send(&json!({"type": "say", "text": text, "msgid": msgid}));
    }

    /// A command, or a message that needs no ack.
    pub fn type_in(&mut self, text: &str) {
        self.send(&json!({"type": "say", "text": text}));
    }

    pub fn next(&mut self) -> Option<Value> {
        let line = self.client.line()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// The next message of this type.
    pub fn expect(&mut self, kind: &str) -> Value {
        self.find(|message| message["type"] == kind)
    }

    /// The next message that is wanted.
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

    /// Asks and waits for the answer: everything sent before has been dealt with then.
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

pub fn text_of(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}
