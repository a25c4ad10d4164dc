//! What the spawner does when the daemon is gone.

use std::time::{Duration, Instant};

use super::children::Children;
use super::strays::Strays;
use crate::process::terminate::{self, LADDER};

/// How often a spawner that lost its daemon looks whether its programs are gone.
const ORPHAN_POLL: Duration = Duration::from_millis(20);

/// How long a spawner that lost its daemon waits for programs that it has killed.
const KILL_TIMEOUT: Duration = Duration::from_millis(500);

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
    for (signal, after) in LADDER {
        if are_gone_before(start + after, groups, children) {
            return;
        }
        for group in groups {
            terminate::send(*group, signal);
        }
    }
    // What is killed is not gone at once, and until then what it leaves behind is not seen.
    are_gone_before(Instant::now() + KILL_TIMEOUT, groups, children);
}

fn are_gone_before(deadline: Instant, groups: &[u32], children: &mut Children) -> bool {
    while Instant::now() < deadline {
        // The daemon, which would get the report, is gone.
        let _ = children.sweep(&mut |_| Ok(()));
        if groups.iter().all(|group| !terminate::group_exists(*group)) {
            return true;
        }
        std::thread::sleep(ORPHAN_POLL);
    }
    false
}
