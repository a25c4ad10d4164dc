//! `[cluster]`: what people say goes through this machine's relay, as it must on several machines. So far the relay
//! itself is the only engine.

use std::time::Duration;

/// What puts the records of all machines in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// This machine's relay, because there is no other machine.
    Local,
}

/// A site's part on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// What this machine is called; another one in each machine's file.
    pub node: String,
    /// What puts everything in order.
    pub engine: Engine,
    /// How long somebody waits for what they have sent.
    pub send_timeout: Duration,
}

/// The longest name of a machine.
const MAX_NODE: usize = 32;
impl Default for Cluster {
    fn default() -> Self {
        Self {
            node: String::new(),
            engine: Engine::Local,
            send_timeout: Duration::from_secs(5),
        }
    }
}

/// A key of `[cluster]`: its name, what is allowed, what it does, and where its value goes.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) allowed: &'static str,
    set: fn(&mut Cluster, &str) -> Option<()>,
}

/// All keys of `[cluster]`.
pub(super) const KEYS: [Key; 3] = [
    Key {
        name: "NODE",
        allowed: "a name of a-z, 0-9 and -, of at most 32 characters, another one on each machine",
        set: |it, value| {
            it.node = node(value)?;
            Some(())
        },
    },
    Key {
        name: "ENGINE",
        allowed: "local",
        set: |it, value| {
            it.engine = (value == "local").then_some(Engine::Local)?;
            Some(())
        },
    },
    Key {
        name: "SEND_TIMEOUT",
        allowed: "seconds from 1 to 30",
        set: |it, value| {
            let seconds = value
                .parse()
                .ok()
                .filter(|seconds| (1..=30).contains(seconds));
            it.send_timeout = Duration::from_secs(seconds?);
            Some(())
        },
    },
];

impl Cluster {
    /// Takes the section's keys; gives what is wrong, and with which.
    pub(super) fn read<'a>(&mut self, keys: &'a ini::Properties) -> Vec<(Option<&'a str>, String)> {
        let mut wrong = Vec::new();
        for (key, value) in keys {
            wrong.extend(
                self.set(key, value.trim())
                    .err()
                    .map(|words| (Some(key), words)),
            );
        }
        if self.node.is_empty() {
            let words =
                "NODE is missing in [cluster]; write NODE=NAME, another one on each machine";
            wrong.push((None, words.to_owned()));
        }
        wrong
    }

    /// Sets a key.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let Some(known) = KEYS.iter().find(|known| known.name == key) else {
            let names: Vec<_> = KEYS.iter().map(|known| known.name).collect();
            return Err(format!(
                "unknown key {key:?} in [cluster]; allowed keys: {}",
                names.join(", ")
            ));
        };
        (known.set)(self, value)
            .ok_or_else(|| format!("{key}={value:?} is not allowed; allowed: {}", known.allowed))
    }
}

fn node(value: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=MAX_NODE).contains(&value.len());
    (fits && value.bytes().all(good)).then(|| value.to_owned())
}
