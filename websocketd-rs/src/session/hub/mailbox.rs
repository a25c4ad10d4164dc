//! What waits for one client of a shared program: frames that are made once and shared by all who get them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Frames as they go over the wire.
#[derive(Debug, Clone)]
pub(in crate::session) struct Frames {
    /// Whole frames, one after another.
    pub(in crate::session) bytes: Arc<[u8]>,
    /// How many messages they are.
    pub(in crate::session) messages: u32,
}

/// Why the program's side ends a member's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Dismissal {
    /// It did not read what it was sent.
    TooSlow,
    /// The program ended, and is not started again.
    ProgramEnded(crate::process::Ended),
    /// The program fails again and again.
    ProgramFails,
    /// The site is served in another way since a reload.
    Replaced,
}

/// What a member gets.
#[derive(Debug, Clone)]
pub(in crate::session) enum Delivery {
    /// Frames to write.
    Frames(Frames),
    /// Nothing more: the program asked for this code and reason.
    Close(u16, String),
    /// Nothing more, for this reason.
    Dismissed(Dismissal),
}

/// What became of frames that were put into a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// They wait, and so may more.
    Taken,
    /// They wait, and with them more than the bound.
    Full,
    /// They were dropped: the member is behind, or on its way out.
    Dropped,
}

/// A client's queue. Its bound is looked at after each batch of the program's output, so that it may be passed by one.
#[derive(Debug)]
pub(super) struct Mailbox {
    max_bytes: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<Frames>,
    bytes: usize,
    last: Option<Last>,
    /// Behind, so that nothing is queued until it has read all that waits.
    lags: bool,
    reader: Option<Waker>,
    /// Woken when all that waits was taken.
    writer: Option<Waker>,
}

/// How it ends.
#[derive(Debug, Clone)]
enum Last {
    Close(u16, String),
    Dismissed(Dismissal),
}

impl Mailbox {
    /// An empty one, for at most `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            inner: Mutex::default(),
        }
    }

    /// Queues `frames`. Whom the return value's waker belongs to is to be woken, best when all mailboxes were filled.
    pub(super) fn put(&self, frames: &Frames) -> (Put, Option<Waker>) {
        let mut inner = self.lock();
        if inner.lags || inner.last.is_some() {
            return (Put::Dropped, None);
        }
        inner.bytes += frames.bytes.len();
        inner.queue.push_back(frames.clone());
        let put = if inner.bytes > self.max_bytes {
            Put::Full
        } else {
            Put::Taken
        };
        (put, inner.reader.take())
    }

    /// Whether nothing waits; if something does, `cx` is woken when it was taken.
    pub(super) fn poll_empty(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.queue.is_empty() || inner.last.is_some() {
            return Poll::Ready(());
        }
        inner.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Drops what comes from now on until the member has read all that waits.
    pub(super) fn let_lag(&self) {
        let mut inner = self.lock();
        inner.lags = !inner.queue.is_empty();
    }

    /// Ends the session when what waits was read.
    pub(super) fn close(&self, code: u16, reason: &str) {
        self.end(Last::Close(code, reason.to_owned()));
    }

    /// Ends the session when what waits was read; of one that is too slow at once.
    pub(super) fn dismiss(&self, why: Dismissal) {
        self.end(Last::Dismissed(why));
    }

    fn end(&self, last: Last) {
        let mut inner = self.lock();
        if matches!(last, Last::Dismissed(Dismissal::TooSlow)) {
            inner.queue.clear();
            inner.bytes = 0;
        }
        inner.last.get_or_insert(last);
        let reader = inner.reader.take();
        drop(inner);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The next delivery.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Delivery> {
        let mut inner = self.lock();
        if let Some(frames) = inner.queue.pop_front() {
            inner.bytes -= frames.bytes.len();
            let mut writer = None;
            if inner.queue.is_empty() {
                inner.lags = false;
                writer = inner.writer.take();
            }
            drop(inner);
            if let Some(writer) = writer {
                writer.wake();
            }
            return Poll::Ready(Delivery::Frames(frames));
        }
        match &inner.last {
            Some(Last::Close(code, reason)) => Poll::Ready(Delivery::Close(*code, reason.clone())),
            Some(Last::Dismissed(why)) => Poll::Ready(Delivery::Dismissed(*why)),
            None => {
                inner.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether the member is too slow, which matters while its client takes nothing and no delivery is asked for.
    pub(super) fn poll_too_slow(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if matches!(inner.last, Some(Last::Dismissed(Dismissal::TooSlow))) {
            return Poll::Ready(());
        }
        inner.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Each line of ours leaves it whole: a panic elsewhere can't have broken it.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Frames {
        Frames {
            bytes: text.as_bytes().into(),
            messages: 1,
        }
    }

    fn take(mailbox: &Mailbox) -> Option<Delivery> {
        match mailbox.poll_take(&Context::from_waker(Waker::noop())) {
            Poll::Ready(delivery) => Some(delivery),
            Poll::Pending => None,
        }
    }

    fn text(mailbox: &Mailbox) -> String {
        match take(mailbox) {
            Some(Delivery::Frames(frames)) => String::from_utf8(frames.bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn frames_come_in_order_and_the_end_comes_last() {
        let mailbox = Mailbox::new(100);
        for word in ["one", "two"] {
            assert_eq!(mailbox.put(&frames(word)).0, Put::Taken);
        }
        mailbox.close(4000, "bye");
        mailbox.dismiss(Dismissal::ProgramFails);
        assert_eq!(mailbox.put(&frames("late")).0, Put::Dropped);
        assert_eq!(
            (text(&mailbox), text(&mailbox)),
            ("one".into(), "two".into())
        );
        assert!(matches!(take(&mailbox), Some(Delivery::Close(4000, reason)) if reason == "bye"));
    }

    #[test]
    fn who_lags_misses_whole_messages_until_all_was_read() {
        let mailbox = Mailbox::new(5);
        assert_eq!(mailbox.put(&frames("12345")).0, Put::Taken);
        assert_eq!(mailbox.put(&frames("6")).0, Put::Full);
        mailbox.let_lag();
        assert_eq!(mailbox.put(&frames("7")).0, Put::Dropped);
        assert_eq!(text(&mailbox), "12345");
        assert_eq!(
            mailbox.put(&frames("8")).0,
            Put::Dropped,
            "something waits yet"
        );
        assert_eq!(text(&mailbox), "6");
        assert_eq!(mailbox.put(&frames("9")).0, Put::Taken);
        assert_eq!(text(&mailbox), "9");
        assert!(take(&mailbox).is_none());
    }

    #[test]
    fn who_is_too_slow_gets_nothing_more() {
        let mailbox = Mailbox::new(5);
        let _ = mailbox.put(&frames("123456"));
        mailbox.dismiss(Dismissal::TooSlow);
        assert!(matches!(
            take(&mailbox),
            Some(Delivery::Dismissed(Dismissal::TooSlow))
        ));
        assert!(
            mailbox
                .poll_empty(&Context::from_waker(Waker::noop()))
                .is_ready()
        );
    }
}
