//! Real handlers over real pipes, without a daemon: the pipe is the interface.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;

use nix::sys::signal::{Signal, kill};

use crate::chat::Files;
use crate::deadline::DEADLINE;
use crate::page::Page;
use crate::proc;
use crate::program::pid_of;
use crate::under_test::beside;

impl Files {
    /// The command of a handler that knows nothing but these files.
    pub fn command(&self) -> Command {
        let mut command = Command::new(beside("chat-handler"));
        command
            .arg("--config")
            .arg(self.ini())
            .env_clear()
            .env("TZ", "UTC0");
        command
    }

    /// A handler with these CGI variables.
    #[track_caller]
    pub fn start(&self, variables: &[(&str, &str)]) -> Handler {
        let mut command = self.command();
        command.envs(variables.iter().copied());
        Handler::start(command)
    }

    /// An anonymous page in `room` that wants to be called `nick`.
    #[track_caller]
    pub fn page(&self, room: &str, nick: &str) -> Page {
        self.page_with(room, &format!("nick={nick}"), "")
    }

    /// A page with more in its query string, and cookies.
    #[track_caller]
    pub fn page_with(&self, room: &str, query: &str, cookies: &str) -> Page {
        let (room, query) = (format!("/{room}"), format!("format=json&{query}"));
        Page::enter(self.start(&[
            ("PATH_INFO", &room),
            ("QUERY_STRING", &query),
            ("HTTP_COOKIE", cookies),
        ]))
    }

    /// A page that can be in many rooms, and is in none yet.
    #[track_caller]
    pub fn window(&self, query: &str, cookies: &str) -> Page {
        let query = format!("format=json&protocol=2&{query}");
        let mut page = Page::over(self.start(&[
            ("PATH_INFO", "/"),
            ("QUERY_STRING", &query),
            ("HTTP_COOKIE", cookies),
        ]));
        page.welcome = page.expect("hello");
        page
    }

    /// A page of 2016.
    #[track_caller]
    pub fn old_page(&self, room: &str, nick: &str) -> Handler {
        self.start(&[
            ("PATH_INFO", &format!("/{room}")),
            ("QUERY_STRING", &format!("nick={nick}")),
        ])
    }
}

/// A running handler; killed when dropped.
pub struct Handler {
    /// Its process.
    pub child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Handler {
    /// Starts it with pipes as stdin and stdout.
    #[track_caller]
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
        thread::spawn(move || {
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

    /// Sends a line.
    #[track_caller]
    pub fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("open");
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .expect("the handler reads");
    }

    /// Sends bytes from another thread, because nobody may read them for a while.
    pub fn send_aside(&mut self, bytes: Vec<u8>) -> thread::JoinHandle<()> {
        let mut stdin = self.stdin.take().expect("open");
        thread::spawn(move || {
            let _ = stdin.write_all(&bytes);
            // Kept open for a moment of its own: the end of input would end the handler.
            std::mem::forget(stdin);
        })
    }

    /// The next line; `None` at the end.
    ///
    /// # Panics
    /// When nothing comes before the deadline.
    #[track_caller]
    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the handler says nothing"),
        }
    }

    /// The next line that holds `part`.
    #[track_caller]
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
    #[track_caller]
    pub fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(line) = self.line() {
            rest.push(line);
        }
        rest
    }

    /// Hangs up; everything it still said.
    #[track_caller]
    pub fn leave(mut self) -> Vec<String> {
        self.hang_up();
        let rest = self.rest();
        assert!(self.wait().success());
        rest
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        proc::wait_until_ended(self.child.id());
        self.child.wait().expect("our child")
    }

    /// Memory that is the process's own: heap, stack, changed data.
    #[track_caller]
    pub fn anonymous_kib(&self) -> u64 {
        match proc::anonymous_kib(self.child.id()) {
            0 => panic!("the handler has ended"),
            kib => kib,
        }
    }

    /// Sends it a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill(pid_of(self.child.id()), signal).expect("our child");
    }

    /// No more lines are taken; the handler finds its pipe without a reader.
    pub fn close_output(&mut self) {
        let (_, nothing) = sync_channel(0);
        self.lines = nothing;
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
