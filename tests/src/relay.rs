//! A chat-relay beside a chat.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::deadline::eventually;
use crate::under_test::beside;

/// The section of chat.ini of a machine that is its own engine.
pub const SECTION: &str = "[cluster]\nNODE=one\nENGINE=local\nSEND_TIMEOUT=30\n\n";

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
        let program = Command::new(beside("chat-relay"));
        Self::start_by(program, &base.join("chat.ini"), base)
    }

    /// The same by another command, with another place of chat.ini.
    #[track_caller]
    pub fn start_by(mut program: Command, ini: &Path, base: &Path) -> Self {
        let child = program
            .arg("--config")
            .arg(ini)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the relay starts");
        // Ended also when it does not come up.
        let mut relay = Self { child };
        let up = base.join("run/relay/up");
        eventually("the relay is up", || {
            let ended = relay.child.try_wait().expect("our child");
            assert!(ended.is_none(), "the relay has ended: {ended:?}");
            up.exists().then_some(())
        });
        relay
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
