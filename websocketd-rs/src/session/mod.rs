//! A session: an upgraded connection with its program, from the 101 to the access line.
//!
//! An end knows its protocol, a joint knows how ends meet: [`client`] speaks WebSocket, `process::Program` is the other end,
//! [`framing`] says how messages stand in a program's bytes, and [`join`] brings one client and one program together. Other
//! joints stand beside it, over the same ends.

pub mod client;
pub mod end;
pub mod framing;
mod join;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::{Level, SiteConfig};
use crate::logging::Fields;
use crate::net::Stream;
use crate::permit::ProgramPermit;
use crate::process::{Ended, Program};
use client::Client;
use end::End;
use join::Join;

/// How long a program that has closed its output may take to exit before the client gets its close frame:
/// its status decides the code. Usually it is there at once; one that lingers has said all it wanted to.
const STATUS_TIMEOUT: Duration = Duration::from_millis(100);

/// A connection whose 101 has been written, with its running program.
#[derive(Debug)]
pub struct Upgraded {
    /// The client.
    pub stream: Stream,
    /// Bytes that came after the request head: the beginning of the first frames.
    pub early: Vec<u8>,
    /// The program.
    pub program: Program,
    /// Held until the process is gone.
    pub permit: ProgramPermit,
    /// For the log lines of this session.
    pub fields: Fields,
    /// What holds for it: the daemon's settings, or those of its route.
    pub config: Arc<SiteConfig>,
}

/// Runs a session to its end: join, close frame, terminate, reap, access line.
/// `stopping` is cancelled when the server goes down.
#[expect(
    clippy::manual_async_fn,
    reason = "a block uses what it captures in place; an async fn that takes its argument apart has room for it twice"
)]
pub fn run(mut session: Upgraded, stopping: &CancellationToken) -> impl Future<Output = End> {
    async move {
        session.fields.pid = Some(session.program.pid());
        session.fields.access("session", "CONNECT");

        let settings = &session.config.session;
        let form = framing::to_program(settings.framing);
        let mut client = Client::new(session.stream, &session.early, form, settings);
        drop(std::mem::take(&mut session.early));
        let form = framing::from_program(settings.framing, settings.max_line);
        let mut join = Join::new(&mut client, &mut session.program, form, &session.fields);
        let end = tokio::select! {
            biased;
            end = join.run() => end,
            () = stopping.cancelled() => End::ServerStopping,
        };
        drop(join);
        // Boxed: an idle session should not hold the room that its end takes.
        let ending = end_both(
            end,
            client,
            &mut session.program,
            &session.fields,
            &session.config,
        );
        let ended = Box::pin(ending).await;
        drop(session.permit);

        log_end(end, ended, &mut session.fields);
        end
    }
}

fn log_end(end: End, ended: Ended, fields: &mut Fields) {
    fields.exit = ended.status();
    // What our own signals do to a program is no news.
    let is_failure = end == End::HandlerEnded && !ended.is_success();
    let level = if is_failure {
        Level::Access
    } else {
        Level::Trace
    };
    fields.log(level, "process", &format!("Program {ended}"));
    if let Some((level, remark)) = end.remark() {
        fields.log(level, "session", remark);
    }
    fields.access("session", "DISCONNECT");
}

/// Ends client and program side by side; returns when the client's connection is closed and the process group is gone.
async fn end_both(
    end: End,
    mut client: Client<'_>,
    program: &mut Program,
    fields: &Fields,
    config: &SiteConfig,
) -> Ended {
    let rest = match end {
        End::HandlerEnded => Vec::new(),
        _ => client.take_ready(),
    };
    let mut termination = program.end(rest, fields);
    let status = match end {
        End::HandlerEnded => termination.wait(STATUS_TIMEOUT).await,
        _ => None,
    };
    let terminated = async {
        if end == End::ServerStopping {
            let _ = termination.wait(config.process.shutdown_grace).await;
        }
        termination.terminate(config.process.close_delay).await
    };
    let close = end.close(status, &config.session.exit_codes);
    let ((), ended) = tokio::join!(client.close(close), terminated);
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most bytes of a session's future. Each idle session pays for it, so that a growth is to be decided on, not to happen.
    const MAX_FUTURE: usize = 1088;

    #[test]
    fn an_idle_session_stays_small() {
        fn size<F>(_: impl Fn(Upgraded, &'static CancellationToken) -> F) -> usize {
            size_of::<F>()
        }
        let size = size(run);
        assert!(size <= MAX_FUTURE, "{size} bytes");
    }
}
