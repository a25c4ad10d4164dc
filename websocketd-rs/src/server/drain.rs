//! Stopping: every connection ends, in bounded time.

use std::time::Duration;

use tokio::time::timeout;

use super::Server;
use super::notify::Notifier;
use crate::config::Level;
use crate::logging::log;
use crate::shutdown::{Order, Signals};

/// How long the drain waits for connections beyond the grace of their programs and `--closems`: the termination ladder (850 ms)
/// and the last writes.
const DRAIN_MARGIN: Duration = Duration::from_secs(5);

impl Server<'_> {
    /// Ends all connections: each sees the token cancelled and ends itself. Bounded, and cut short by a second order to stop.
    pub(super) async fn drain(self, mut signals: Signals, mut notifier: Notifier) {
        self.stopping.cancel();
        self.tasks.close();
        self.shared.close();
        let all_ended = async { tokio::join!(self.tasks.wait(), self.shared.wait()) };
        let open = self.tasks.len();
        log(
            Level::Info,
            "server",
            &format!("Stopping: {open} connections to end"),
        );
        let bound = self.service.config.longest_end() + DRAIN_MARGIN;
        let stopped_again = async { while signals.next(true).await != Order::Stop {} };
        tokio::select! {
            ended = timeout(bound, all_ended) => if ended.is_err() {
                let left = self.tasks.len();
                let message = format!("Stopped with {left} connections that did not end in time");
                log(Level::Error, "server", &message);
            },
            () = async { loop { notifier.watch().await; } } => {}
            () = stopped_again => {
                let left = self.tasks.len();
                log(Level::Error, "server", &format!("Stopped at once with {left} connections"));
            }
        }
    }
}
