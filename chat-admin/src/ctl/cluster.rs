//! A chat on several machines: how this one's relay is, which machine is behind, and what it is to do.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::Failure;
use super::report::{Report, table};
use crate::relay_state::{self, Heard, Lacking, RelayState, SILENT, Undone};
use chat_handler::settings::Settings;
use chat_store::fs::file;

mod backfill;

/// People go within this time, in seconds.
const OVER: u32 = 60;
/// The exit status of what is not well (as of what is refused).
const NOT_WELL: u8 = 1;

/// What is wanted of it.
#[derive(Debug, Clone, clap::Subcommand)]
pub(super) enum ClusterCommand {
    /// How this machine's relay is; exit status 1 if people should be sent to other machines
    Status,
    /// What was heard of each machine: when, and how far it is behind
    Nodes,
    /// What a message takes to the engine and back, in seconds
    Lag {
        /// Exit status 1 if it takes longer, in seconds
        #[arg(long, value_name = "SECONDS")]
        most: Option<f64>,
    },
    /// Send this machine's people to the others
    Drain {
        /// Over which time, in seconds
        #[arg(long, value_name = "SECONDS", default_value_t = OVER, value_parser = clap::value_parser!(u32).range(1..=3600))]
        over: u32,
        /// Let them come again
        #[arg(long, conflicts_with = "over")]
        undo: bool,
    },
    /// Take what this machine has missed from a copy of another's `BASE_DIR`; chat-relay and the daemon must be stopped
    Backfill {
        /// The copy
        dir: PathBuf,
    },
    /// Go on although records are missing that the engine does not have any more
    AcceptGap,
}

impl ClusterCommand {
    /// What changes something, as it would be typed.
    pub(super) fn deed(&self) -> Option<String> {
        Some(match self {
            Self::Drain { undo: true, .. } => "cluster drain --undo".to_owned(),
            Self::Drain { over, .. } => format!("cluster drain --over={over}"),
            Self::Backfill { dir } => format!("cluster backfill {}", dir.display()),
            Self::AcceptGap => "cluster accept-gap".to_owned(),
            Self::Status | Self::Nodes | Self::Lag { .. } => return None,
        })
    }
}

pub(super) fn run(settings: &Settings, wish: &ClusterCommand) -> Result<Report, Failure> {
    let (Some(state), Some(cluster)) = (relay_state::read(settings)?, settings.machine()) else {
        return Err(Failure::Config(format!(
            "{}: there is no section [cluster]",
            settings.source.display()
        )));
    };
    match wish {
        ClusterCommand::Status => {
            let lacking = relay_state::lacking(settings)?;
            Ok(status(&state, &lacking, &relay_state::undone(settings)?))
        }
        ClusterCommand::Nodes => Ok(nodes(&relay_state::heard(&settings.run_dir)?)),
        ClusterCommand::Lag { most } => lag(&state, *most),
        ClusterCommand::Drain { undo: true, .. } => {
            match std::fs::remove_file(cluster.drain()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error)?,
                _ => {}
            }
            Ok(done("people may come again"))
        }
        ClusterCommand::Drain { over, .. } => {
            cluster.create()?;
            file::swap(&cluster.drain(), format!("{over}\n").as_bytes())?;
            Ok(done(&format!(
                "people go to other machines within {over} s"
            )))
        }
        ClusterCommand::Backfill { dir } => backfill::run(settings, &state, dir),
        ClusterCommand::AcceptGap if state.state != "gap" => {
            Err(Failure::Refused("nothing is missing here".to_owned()))
        }
        ClusterCommand::AcceptGap => {
            file::swap(&cluster.run.join("accept-gap"), b"")?;
            Ok(done("the relay goes on with what the engine has"))
        }
    }
}

fn done(text: &str) -> Report {
    Report::new(text, json!({ "done": true }))
}

fn status(state: &RelayState, lacking: &Lacking, undone: &Undone) -> Report {
    let now = relay_state::now();
    let trouble = state.trouble(now);
    let mut text = format!("{}: {}", state.node, state.state);
    if state.since > 0 {
        let _ = write!(text, " for {} s", now.saturating_sub(state.since));
    }
    let _ = write!(text, ", engine {}", state.engine);
    if let Some(lag) = state.lag {
        let _ = write!(text, ", {lag} s there and back");
    }
    let counted = |(key, count): (&String, &u64)| format!("{key} {count}");
    let counted: Vec<_> = state.counters.iter().map(counted).collect();
    if !counted.is_empty() {
        let _ = write!(text, "\nsince its start: {}", counted.join(", "));
    }
    if lacking.files > 0 {
        let Lacking { files, bytes, .. } = lacking;
        let _ = write!(
            text,
            "\nfiles of messages that are not here yet: {files} ({bytes} bytes)"
        );
    }
    if undone.tasks > 0 {
        let tasks = undone.tasks;
        let _ = write!(
            text,
            "\nnot forgotten here yet: {tasks} that others were told to"
        );
        if let Some(why) = &undone.why {
            let _ = write!(text, "; it failed, and is tried again: {why}");
        }
    }
    if let Some(trouble) = &trouble {
        let _ = write!(text, "\nnot well: {trouble}");
    }
    let report = Report::new(
        text,
        json!({
            "running": state.is_running,
            "state": state.state,
            "since": state.since,
            "node": state.node,
            "engine": state.engine,
            "lag": state.lag,
            "trouble": trouble,
            "counters": state.counters,
            "missing": { "files": lacking.files, "bytes": lacking.bytes },
            "tasks": { "waiting": undone.tasks, "failed": undone.why },
        }),
    );
    if trouble.is_some() {
        report.exits(NOT_WELL)
    } else {
        report
    }
}

fn lag(state: &RelayState, most: Option<f64>) -> Result<Report, Failure> {
    let Some(lag) = state.lag.filter(|_| state.is_running) else {
        return Err(Failure::Missing(
            "no sign of life has come back yet".to_owned(),
        ));
    };
    let report = Report::new(
        format!("{lag}"),
        json!({ "lag": lag, "state": state.state }),
    );
    let is_long = most.is_some_and(|most| lag > most) || state.state == "away";
    Ok(if is_long {
        report.exits(NOT_WELL)
    } else {
        report
    })
}

/// How it looks from here: a machine that is cut off has heard of nobody else for long.
fn nodes(heard: &[Heard]) -> Report {
    let now = relay_state::now();
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (name, one) in relay_state::by_name(heard) {
        let (silent, behind) = (one.silent(now), one.behind(heard));
        let state = if silent > SILENT { "silent" } else { "there" };
        rows.push(vec![
            name.to_owned(),
            state.to_owned(),
            format!("{silent} s ago"),
            format!("{behind} s"),
            one.node.clone(),
        ]);
        values.push(json!({ "node": name, "incarnation": one.node, "state": state, "silent": silent, "behind": behind }));
    }
    let columns = ["NODE", "STATE", "HEARD", "BEHIND", "INCARNATION"];
    Report::new(table(&columns, &rows), json!(values))
}
