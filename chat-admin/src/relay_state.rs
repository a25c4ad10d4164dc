//! How this machine's relay is, as it says itself in `run/relay/`: for the administrator, and for who asks whether people
//! could chat right now.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_handler::settings::{Engine, Settings};
use chat_store::cluster::tasks;
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::record::RecordId;
use rustix::fs::OFlags;

/// The most that is read of a file there, in bytes.
const MAX_BYTES: u64 = 64 * 1024;
/// Another engine is chosen within this time: only what lasts longer is trouble.
const AWAY: u64 = 10;
/// Signs of life come every 5 s, by the way that messages come.
pub(crate) const SILENT: u64 = 15;

/// How it is.
#[derive(Debug, Default)]
pub(crate) struct RelayState {
    /// Whether a chat-relay runs.
    pub(crate) is_running: bool,
    /// `up`, `away`, `gap` or `draining`; empty if it never said so.
    pub(crate) state: String,
    /// Since when, in Unix seconds.
    pub(crate) since: u64,
    /// This machine's incarnation.
    pub(crate) node: String,
    /// The engine that it is connected to.
    pub(crate) engine: String,
    /// The last trouble.
    pub(crate) why: String,
    /// What its own sign of life took to come back, in seconds.
    pub(crate) lag: Option<f64>,
    /// When the last one came back, in Unix seconds.
    pub(crate) tick_seen: Option<u64>,
    /// What it has counted since it was started.
    pub(crate) counters: BTreeMap<String, u64>,
}

/// What was heard of a machine last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Its incarnation.
    pub(crate) node: String,
    /// When, as an id.
    pub(crate) at: RecordId,
    /// What it had written last by then.
    pub(crate) applied: RecordId,
}

/// That of the chat; `None` if it has no `[cluster]`.
///
/// # Errors
/// Those of reading the files.
pub(crate) fn read(settings: &Settings) -> io::Result<Option<RelayState>> {
    let Some(cluster) = &settings.cluster else {
        return Ok(None);
    };
    let run = settings.run_dir.join("relay");
    let text = file::read_whole(&run.join("state"), MAX_BYTES)?;
    let mut state = parse(&String::from_utf8_lossy(&text));
    state.is_running = is_locked(&run.join("lock"))?;
    let is_draining = run.join("drain").exists();
    if matches!(cluster.engine, Engine::Local) {
        let is_up = run.join("up").exists();
        "local".clone_into(&mut state.engine);
        if is_up { "up" } else { "away" }.clone_into(&mut state.state);
        state.node.clone_from(&cluster.node);
    }
    if is_draining && state.state == "up" {
        "draining".clone_into(&mut state.state);
    }
    Ok(Some(state))
}

/// What this machine has heard of each, itself included.
///
/// # Errors
/// Those of reading the file.
pub(crate) fn heard(run: &Path) -> io::Result<Vec<Heard>> {
    let text = file::read_whole(&run.join("relay/nodes"), MAX_BYTES)?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some(Heard {
            node: words.next()?.to_owned(),
            at: RecordId::parse(words.next()?.as_bytes())?,
            applied: RecordId::parse(words.next()?.as_bytes())?,
        })
    });
    Ok(lines.collect())
}

/// Files that messages name and that are not on this machine yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// How many.
    pub(crate) files: usize,
    /// How many of them belong to messages that were said more than [`FETCHED`] ago.
    pub(crate) overdue: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// What messages have comes within this time, in seconds, if a machine that has it is there.
pub(crate) const FETCHED: u64 = 600;

/// What is missing here; nothing without `[cluster]`.
///
/// # Errors
/// Those of reading the relay's notes.
pub(crate) fn lacking(settings: &Settings) -> io::Result<Lacking> {
    let mut lacking = Lacking::default();
    let Some(cluster) = settings.dirs().cluster else {
        return Ok(lacking);
    };
    let due = RecordId::from_micros(now().saturating_sub(FETCHED) * 1_000_000);
    for (_, missing) in cluster.all_missing()? {
        lacking.files += 1;
        lacking.overdue += usize::from(missing.message < due);
        lacking.bytes += missing.size;
    }
    Ok(lacking)
}

/// What other machines were told to do and have done, and this one has not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Undone {
    /// How much.
    pub(crate) tasks: usize,
    /// Why the last that was tried failed, if it did.
    pub(crate) why: Option<String>,
}

/// What is to be done here; nothing without `[cluster]`.
///
/// # Errors
/// Those of reading the relay's notes.
pub(crate) fn undone(settings: &Settings) -> io::Result<Undone> {
    let dirs = settings.dirs();
    let Some(cluster) = &dirs.cluster else {
        return Ok(Undone::default());
    };
    Ok(Undone {
        tasks: tasks::all(&dirs)?.len(),
        why: tasks::failed(cluster)?,
    })
}

/// What was heard of each machine, by its name. Of one whose spool was wiped, or that has another disk now, the last
/// incarnation counts.
pub(crate) fn by_name(heard: &[Heard]) -> BTreeMap<&str, &Heard> {
    let mut last: BTreeMap<&str, &Heard> = BTreeMap::new();
    for one in heard {
        let name = one.node.split('~').next().unwrap_or_default();
        let known = last.entry(name).or_insert(one);
        if known.at < one.at {
            *known = one;
        }
    }
    last
}

/// Now, in Unix seconds.
pub(crate) fn now() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH);
    passed.unwrap_or(Duration::ZERO).as_secs()
}

impl Heard {
    /// For how long nothing has been heard of it, in seconds.
    pub(crate) fn silent(&self, now: u64) -> u64 {
        let now = now.saturating_mul(1_000_000);
        now.saturating_sub(self.at.as_micros()) / 1_000_000
    }

    /// How far it is behind the one that is furthest, in seconds.
    pub(crate) fn behind(&self, heard: &[Self]) -> f64 {
        let ahead = heard.iter().map(|it| it.applied.as_micros()).max();
        let behind = ahead
            .unwrap_or_default()
            .saturating_sub(self.applied.as_micros());
        // Milliseconds: exact as a float for centuries.
        f64::from(u32::try_from(behind / 1000).unwrap_or(u32::MAX)) / 1000.0
    }
}

impl RelayState {
    /// Why people should be sent to another machine, if they should.
    pub(crate) fn trouble(&self, now: u64) -> Option<String> {
        let lasted = now.saturating_sub(self.since);
        if !self.is_running {
            return Some("chat-relay does not run".to_owned());
        }
        match &self.state[..] {
            "gap" => Some("records are missing that the engine does not have any more".to_owned()),
            "draining" => Some("people are to go to other machines".to_owned()),
            "away" if lasted > AWAY => Some(format!(
                "cut off from the engine for {lasted} s: {}",
                self.why
            )),
            "" => Some("chat-relay has not said how it is".to_owned()),
            "up" if self.engine != "local" && lasted > SILENT => {
                let silent = now.saturating_sub(self.tick_seen.unwrap_or(self.since));
                (silent > SILENT)
                    .then(|| format!("its own sign of life did not come back for {silent} s"))
            }
            _ => None,
        }
    }
}

fn parse(text: &str) -> RelayState {
    let mut state = RelayState::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
        let value = value.trim();
        match key {
            "state" => value.clone_into(&mut state.state),
            "since" => state.since = value.parse().unwrap_or_default(),
            "node" => value.clone_into(&mut state.node),
            "engine" => value.clone_into(&mut state.engine),
            "why" => value.clone_into(&mut state.why),
            "lag" => state.lag = value.parse().ok(),
            "tick_seen" => state.tick_seen = value.parse().ok(),
            _ => {
                if let Ok(count) = value.parse() {
                    state.counters.insert(key.to_owned(), count);
                }
            }
        }
    }
    state
}

/// Whether somebody holds this lock.
fn is_locked(path: &Path) -> io::Result<bool> {
    match file::open(path, OFlags::RDWR) {
        Ok((file, _)) => Ok(!lock::try_hold(&file, Share::Shared)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> RelayState {
        RelayState {
            is_running: true,
            ..parse(text)
        }
    }

    #[test]
    fn what_lasts_is_trouble_and_what_mends_itself_is_not() {
        let text = "state up\nsince 1000\nnode one~1\nengine redis://10.0.0.1:6379\nlag 0.004\ntick_seen 1100\ntaken 7\n";
        let up = state(text);
        assert_eq!((up.lag, up.counters["taken"]), (Some(0.004), 7));
        assert_eq!(up.trouble(1110), None);
        assert_eq!(up.trouble(1115), None);
        // A reader that is stuck says that it is up.
        assert!(up.trouble(1116).unwrap().contains("16 s"));
        let away = state("state away\nsince 1000\nwhy Connection refused\n");
        assert_eq!(away.trouble(1010), None);
        assert!(away.trouble(1011).unwrap().contains("Connection refused"));
        assert!(state("state gap\nsince 1\n").trouble(1).is_some());
        assert!(state("state draining\nsince 1\n").trouble(1).is_some());
        assert!(state("").trouble(1).is_some());
        let local = state("state up\nengine local\n");
        assert_eq!(local.trouble(1_000_000), None);
        let gone = RelayState {
            is_running: false,
            ..state(text)
        };
        assert_eq!(gone.trouble(1101).unwrap(), "chat-relay does not run");
    }
}
