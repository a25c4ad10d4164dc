//! A session that lingers, while it has a connection.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

use super::registry::{Claim, Lease, Reply, Share};
use super::{Conclusion, Handover, Held, Joint, Lingering, parked};
use crate::metrics::METRICS;
use crate::net::Stream;
use crate::session::client::Client;
use crate::session::client::kept::Standing;
use crate::session::end::End;
use crate::session::framing::{self, ToProgram};
use crate::session::join::Join;
use crate::session::terminal::TerminalJoin;
use crate::session::{BothEnded, end_both};

/// How long little may wait for its acknowledgement, in either direction.
const ACKNOWLEDGE_TIME: Duration = Duration::from_secs(1);

/// Why the connection is no more the session's.
enum Stop {
    /// An end of the session, or of the connection alone.
    End(End, Option<(u16, String)>),
    /// Another connection wants it.
    Claimed(Claim),
}

/// Runs a session until its connection is at its end, and the session itself if it ends with it: then its end is returned.
pub(in crate::session) async fn run(
    stream: Stream,
    early: Vec<u8>,
    lingering: Lingering,
    stopping: &CancellationToken,
) -> Option<End> {
    let Lingering {
        mut program,
        kept,
        mut held,
        lease,
        registry,
        standing,
        received,
    } = lingering;
    held.fields.pid = Some(program.pid());
    if standing != Standing::Resumed {
        held.fields.access("session", "CONNECT");
    }
    if standing == Standing::Lost {
        METRICS.linger.add("lost");
        let message = "Client comes back to a session that is no more; it begins anew";
        held.fields.access("session", message);
    }
    let config = std::sync::Arc::clone(&held.config);
    let client = Client::new(stream, &early, form_of(&held), &config.session);
    let mut client = Client::lingering(client, kept, standing, received);
    drop(early);
    if let Some(Conclusion { close, .. }) = &held.conclusion {
        // All that is left is to say what the client has missed.
        return match client.close(close.clone()).await {
            None => {
                registry.close(&lease);
                let end = held.conclusion.as_ref().map(|conclusion| conclusion.end);
                held.log_end(end.unwrap_or(End::HandlerEnded), None);
                end
            }
            Some(kept) => {
                parked::park(program, kept, held, lease, &registry);
                None
            }
        };
    }
    let greets = standing != Standing::Resumed;
    let stop = join(
        &mut client,
        &mut program,
        &mut held,
        &lease,
        greets,
        stopping,
    )
    .await;
    let (end, asked) = match stop {
        Stop::End(end, _) if end.is_of_connection() => {
            held.log_loss(end);
            let kept = client.abandon().expect("it was given some");
            parked::park(program, kept, held, lease, &registry);
            return None;
        }
        Stop::Claimed(claim) if client.can_be_followed(claim.received) => {
            let kept = client.hand_over().expect("it was given some");
            let handover = Handover {
                program: program.detach(),
                kept,
                held,
                was_attached: true,
            };
            match claim.reply.send(Reply::Session(handover.into())) {
                Ok(()) => drop(client.close(End::TakenOver.close(None, &[])).await),
                // It is gone again, and its own session now waits for it.
                Err(Reply::Session(handover)) => parked::park_again(*handover, lease, &registry),
                Err(_) => {}
            }
            return None;
        }
        Stop::Claimed(claim) => {
            let _ = claim.reply.send(Reply::Lost);
            (End::TakenOver, None)
        }
        Stop::End(end, asked) => (end, asked),
    };
    let is_of_program = matches!(
        end,
        End::HandlerEnded | End::ProgramClosed | End::BadOutput(_)
    );
    if !is_of_program {
        registry.close(&lease);
    }
    let both = end_both(end, asked, client, &mut program, &held.fields, &config);
    let BothEnded {
        ended,
        close,
        unanswered,
    } = Box::pin(both).await;
    held.permit = None;
    if let Some(kept) = unanswered.filter(|_| is_of_program) {
        held.conclusion = Some(Conclusion { end, close });
        super::log_program(end == End::HandlerEnded, ended, &mut held.fields);
        parked::park(program, kept, held, lease, &registry);
        return None;
    }
    registry.close(&lease);
    held.log_end(end, Some(ended));
    Some(end)
}

/// How the client's messages stand in what the join gets.
fn form_of(held: &Held) -> &'static dyn ToProgram {
    let settings = &held.config.session;
    match held.joint {
        Joint::Lines(_) if settings.is_read_only => framing::to_nobody(),
        _ => framing::to_program(settings.framing),
    }
}

/// Joins them until something stops it.
async fn join(
    client: &mut Client<'_>,
    program: &mut crate::process::Program,
    held: &mut Held,
    lease: &Lease,
    greets: bool,
    stopping: &CancellationToken,
) -> Stop {
    let Held {
        joint,
        share,
        fields,
        config,
        ..
    } = held;
    let mut attached = Attached {
        lease,
        share,
        timer: None,
    };
    let mut stopped = pin!(stopping.cancelled());
    match joint {
        Joint::Lines(form) => {
            let own = std::mem::replace(form, framing::none());
            let mut join = Join::new(client, program, own, fields);
            let stop = poll_fn(|cx| {
                if stopped.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Stop::End(End::ServerStopping, None));
                }
                attached.poll(cx, &mut join)
            })
            .await;
            let stop = match stop {
                Stop::End(End::ProgramClosed, _) => {
                    Stop::End(End::ProgramClosed, join.take_close())
                }
                stop => stop,
            };
            *form = join.into_form();
            stop
        }
        Joint::Terminal(conversation) => {
            let is_read_only = config.session.is_read_only;
            let mut join = TerminalJoin::new(client, program, *conversation, is_read_only);
            if greets {
                join.greet(fields.command.as_deref().unwrap_or_default());
            }
            let stop = poll_fn(|cx| {
                if stopped.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Stop::End(End::ServerStopping, None));
                }
                attached.poll(cx, &mut join)
            })
            .await;
            *conversation = join.conversation();
            stop
        }
    }
}

/// What is watched beside the join itself.
struct Attached<'a> {
    lease: &'a Lease,
    share: &'a mut Share,
    /// While little waits for its acknowledgement.
    timer: Option<Pin<Box<Sleep>>>,
}

/// A join, as far as it matters here.
trait Joined<'c> {
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End>;
    fn joined_client(&mut self) -> &mut Client<'c>;
}

impl<'c> Joined<'c> for Join<'_, 'c> {
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.poll(cx)
    }

    fn joined_client(&mut self) -> &mut Client<'c> {
        self.client()
    }
}

impl<'c> Joined<'c> for TerminalJoin<'_, 'c> {
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.poll(cx)
    }

    fn joined_client(&mut self) -> &mut Client<'c> {
        self.client()
    }
}

impl Attached<'_> {
    fn poll<'c>(&mut self, cx: &mut Context<'_>, join: &mut impl Joined<'c>) -> Poll<Stop> {
        loop {
            if let Poll::Ready(claim) = self.lease.poll_claim(cx) {
                return Poll::Ready(Stop::Claimed(claim));
            }
            if let Poll::Ready(end) = join.poll_end(cx) {
                return Poll::Ready(Stop::End(end, None));
            }
            let Some(kept) = join.joined_client().outgoing().kept() else {
                return Poll::Pending;
            };
            self.share.set(kept.len());
            if !kept.is_waiting() {
                self.timer = None;
                return Poll::Pending;
            }
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep(ACKNOWLEDGE_TIME)));
            ready!(timer.as_mut().poll(cx));
            self.timer = None;
            kept.make_due();
        }
    }
}
