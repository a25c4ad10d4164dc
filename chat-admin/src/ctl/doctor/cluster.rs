//! A chat on several machines: what this one's relay says, and what it has heard of the others.

use super::sheet::Sheet;
use crate::relay_state::{self, SILENT};
use chat_handler::settings::Settings;

const CHECK: &str = "cluster";

pub(super) fn look(settings: &Settings, sheet: &mut Sheet) {
    let state = match relay_state::read(settings) {
        Ok(Some(state)) => state,
        Ok(None) => return sheet.unused(CHECK, "no [cluster]"),
        Err(error) => {
            let mend = "as root, or as the chat's user";
            return sheet.error(CHECK, format!("run/relay: {error}"), mend);
        }
    };
    let now = relay_state::now();
    match (&state.state[..], state.trouble(now)) {
        // Its service is looked at by another check.
        _ if !state.is_running => return sheet.unused(CHECK, "chat-relay does not run"),
        ("draining", _) => sheet.warn(
            CHECK,
            "this machine sends its people to the others",
            "chatctl cluster drain --undo",
        ),
        ("gap", _) => sheet.error(
            CHECK,
            "the engine no longer has what was said while this machine was away: it takes nothing",
            "chatctl cluster backfill, or accept-gap: docs/cluster.md",
        ),
        (_, Some(trouble)) => sheet.error(
            CHECK,
            format!("{}: {trouble}", state.node),
            "what stands in brackets, if anything does; docs/cluster.md, \"When it is not up\"",
        ),
        // What has just begun mends itself, or is trouble in a moment.
        ("away", None) => sheet.warn(CHECK, state.why.clone(), "look again in a few seconds"),
        _ => {}
    }
    let heard = relay_state::heard(&settings.run_dir).unwrap_or_default();
    for (name, one) in relay_state::by_name(&heard) {
        if one.silent(now) > SILENT {
            sheet.warn(
                CHECK,
                format!("nothing was heard of {name} for {} s", one.silent(now)),
                format!("chatctl cluster status on {name}; if it is gone for good, restart chat-relay here"),
            );
        }
    }
    let undone = relay_state::undone(settings).unwrap_or_default();
    if let Some(why) = undone.why {
        let what = undone.tasks;
        sheet.warn(
            CHECK,
            format!("{what} that all machines were told to forget are not forgotten here: {why}"),
            "when that is mended, chat-relay does it within an hour, or at once if it is restarted",
        );
    }
    let text = format!("{}: {}, engine {}", state.node, state.state, state.engine);
    sheet.good_unless_found(CHECK, text);
}
