//! A chat-relay beside a chat. With `CHAT_CLUSTER=one` in the environment every chat of a test is a cluster of one
//! machine: what holds for one machine must hold for it, too.

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::deadline::eventually;
use crate::under_test::beside;

/// The section of chat.ini that a cluster of one has.
pub const SECTION: &str = "[cluster]\nNODE=one\nENGINE=local\nSEND_TIMEOUT=30\n\n";

/// Whether every chat is to be a cluster of one.
pub fn is_asked_for() -> bool {
    env::var_os("CHAT_CLUSTER").is_some_and(|value| value == "one")
}

/// A running chat-relay; killed when dropped.
#[derive(Debug)]
pub struct Relay {
    /// Its process.
    pub child: Child,
}

impl Relay {
    /// Starts that of the chat in `base`, and waits until it takes something.
    #[track_caller]
    pub fn start(base: &Path) -> Self {
        let child = Command::new(beside("chat-relay"))
            .arg("--config")
            .arg(base.join("chat.ini"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the relay starts");
        let up = base.join("run/relay/up");
        eventually("the relay is up", || up.exists().then_some(()));
        Self { child }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
