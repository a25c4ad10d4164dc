//! A session over bare TCP, TLS or a Unix socket: the end beside [`super::client`] that has no protocol, and its joint.

mod relay;
mod way;

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::end::End;
use super::log_program;
use crate::config::{Level, TcpConfig};
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::net::Stream;
use crate::permit::ProgramPermit;
use crate::process::Program;
use relay::Relay;

/// Bytes read at once of what is dropped.
const SCRAP: usize = 4096;

/// A connection with its running program.
#[derive(Debug)]
pub struct RawSession {
    /// The client.
    pub stream: Stream,
    /// The program.
    pub program: Program,
    /// What is held until it is gone.
    pub permit: ProgramPermit,
    /// For the log lines of this session.
    pub fields: Fields,
    /// What holds for it.
    pub config: Arc<TcpConfig>,
}

/// Runs a session to its end: relay, terminate, reap, access line. `stopping` is cancelled when the server goes down.
pub async fn run(mut session: Box<RawSession>, stopping: &CancellationToken) -> End {
    let _open = METRICS.tcp_sessions_open.enter();
    session.fields.pid = Some(session.program.pid());
    session.fields.access("session", "CONNECT");
    if let Some(interval) = session.config.limits.probe_interval {
        session.stream.probe(interval);
    }
    let RawSession {
        stream,
        program,
        fields,
        config,
        ..
    } = &mut *session;
    let mut relay = Relay::new(stream, program, &config.limits, fields);
    let end = tokio::select! {
        biased;
        end = relay.run() => end,
        () = stopping.cancelled() => {
            // The program's last words are all that tells this client why.
            relay.end_input();
            // Boxed, as what follows: an idle session should not hold the room that its end takes.
            let grace = config.process.shutdown_grace;
            let _ = Box::pin(timeout(grace, relay.run())).await;
            End::ServerStopping
        }
    };
    let is_client_open = relay.is_client_open();
    let rest = relay.take_rest();
    drop(relay);
    Box::pin(finish(session, end, is_client_open, rest)).await;
    METRICS.tcp_sessions_ended.add(end.label());
    end
}

/// Ends client and program side by side, and tells the log.
async fn finish(session: Box<RawSession>, end: End, is_client_open: bool, rest: Vec<u8>) {
    let RawSession {
        stream,
        mut program,
        permit,
        mut fields,
        config,
    } = *session;
    if end == End::PingTimeout {
        program.tell_of_silence().await;
    }
    let terminated = program.end(rest, &fields);
    let terminated = terminated.terminate(config.process.close_delay);
    let closed = close(stream, end, is_client_open, &config);
    let (ended, ()) = tokio::join!(terminated, closed);
    drop(permit);
    let is_its_own = matches!(end, End::HandlerEnded | End::ClientClosed(_));
    log_program(is_its_own, ended, &mut fields);
    if let Some((level, remark)) = remark(end) {
        fields.log(level, "session", remark);
    }
    fields.access("session", "DISCONNECT");
}

/// What the log says beside DISCONNECT, and how loud.
fn remark(end: End) -> Option<(Level, &'static str)> {
    match end {
        End::ClientGone => Some((Level::Trace, "Client's connection was cut")),
        End::PingTimeout => Some((Level::Access, "Client does not answer probes")),
        End::Idle => Some((Level::Access, "No byte for --sessionidletimeout")),
        end => end.remark(),
    }
}

/// Closes the client's connection: with our FIN where it can have all that was written, else with a reset, which tells it that it
/// has not.
async fn close(mut stream: Stream, end: End, is_client_open: bool, config: &TcpConfig) {
    if matches!(end, End::ClientGone | End::PingTimeout | End::WriteStalled) {
        stream.abort();
        return;
    }
    let finish = async {
        stream.shutdown().await?;
        let mut scrap = [0; SCRAP];
        // A socket that is closed with bytes unread resets the connection, and the last bytes may be lost.
        while is_client_open && stream.read(&mut scrap).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // An error or a time-out here means that the client is gone.
    let _ = timeout(config.limits.close_timeout, finish).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most bytes of a session's future, and of what it holds: no more than that of a WebSocket's has.
    const MAX_FUTURE: usize = 1144;

    #[test]
    fn an_idle_session_stays_small() {
        fn size<F>(_: impl Fn(Box<RawSession>, &'static CancellationToken) -> F) -> usize {
            size_of::<F>()
        }
        let size = size(run) + size_of::<RawSession>();
        assert!(size <= MAX_FUTURE, "{size} bytes");
    }
}
