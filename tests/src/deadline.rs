//! The one patience of the suite.

use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what must happen. Generous: it is only reached when something is broken, and a
/// busy machine must not look broken.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Pause between two looks at a thing that announces nothing (`/proc`, a file another program writes).
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Looks at a thing that announces nothing until `look` finds it.
///
/// For everything that does announce itself (a log line, an exit, a message) wait for that instead.
///
/// # Panics
/// With `what` after [`DEADLINE`].
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            started.elapsed() < DEADLINE,
            "not within {DEADLINE:?}: {what}"
        );
        thread::sleep(LOOK_AGAIN);
    }
}
