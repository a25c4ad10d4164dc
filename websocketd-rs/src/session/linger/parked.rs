//! A session that lingers without a connection: what its program writes is kept until that is too much, and what its client sent
//! reaches the program.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::registry::{Claim, Lease, Registry, Reply};
use super::{Conclusion, Handover, Held, Joint};
use crate::metrics::METRICS;
use crate::process::{Ended, Program};
use crate::session::STATUS_TIMEOUT;
use crate::session::client::kept::Kept;
use crate::session::client::outgoing::Outgoing;
use crate::session::end::End;
use crate::session::framing::FromProgram;
use crate::session::join::poll_output;

/// How often a program that waits because too much waits for all clients looks whether that is over. Nobody waits for it.
const RETRY: Duration = Duration::from_secs(1);

/// A session without a connection.
struct Parked {
    program: Program,
    kept: Box<Kept>,
    held: Held,
    lease: Arc<Lease>,
    registry: Arc<Registry>,
}

/// What ends the wait.
enum Event {
    /// Its client comes again, or another one that has the token.
    Claimed(Claim),
    /// The program ended, or wrote what ends the session; with what it asked to close with.
    Ended(End, Option<(u16, String)>),
    /// Nobody came.
    Expired,
    /// The server goes down.
    Stopping,
}

/// Has a session wait for its client, in a task of its own on this thread.
pub(super) fn park(
    program: Program,
    kept: Box<Kept>,
    held: Held,
    lease: Arc<Lease>,
    registry: &Arc<Registry>,
) {
    let parked = Parked {
        program,
        kept,
        held,
        lease,
        registry: Arc::clone(registry),
    };
    registry.start(async move {
        if let Some(end) = parked.run().await {
            METRICS.sessions_ended.add(end.label());
        }
    });
}

/// The same for one that another connection wanted, and does not want any more.
pub(super) fn park_again(handover: Handover, lease: Arc<Lease>, registry: &Arc<Registry>) {
    let Handover {
        program,
        kept,
        held,
        ..
    } = handover;
    park(program.attach(), kept, held, lease, registry);
}

impl Parked {
    /// Waits for the client; the end of the session, if it ends here.
    async fn run(mut self) -> Option<End> {
        let Ok(_address) = self.registry.take_address(self.held.address) else {
            METRICS.linger.add("refused");
            let message = "Too many sessions wait for clients of this address (--maxconnsperip)";
            self.held.fields.access("session", message);
            return Some(self.end(End::ClientGone).await);
        };
        let _parked = METRICS.linger_parked.enter();
        METRICS.linger.add("parked");
        let time = self.held.config.session.linger.map(|linger| linger.time);
        let mut deadline = Box::pin(sleep(time.unwrap_or_default()));
        loop {
            match self.next(deadline.as_mut()).await {
                Event::Claimed(claim) if self.kept.can_follow(claim.received) => {
                    let handover = Handover {
                        program: self.program.detach(),
                        kept: self.kept,
                        held: self.held,
                        was_attached: false,
                    };
                    let Err(Reply::Session(handover)) =
                        claim.reply.send(Reply::Session(handover.into()))
                    else {
                        return None;
                    };
                    // It is gone again.
                    self.program = handover.program.attach();
                    (self.kept, self.held) = (handover.kept, handover.held);
                }
                Event::Claimed(claim) => {
                    let _ = claim.reply.send(Reply::Lost);
                    return Some(self.end(End::TakenOver).await);
                }
                Event::Ended(end, asked) => self.conclude(end, asked).await,
                Event::Expired => {
                    METRICS.linger.add("expired");
                    let message = "Client did not come back within --linger";
                    self.held.fields.access("session", message);
                    return Some(self.end(End::ClientGone).await);
                }
                Event::Stopping => return Some(self.end(End::ServerStopping).await),
            }
        }
    }

    async fn next(&mut self, mut deadline: Pin<&mut Sleep>) -> Event {
        let stopping = self.registry.stopping.clone();
        let mut stopped = pin!(stopping.cancelled());
        let Self {
            program,
            kept,
            held,
            lease,
            registry,
        } = self;
        let own = std::mem::replace(kept, Box::new(Kept::new(0)));
        let mut output = Output {
            form: match &mut held.joint {
                Joint::Lines(form) => {
                    Some(std::mem::replace(form, crate::session::framing::none()))
                }
                Joint::Terminal(conversation) => Some(conversation.form()),
            },
            is_terminal: matches!(held.joint, Joint::Terminal(_)),
            sink: Outgoing::keeping(own),
            retry: None,
        };
        let event = poll_fn(|cx| {
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Event::Stopping);
            }
            if let Poll::Ready(claim) = lease.poll_claim(cx) {
                return Poll::Ready(Event::Claimed(claim));
            }
            if deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Event::Expired);
            }
            if held.conclusion.is_some() {
                return Poll::Pending;
            }
            output.poll(cx, program, held, registry)
        })
        .await;
        let Output { form, mut sink, .. } = output;
        if let (Joint::Lines(empty), Some(form)) = (&mut held.joint, form) {
            *empty = form;
        }
        if let Some(own) = sink.take_kept() {
            *kept = own;
        }
        event
    }

    /// The program is at its end: what it wrote and how it ended are kept on.
    async fn conclude(&mut self, end: End, asked: Option<(u16, String)>) {
        let config = Arc::clone(&self.held.config);
        let mut termination = self.program.end(Vec::new(), &self.held.fields);
        let status = match end {
            End::HandlerEnded => termination.wait_for_status(STATUS_TIMEOUT).await,
            _ => None,
        };
        let ended = termination.terminate(config.process.close_delay).await;
        let close = match asked {
            Some((code, reason)) => Some(End::close_as(code, reason)),
            None => end.close(status, &config.session.exit_codes),
        };
        super::log_program(end == End::HandlerEnded, ended, &mut self.held.fields);
        self.held.permit = None;
        self.held.conclusion = Some(Conclusion { end, close });
    }

    /// Ends the session without its client.
    async fn end(mut self, end: End) -> End {
        self.registry.close(&self.lease);
        let ended = match self.held.conclusion {
            Some(_) => None,
            None => Some(self.end_program(end).await),
        };
        self.held.permit = None;
        self.held.log_end(end, ended);
        self.registry.ended.notify_one();
        end
    }

    async fn end_program(&mut self, end: End) -> Ended {
        let rest = match self.held.joint {
            Joint::Lines(_) => self.kept.backlog().to_vec(),
            Joint::Terminal(_) => Vec::new(),
        };
        let process = &self.held.config.process;
        let mut termination = self.program.end(rest, &self.held.fields);
        if end == End::ServerStopping {
            let _ = termination.wait(process.shutdown_grace).await;
        }
        termination.terminate(process.close_delay).await
    }
}

/// A program's streams while nobody is there.
struct Output {
    form: Option<Box<dyn FromProgram>>,
    /// What waits for the program are messages of which it gets a part.
    is_terminal: bool,
    /// Keeps what it is given.
    sink: Outgoing,
    /// While too much waits for all clients.
    retry: Option<Pin<Box<Sleep>>>,
}

impl Output {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        program: &mut Program,
        held: &mut Held,
        registry: &Registry,
    ) -> Poll<Event> {
        let Some(form) = &mut self.form else {
            return Poll::Pending;
        };
        let joins_stderr = form.takes_stderr();
        if !joins_stderr {
            program.poll_log(cx, &held.fields);
        }
        if !self.is_terminal
            && let Some(kept) = self.sink.kept()
        {
            while !kept.backlog().is_empty()
                && let Poll::Ready(n) = program.poll_write(cx, kept.backlog())
            {
                kept.consume(n);
            }
        }
        loop {
            let bytes = self.sink.kept().map_or(0, |kept| kept.len());
            held.share.set(bytes);
            if form.has_closed() {
                return Poll::Ready(Event::Ended(End::ProgramClosed, form.take_close()));
            }
            if program.has_closed_output(joins_stderr) {
                return Poll::Ready(Event::Ended(End::HandlerEnded, None));
            }
            if self.sink.is_full() {
                return Poll::Pending;
            }
            if registry.is_full() {
                let retry = self.retry.get_or_insert_with(|| Box::pin(sleep(RETRY)));
                ready!(retry.as_mut().poll(cx));
                self.retry = None;
                continue;
            }
            let read = poll_output(cx, program, &mut **form, &mut self.sink, &held.fields);
            // What it keeps is enough: nobody reads the frames themselves.
            self.sink.discard();
            match read {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(bad)) => {
                    return Poll::Ready(Event::Ended(End::BadOutput(bad), None));
                }
                Poll::Pending => {
                    self.sink.park();
                    form.park();
                    return Poll::Pending;
                }
            }
        }
    }
}
