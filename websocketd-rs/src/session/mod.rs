//! A session: an upgraded connection with its handler, from the 101 to the access line.

pub(crate) mod buffer;
pub mod decoder;
pub mod encoder;
pub mod end;
mod relay;
pub(crate) mod stderr;
mod teardown;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::config::SiteConfig;
use crate::logging::Fields;
use crate::net::Stream;
use crate::permit::ProgramPermit;
use crate::process::{Exit, Handler};
use end::End;
use relay::Relay;

/// A connection whose 101 has been written, with its running handler.
#[derive(Debug)]
pub struct Upgraded {
    /// The client.
    pub stream: Stream,
    /// Bytes that came after the request head: the beginning of the first frames.
    pub early: Vec<u8>,
    /// The program.
    pub handler: Handler,
    /// Held until the process is gone.
    pub permit: ProgramPermit,
    /// For the log lines of this session.
    pub fields: Fields,
    /// What holds for it: the daemon's settings, or those of its route.
    pub config: Arc<SiteConfig>,
}

/// Runs a session to its end: relay, close frame, terminate, reap, access line.
/// `stopping` is cancelled when the server goes down.
pub async fn run(session: Upgraded, stopping: &CancellationToken) -> End {
    let Upgraded {
        stream,
        early,
        handler,
        permit,
        mut fields,
        config,
    } = session;
    fields.access("session", "CONNECT");
    let Handler {
        pid,
        stdin,
        stdout,
        stderr,
        mut exit,
    } = handler;
    fields.pid = Some(pid);

    let mut relay = Relay::new(
        stream,
        &early,
        (stdin, stdout, stderr),
        &config.session,
        &fields,
    );
    drop(early);
    let end = tokio::select! {
        biased;
        end = relay.run() => end,
        () = stopping.cancelled() => End::ServerStopping,
    };
    tear_down(end, relay, pid, &mut exit, &config).await;
    drop(permit);

    if let Some((level, remark)) = end.remark() {
        fields.log(level, "session", remark);
    }
    fields.access("session", "DISCONNECT");
    end
}

/// Boxed: an idle session should not hold the room that its end takes.
async fn tear_down(end: End, relay: Relay<'_>, pid: u32, exit: &mut Exit, config: &SiteConfig) {
    Box::pin(teardown::run(end, relay, pid, exit, config)).await;
}
