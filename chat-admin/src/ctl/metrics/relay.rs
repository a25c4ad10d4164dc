//! This machine's relay, of a chat on several machines.

use std::io;

use super::page::{Kind, Page};
use crate::relay_state;
use chat_handler::settings::Settings;

/// What it can say of itself.
const STATES: [&str; 4] = ["up", "away", "gap", "draining"];

/// What goes up and down among what it counts.
const FILES_MISSING: &str = "files_missing";

/// Nothing without `[cluster]`.
pub(super) fn write(page: &mut Page, settings: &Settings) -> io::Result<()> {
    let Some(state) = relay_state::read(settings)? else {
        return Ok(());
    };
    let now = relay_state::now();
    page.one(
        Kind::Gauge,
        "relay_well",
        "Whether people should stay at this machine, as api/health says",
        u8::from(state.trouble(now).is_none()),
    );
    let states: Vec<_> = STATES
        .iter()
        .map(|known| (*known, u8::from(state.is_running && state.state == *known)))
        .collect();
    page.each(
        Kind::Gauge,
        "relay_state",
        "Whether its relay runs and is in this state",
        "state",
        &states,
    );
    let heard = relay_state::heard(&settings.run_dir)?;
    let machines = relay_state::by_name(&heard);
    let silent = machines.iter().map(|(name, one)| (*name, one.silent(now)));
    page.each(
        Kind::Gauge,
        "relay_machine_silent_seconds",
        "For how long nothing has been heard of a machine",
        "machine",
        &silent.collect::<Vec<_>>(),
    );
    let behind = machines
        .iter()
        .map(|(name, one)| (*name, one.behind(&heard)));
    page.each(
        Kind::Gauge,
        "relay_machine_behind_seconds",
        "How far a machine is behind the one that is furthest",
        "machine",
        &behind.collect::<Vec<_>>(),
    );
    if let Some(lag) = state.lag {
        page.one(
            Kind::Gauge,
            "relay_lag_seconds",
            "What its last sign of life took to the engine and back",
            lag,
        );
    }
    if let Some(seen) = state.tick_seen {
        page.one(
            Kind::Gauge,
            "relay_sign_timestamp_seconds",
            "When that came back, in seconds since 1970",
            seen,
        );
    }
    let missing = state.counters.get(FILES_MISSING).copied();
    page.one(
        Kind::Gauge,
        "relay_files_missing",
        "Files in messages that other machines have and this one has not got yet",
        missing.unwrap_or_default(),
    );
    page.one(
        Kind::Gauge,
        "relay_tasks_waiting",
        "What this machine was told to forget, as the others were, and has not forgotten yet",
        relay_state::undone(settings)?.tasks,
    );
    let counters = state.counters.iter();
    let counters: Vec<_> = counters
        .filter(|(what, _)| *what != FILES_MISSING)
        .map(|(what, count)| (what.as_str(), count))
        .collect();
    page.each(
        Kind::Counter,
        "relay",
        "What the relay has counted since it was started: taken, refused, applied, late and so on",
        "what",
        &counters,
    );
    Ok(())
}
