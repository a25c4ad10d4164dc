//! What the spawner does when the daemon is gone.

use std::time::{Duration, Instant};

use super::children::Children;
use super::strays::Strays;
use crate::process::terminate::{self, LADDER};

/// How often a spawner that lost its daemon looks whether its programs are gone.
const ORPHAN_POLL: Duration = Duration::from_millis(20);

/// How long a spawner that lost its daemon waits for what left the groups of its programs, after they have gone.
const STRAYS_TIMEOUT: Duration = Duration::from_millis(700);

/// The daemon died without ending its handlers: their stdin is closed by that, the ladder does the rest, and then what left
/// their groups ends.
pub(super) fn end_orphans(children: &mut Children, strays: &mut Strays) {
    let start = Instant::now();
    let groups = children.ids();
    strays.on_end_of_all();
    end_groups(&groups, children, start);
    let start = Instant::now();
    strays.look(|pid| children.contains(pid));
    while !strays.is_empty() && start.elapsed() < STRAYS_TIMEOUT {
        std::thread::sleep(ORPHAN_POLL);
        strays.look_if_due(|pid| children.contains(pid));
        let _ = children.sweep(&mut |_| Ok(()));
    }
}

fn end_groups(groups: &[u32], children: &mut Children, start: Instant) {
    // The daemon, which would get the report, is gone.
    let mut report = |_| Ok(());
    for (signal, after) in LADDER {
        while start.elapsed() < after {
            let _ = children.sweep(&mut report);
            if groups.iter().all(|group| !terminate::group_exists(*group)) {
                return;
            }
            std::thread::sleep(ORPHAN_POLL);
        }
        for group in groups {
            terminate::send(*group, signal);
        }
    }
    let _ = children.sweep(&mut report);
}
