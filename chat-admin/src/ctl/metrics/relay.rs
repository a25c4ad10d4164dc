//! This machine's relay, of a chat on several machines.

use std::io;

use super::page::{Kind, Page};
use crate::relay_state;
use chat_handler::settings::Settings;

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
    let counters = state.counters.iter();
    let counters: Vec<_> = counters
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
