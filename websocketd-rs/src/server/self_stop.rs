//! When the server stops by itself: `--once` and `--exit-when-idle`.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tokio_util::task::TaskTracker;

use crate::config::Limits;

/// Looks at the connections within the time that the server may be idle: so late a stop may be, in parts of that time.
const LOOKS: u32 = 10;

/// What stops the server without a signal.
#[derive(Debug)]
pub(super) struct SelfStop {
    /// Notified by each session that has ended; `None` without `--once`.
    ended: Option<Arc<Notify>>,
    idle: Option<Idle>,
}

#[derive(Debug)]
struct Idle {
    limit: Duration,
    looks: Interval,
    /// When a connection was last seen.
    busy: Instant,
}

impl SelfStop {
    /// Must be called inside the runtime. `ended` is notified by each session that has ended.
    pub(super) fn new(limits: &Limits, ended: &Arc<Notify>) -> Self {
        let idle = limits.exit_when_idle.map(|limit| {
            let mut looks = interval((limit / LOOKS).max(Duration::from_millis(1)));
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Idle {
                limit,
                looks,
                busy: Instant::now(),
            }
        });
        Self {
            ended: limits.once.then(|| Arc::clone(ended)),
            idle,
        }
    }

    /// Waits until the server is to stop, and says why; `connections` are its open ones. Cancel safe.
    pub(super) async fn due(&mut self, connections: &TaskTracker) -> &'static str {
        let Self { ended, idle } = self;
        let once = async {
            match ended {
                Some(ended) => ended.notified().await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = once => "The session of --once has ended",
            () = idle_for_too_long(idle.as_mut(), connections) => "No connection for --exit-when-idle",
        }
    }
}

async fn idle_for_too_long(idle: Option<&mut Idle>, connections: &TaskTracker) {
    let Some(idle) = idle else {
        return pending().await;
    };
    loop {
        idle.looks.tick().await;
        if !connections.is_empty() {
            idle.busy = Instant::now();
        } else if idle.busy.elapsed() >= idle.limit {
            return;
        }
    }
}
