//! A session: an upgraded connection with its program, from the 101 to the access line.
//!
//! An end knows its protocol, a joint knows how ends meet: [`client`] speaks WebSocket, `process::Program` is the other end,
//! [`framing`] says how messages stand in a program's bytes, and [`join`] brings one client and one program together. Other
//! joints stand beside it, over the same ends. [`raw`] is for clients that speak no protocol of ours.

pub mod client;
pub mod end;
pub mod framing;
pub mod hub;
mod join;
pub mod linger;
mod member;
pub mod raw;
pub mod terminal;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::{Level, SiteConfig};
use crate::logging::Fields;
use crate::net::Stream;
use crate::permit::ProgramPermit;
use crate::process::{Ended, Program};
use client::Client;
use client::kept::Kept;
use end::{Close, End};
use hub::Member;
use join::Join;
use linger::Lingering;
use member::{Last, MemberJoin};
use terminal::control::Dialect;
use terminal::{Conversation, TerminalJoin};

/// How long a program that has closed its output may run on before the client gets its close frame: its status decides the
/// code. Usually it is there at once; one that runs on has said all it wanted to.
const STATUS_TIMEOUT: Duration = Duration::from_millis(100);

/// A connection whose 101 has been written, with its running program.
#[derive(Debug)]
pub struct Upgraded {
    /// The client.
    pub stream: Stream,
    /// Bytes that came after the request head: the beginning of the first frames.
    pub early: Vec<u8>,
    /// Whom it is joined with.
    pub partner: Partner,
    /// For the log lines of this session.
    pub fields: Fields,
    /// What holds for it: the daemon's settings, or those of its route.
    pub config: Arc<SiteConfig>,
}

/// The other side of a session.
#[derive(Debug)]
pub enum Partner {
    /// A program of its own, and what is held until it is gone.
    Program(Box<Program>, ProgramPermit),
    /// A program of its own with a terminal.
    Terminal(Box<TerminalPartner>),
    /// A place among the clients of one that serves many.
    Member(Box<Member>),
    /// A program of its own that may outlive the connection.
    Lingering(Box<Lingering>),
}

/// A program with a terminal.
#[derive(Debug)]
pub struct TerminalPartner {
    /// The program.
    pub program: Program,
    /// What is held until it is gone.
    pub permit: ProgramPermit,
    /// How its client speaks.
    pub dialect: Dialect,
}

/// Runs a session to its end: join, close frame, terminate, reap, access line. `None` when it outlives its connection.
/// `stopping` is cancelled when the server goes down.
pub async fn run(session: Upgraded, stopping: &CancellationToken) -> Option<End> {
    let Upgraded {
        stream,
        early,
        partner,
        mut fields,
        config,
    } = session;
    match &partner {
        Partner::Program(program, _) => fields.pid = Some(program.pid()),
        Partner::Terminal(partner) => fields.pid = Some(partner.program.pid()),
        Partner::Member(_) | Partner::Lingering(_) => {}
    }
    // It knows best what its lines are.
    if !matches!(partner, Partner::Lingering(_)) {
        fields.access("session", "CONNECT");
    }
    let end = match partner {
        Partner::Program(mut program, permit) => {
            let settings = &config.session;
            let form = if settings.is_read_only {
                framing::to_nobody()
            } else {
                framing::to_program(settings.framing)
            };
            let mut client = Client::new(stream, &early, form, settings);
            drop(early);
            let form = framing::from_program(settings.framing, settings.max_line);
            let mut join = Join::new(&mut client, &mut program, form, &fields);
            let end = tokio::select! {
                biased;
                end = join.run() => end,
                () = stopping.cancelled() => End::ServerStopping,
            };
            // A client that has closed, stalls or broke the protocol meanwhile gets the close of that.
            let asked = join.take_close().filter(|_| end == End::ProgramClosed);
            drop(join);
            // Boxed: an idle session should not hold the room that its end takes.
            let both = Box::pin(end_both(end, asked, client, &mut program, &fields, &config)).await;
            drop(permit);
            log_program(end == End::HandlerEnded, both.ended, &mut fields);
            end
        }
        // Boxed, so that a client of a program of its own does not pay for them.
        Partner::Terminal(partner) => {
            let run = run_terminal(stream, early, partner, &mut fields, &config, stopping);
            Box::pin(run).await
        }
        Partner::Member(member) => {
            let run = run_member(stream, early, *member, &fields, &config, stopping);
            Box::pin(run).await
        }
        Partner::Lingering(lingering) => {
            return Box::pin(linger::run(stream, early, *lingering, stopping)).await;
        }
    };
    if let Some((level, remark)) = end.remark() {
        fields.log(level, "session", remark);
    }
    fields.access("session", "DISCONNECT");
    Some(end)
}

/// How the program ended, in words. `is_its_own`: it has ended its session.
fn log_program(is_its_own: bool, ended: Ended, fields: &mut Fields) {
    fields.exit = ended.status();
    // What our own signals do to a program is no news.
    let is_failure = is_its_own && !ended.is_success();
    let level = if is_failure {
        Level::Access
    } else {
        Level::Trace
    };
    fields.log(level, "process", &format!("Program {ended}"));
}

/// A client of a program with a terminal.
async fn run_terminal(
    stream: Stream,
    early: Vec<u8>,
    mut partner: Box<TerminalPartner>,
    fields: &mut Fields,
    config: &SiteConfig,
    stopping: &CancellationToken,
) -> End {
    let program = &mut partner.program;
    let dialect = partner.dialect;
    let settings = &config.session;
    let form = framing::to_program(settings.framing);
    let mut client = Client::new(stream, &early, form, settings);
    drop(early);
    let conversation = Conversation::new(dialect);
    let mut join = TerminalJoin::new(&mut client, program, conversation, settings.is_read_only);
    join.greet(fields.command.as_deref().unwrap_or_default());
    let end = tokio::select! {
        biased;
        end = join.run() => end,
        () = stopping.cancelled() => End::ServerStopping,
    };
    drop(join);
    // Boxed, as that of other sessions.
    let both = Box::pin(end_both(end, None, client, program, fields, config)).await;
    drop(partner);
    log_program(end == End::HandlerEnded, both.ended, fields);
    end
}

/// A client of a shared program: nothing but the client is to be ended.
async fn run_member(
    stream: Stream,
    early: Vec<u8>,
    mut member: Member,
    fields: &Fields,
    config: &SiteConfig,
    stopping: &CancellationToken,
) -> End {
    let settings = &config.session;
    let form = if settings.is_read_only {
        framing::to_nobody()
    } else {
        framing::to_shared(settings.framing, member.mode())
    };
    let mut client = Client::new(stream, &early, form, settings);
    drop(early);
    let mut join = MemberJoin::new(&mut client, &mut member, fields);
    let last = tokio::select! {
        biased;
        last = join.run() => last,
        () = stopping.cancelled() => End::ServerStopping.into(),
    };
    let Last { end, ended, asked } = last;
    let close = match asked {
        Some((code, reason)) => Some(End::close_as(code, reason)),
        None => end.close(ended, &settings.exit_codes),
    };
    member.set_leave_code(end.code(close.as_ref().and_then(|close| close.code)));
    drop(member);
    // Boxed, as that of other sessions.
    Box::pin(client.close(close)).await;
    end
}

/// How client and program ended.
struct BothEnded {
    ended: Ended,
    /// What the client was told.
    close: Option<Close>,
    /// What is kept of a session that lingers, when its client did not answer that.
    unanswered: Option<Box<Kept>>,
}

/// Ends client and program side by side; returns when the client's connection is closed and the process group is gone.
async fn end_both(
    end: End,
    asked: Option<(u16, String)>,
    mut client: Client<'_>,
    program: &mut Program,
    fields: &Fields,
    config: &SiteConfig,
) -> BothEnded {
    let rest = match end {
        End::HandlerEnded => Vec::new(),
        _ => client.take_ready(),
    };
    if end == End::PingTimeout {
        program.tell_of_silence().await;
    }
    let mut termination = program.end(rest, fields);
    let status = match end {
        End::HandlerEnded => termination.wait_for_status(STATUS_TIMEOUT).await,
        _ => None,
    };
    let terminated = async {
        if end == End::ServerStopping {
            let _ = termination.wait(config.process.shutdown_grace).await;
        }
        termination.terminate(config.process.close_delay).await
    };
    let close = match asked {
        Some((code, reason)) => Some(End::close_as(code, reason)),
        None => end.close(status, &config.session.exit_codes),
    };
    let (unanswered, ended) = tokio::join!(client.close(close.clone()), terminated);
    BothEnded {
        ended,
        close,
        unanswered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most bytes of a session's future. Each idle session pays for it, so that a growth is to be decided on, not to happen.
    const MAX_FUTURE: usize = 1144;

    /// The same of what a client of a shared program takes beside.
    const MAX_MEMBER: usize = 1400;

    #[test]
    fn an_idle_session_stays_small() {
        fn size<F>(_: impl Fn(Upgraded, &'static CancellationToken) -> F) -> usize {
            size_of::<F>()
        }
        let size = size(run);
        assert!(size <= MAX_FUTURE, "{size} bytes");
    }

    #[test]
    fn an_idle_member_stays_small() {
        type At<T> = &'static T;
        fn size<F>(
            _: impl Fn(Stream, Vec<u8>, Member, At<Fields>, At<SiteConfig>, At<CancellationToken>) -> F,
        ) -> usize {
            size_of::<F>()
        }
        let run = |stream, early, member, fields: At<_>, config: At<_>, stopping: At<_>| {
            run_member(stream, early, member, fields, config, stopping)
        };
        let size = size(run);
        assert!(size <= MAX_MEMBER, "{size} bytes");
    }
}
