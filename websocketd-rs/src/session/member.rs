//! One client of a program that serves many: client to inbox, mailbox to client, in one future.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use super::client::Client;
use super::end::End;
use super::framing::parcel;
use super::hub::{Delivery, Dismissal, Member};
use crate::config::Level;
use crate::logging::Fields;
use crate::process::Ended;

/// Bytes of frames that are put together for one write.
const MAX_WRITE: usize = 64 * 1024;

/// Joins a client and its membership.
#[derive(Debug)]
pub(super) struct MemberJoin<'a, 'c> {
    client: &'a mut Client<'c>,
    member: &'a mut Member,
    fields: &'a Fields,
    has_entered: bool,
    /// What the session ends with once all is written.
    last: Option<Last>,
}

/// An end by the program, or by what became of it.
#[derive(Debug, Clone)]
pub(super) struct Last {
    pub(super) end: End,
    /// How the program ended, where that is the reason.
    pub(super) ended: Option<Ended>,
    /// What the program asked to close with.
    pub(super) asked: Option<(u16, String)>,
}

impl Last {
    fn of(end: End) -> Self {
        Self {
            end,
            ended: None,
            asked: None,
        }
    }
}

impl From<End> for Last {
    fn from(end: End) -> Self {
        Self::of(end)
    }
}

impl From<Dismissal> for Last {
    fn from(why: Dismissal) -> Self {
        match why {
            Dismissal::TooSlow => Self::of(End::TooSlow),
            Dismissal::ProgramFails => Self::of(End::ProgramFails),
            Dismissal::Replaced => Self::of(End::SiteChanged),
            Dismissal::ProgramEnded(ended) => Self {
                ended: Some(ended),
                ..Self::of(End::HandlerEnded)
            },
        }
    }
}

impl<'a, 'c> MemberJoin<'a, 'c> {
    pub(super) fn new(
        client: &'a mut Client<'c>,
        member: &'a mut Member,
        fields: &'a Fields,
    ) -> Self {
        Self {
            client,
            member,
            fields,
            has_entered: false,
            last: None,
        }
    }

    /// Runs until an end of the session is reached.
    pub(super) async fn run(&mut self) -> Last {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Last> {
        loop {
            if !self.has_entered {
                match self.member.poll_enter(cx) {
                    Poll::Ready(Ok(())) => self.has_entered = true,
                    Poll::Ready(Err(why)) => return Poll::Ready(why.into()),
                    Poll::Pending => {}
                }
            }
            if let Poll::Ready(end) = self.poll_inbound(cx) {
                return Poll::Ready(Last::of(end));
            }
            if let Poll::Ready(last) = self.poll_outbound(cx) {
                return Poll::Ready(last);
            }
            if let Err(end) = ready!(self.client.poll_clock(cx)) {
                return Poll::Ready(Last::of(end));
            }
        }
    }

    /// Client to program.
    fn poll_inbound(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let decoded = self.client.decode();
            if let Some(remark) = self.client.take_remark() {
                self.fields.log(Level::Info, "session", remark);
            }
            if let Err(end) = decoded {
                return Poll::Ready(end);
            }
            // The client is read while there is room, though the program is slow: it may close, or answer a ping.
            let _ = self.poll_send(cx);
            if let Err(end) = ready!(self.client.poll_read(cx)) {
                return Poll::Ready(end);
            }
        }
    }

    fn poll_send(&mut self, cx: &Context<'_>) -> Poll<()> {
        while self.has_entered
            && let Some((kind, payload, len)) = parcel::first(self.client.ready())
        {
            ready!(self.member.poll_send(cx, kind, payload));
            self.client.consume(len);
        }
        Poll::Ready(())
    }

    /// Program to client.
    fn poll_outbound(&mut self, cx: &mut Context<'_>) -> Poll<Last> {
        loop {
            match self.client.poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(end)) => return Poll::Ready(Last::of(end)),
                Poll::Pending => {
                    ready!(self.member.poll_too_slow(cx));
                    return Poll::Ready(Dismissal::TooSlow.into());
                }
            }
            if let Some(last) = self.last.take() {
                return Poll::Ready(last);
            }
            if self.poll_mailbox(cx).is_pending() {
                self.client.park();
                return Poll::Pending;
            }
        }
    }

    /// Takes what has come, as much as one write is good for.
    fn poll_mailbox(&mut self, cx: &Context<'_>) -> Poll<()> {
        loop {
            let outgoing = self.client.outgoing();
            let waits = outgoing.pending().len();
            if waits >= MAX_WRITE {
                return Poll::Ready(());
            }
            match self.member.poll_take(cx) {
                Poll::Ready(Delivery::Frames(frames)) => {
                    outgoing.frames(&frames.bytes, frames.messages);
                }
                Poll::Ready(Delivery::Close(code, reason)) => {
                    self.last = Some(Last {
                        asked: Some((code, reason)),
                        ..Last::of(End::ProgramClosed)
                    });
                    return Poll::Ready(());
                }
                Poll::Ready(Delivery::Dismissed(why)) => {
                    self.last = Some(why.into());
                    return Poll::Ready(());
                }
                Poll::Pending if waits > 0 => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
