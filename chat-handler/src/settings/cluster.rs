//! `[cluster]`: what people say goes through this machine's relay, as it must on several machines, and what puts the
//! records of all machines in order.

use std::path::{Path, PathBuf};
use std::time::Duration;

mod address;

pub use address::Address;

/// What puts the records of all machines in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// This machine's relay, because there is no other machine.
    Local,
    /// A server that speaks Redis' protocol.
    Redis(Address),
}

/// A site's part on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// What this machine is called; another one in each machine's file.
    pub node: String,
    /// What puts everything in order.
    pub engine: Engine,
    /// As whom the engine knows this site; none: Redis' `default`.
    pub user: Option<String>,
    /// The file with the password at the engine. Read by the relay alone.
    pub password_file: Option<PathBuf>,
    /// The certificates that are believed for the engine; none: the system's.
    pub ca_file: Option<PathBuf>,
    /// Copies of the engine that must have a record before anybody is shown it.
    pub replicas: u32,
    /// How long the engine keeps what all machines have written.
    pub keep: Duration,
    /// How long somebody waits for what they have sent.
    pub send_timeout: Duration,
}

/// The longest name of a machine.
const MAX_NODE: usize = 32;
/// An hour and a day, in seconds.
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// More than anybody has: a number that is a mistake would let nobody speak.
const MAX_REPLICAS: u32 = 8;

impl Default for Cluster {
    fn default() -> Self {
        Self {
            node: String::new(),
            engine: Engine::Local,
            user: None,
            password_file: None,
            ca_file: None,
            replicas: 0,
            keep: Duration::from_secs(DAY),
            send_timeout: Duration::from_secs(5),
        }
    }
}

/// A key of `[cluster]`: its name, what is allowed, what it does, and where its value goes.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) allowed: &'static str,
    set: fn(&mut Cluster, &Path, &str) -> Option<()>,
}

/// All keys of `[cluster]`.
pub(super) const KEYS: [Key; 8] = [
    Key {
        name: "NODE",
        allowed: "a name of a-z, 0-9 and -, of at most 32 characters, another one on each machine",
        set: |it, _, value| {
            it.node = node(value)?;
            Some(())
        },
    },
    Key {
        name: "ENGINE",
        allowed: address::ALLOWED,
        set: |it, _, value| {
            it.engine = match value {
                "local" => Engine::Local,
                _ => Engine::Redis(Address::parse(value)?),
            };
            Some(())
        },
    },
    Key {
        name: "ENGINE_USER",
        allowed: "the name of a user of the engine, without blanks, or nothing",
        set: |it, _, value| {
            let good = |byte: u8| byte.is_ascii_graphic();
            (value.len() <= 64 && value.bytes().all(good)).then_some(())?;
            it.user = (!value.is_empty()).then(|| value.to_owned());
            Some(())
        },
    },
    Key {
        name: "ENGINE_PASSWORD_FILE",
        allowed: "a file, absolute or relative to this one, or nothing",
        set: |it, folder, value| set_path(&mut it.password_file, folder, value),
    },
    Key {
        name: "ENGINE_CA_FILE",
        allowed: "a file with certificates (PEM), absolute or relative to this one, or nothing",
        set: |it, folder, value| set_path(&mut it.ca_file, folder, value),
    },
    Key {
        name: "ENGINE_REPLICAS",
        allowed: "a number from 0 to 8",
        set: |it, _, value| {
            it.replicas = value.parse().ok().filter(|&count| count <= MAX_REPLICAS)?;
            Some(())
        },
    },
    Key {
        name: "KEEP",
        allowed: "a time from 1h to 30d, like 24h or 7d",
        set: |it, _, value| {
            it.keep = keep(value)?;
            Some(())
        },
    },
    Key {
        name: "SEND_TIMEOUT",
        allowed: "seconds from 1 to 30",
        set: |it, _, value| {
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
    /// Takes the section's keys; gives what is wrong, and with which. `folder` is where relative paths start.
    pub(super) fn read<'a>(
        &mut self,
        keys: &'a ini::Properties,
        folder: &Path,
    ) -> Vec<(Option<&'a str>, String)> {
        let mut wrong = Vec::new();
        for (key, value) in keys {
            wrong.extend(
                self.set(key, folder, value.trim())
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
    fn set(&mut self, key: &str, folder: &Path, value: &str) -> Result<(), String> {
        let Some(known) = KEYS.iter().find(|known| known.name == key) else {
            let names: Vec<_> = KEYS.iter().map(|known| known.name).collect();
            return Err(format!(
                "unknown key {key:?} in [cluster]; allowed keys: {}",
                names.join(", ")
            ));
        };
        (known.set)(self, folder, value)
            .ok_or_else(|| format!("{key}={value:?} is not allowed; allowed: {}", known.allowed))
    }
}

fn node(value: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=MAX_NODE).contains(&value.len());
    (fits && value.bytes().all(good)).then(|| value.to_owned())
}

fn set_path(path: &mut Option<PathBuf>, folder: &Path, value: &str) -> Option<()> {
    let usable = !value.contains('\0');
    *path = (!value.is_empty()).then(|| folder.join(value));
    usable.then_some(())
}

fn keep(value: &str) -> Option<Duration> {
    let (count, unit) = match value.strip_suffix('h') {
        Some(count) => (count, HOUR),
        None => (value.strip_suffix('d')?, DAY),
    };
    let seconds = count.parse::<u64>().ok()?.checked_mul(unit)?;
    let fits = (HOUR..=30 * DAY).contains(&seconds);
    fits.then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Cluster, Vec<String>) {
        let ini = ini::Ini::load_from_str(text).unwrap();
        let mut cluster = Cluster::default();
        let keys = ini.section(None::<String>).unwrap();
        let wrong = cluster.read(keys, Path::new("/etc/chat")).into_iter();
        let words = wrong.map(|(_, words)| words).collect();
        (cluster, words)
    }

    #[test]
    fn an_engine_and_how_it_lets_us_in_are_read() {
        let (cluster, wrong) = read(
            "NODE=one\nENGINE=rediss://engine:6380\nENGINE_USER=chat\nENGINE_PASSWORD_FILE=engine.password\n\
             ENGINE_CA_FILE=/etc/ca.pem\nENGINE_REPLICAS=1\nKEEP=2d\n",
        );
        assert!(wrong.is_empty(), "{wrong:?}");
        let (host, port) = ("engine".to_owned(), 6380);
        let tls = true;
        let wanted = Cluster {
            node: "one".to_owned(),
            engine: Engine::Redis(Address::Tcp { host, port, tls }),
            user: Some("chat".to_owned()),
            password_file: Some("/etc/chat/engine.password".into()),
            ca_file: Some("/etc/ca.pem".into()),
            replicas: 1,
            keep: Duration::from_secs(2 * DAY),
            ..Cluster::default()
        };
        assert_eq!(cluster, wanted);
    }

    #[test]
    fn what_is_not_allowed_is_told_with_what_is() {
        for line in [
            "ENGINE=redis://u:p@host",
            "ENGINE_USER=a b",
            "ENGINE_REPLICAS=9",
            "ENGINE_REPLICAS=-1",
            "KEEP=59m",
            "KEEP=31d",
            "KEEP=0h",
            "SEND_TIMEOUT=0",
        ] {
            let (_, wrong) = read(&format!("NODE=one\n{line}\n"));
            assert!(
                wrong.len() == 1 && wrong[0].contains("allowed: "),
                "{line}: {wrong:?}"
            );
        }
    }
}
