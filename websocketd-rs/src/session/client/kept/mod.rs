//! What is kept of a session so that another connection can go on with it exactly (`--linger`): frames that the client may not
//! have, how many of its messages have come, and those that the program has not taken. Pure.
//!
//! Frames are acknowledged by pongs: a ping says how many messages were sent before it, and a client that answers has received
//! them. The client's messages are acknowledged by text messages of the daemon's own, which begin with U+0000. A client has at
//! most [`WINDOW`] bytes under way that are not acknowledged, so that there is always room to read on to its pongs, though the
//! program may wait for them before it reads.

pub mod ring;

use ring::Ring;

/// Bytes after which an acknowledgement is asked for, or given; a fourth of the ring where that is less.
const MAX_UNACKNOWLEDGED: usize = 64 * 1024;

/// Messages of the client after which they are acknowledged.
const MAX_UNREPORTED: u64 = 64;

/// Bytes of messages that a client may have under way without acknowledgement, or one message of any size.
pub const WINDOW: usize = 256 * 1024;

/// Bytes that may wait for the program: what came before an acknowledgement and the window after it, twice, since a client that
/// comes again is acknowledged at once. One that sends more is not read until the program has taken some.
const MAX_BACKLOG: usize = 4 * WINDOW;

/// What an acknowledging ping begins with; the number of messages follows.
const PING: &str = "linger ";

/// What is kept of one session.
#[derive(Debug)]
pub struct Kept {
    ring: Ring,
    /// Bytes in the ring from which on the program waits.
    limit: usize,
    /// The number that the last ping said.
    asked: u64,
    /// Bytes sent since then.
    unasked_bytes: usize,
    /// Messages that came whole.
    received: u64,
    /// The number that the client was told last.
    reported: u64,
    /// Bytes that came since then.
    unreported_bytes: usize,
    /// What is little is due, too.
    is_due: bool,
    /// The client's messages, as the program gets them, that it has not taken; the first `taken` bytes are gone.
    backlog: Vec<u8>,
    taken: usize,
}

/// What the daemon says of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Due {
    /// The payload of a ping.
    pub ping: Option<String>,
    /// The payload of a text message.
    pub report: Option<String>,
}

/// How a session stands that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has begun.
    New,
    /// It goes on.
    Resumed,
    /// There is none; it begins anew.
    Lost,
}

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Resumed => "resumed",
            Self::Lost => "lost",
        }
    }
}

impl Kept {
    /// Nothing yet; the program is to wait from `limit` bytes on that are not acknowledged.
    pub fn new(limit: usize) -> Self {
        Self {
            ring: Ring::default(),
            limit,
            asked: 0,
            unasked_bytes: 0,
            received: 0,
            reported: 0,
            unreported_bytes: 0,
            is_due: false,
            backlog: Vec::new(),
            taken: 0,
        }
    }

    /// Begins with a client that has `received` so many messages: what the daemon says first, and then [`Self::frames`]. `None`
    /// when they are not there any more, or never were.
    pub fn begin(&mut self, standing: Standing, received: u64) -> Option<String> {
        if !self.can_follow(received) {
            return None;
        }
        self.ring.acknowledge(received);
        (self.asked, self.unasked_bytes) = (received, self.ring.len());
        (self.reported, self.unreported_bytes) = (self.received, 0);
        Some(format!(
            "\0{{\"linger\":\"{}\",\"received\":{}}}",
            standing.as_str(),
            self.received
        ))
    }

    /// Whether a client that has `received` so many messages can go on.
    pub fn can_follow(&self, received: u64) -> bool {
        self.ring.can_follow(received)
    }

    /// Frames that are not acknowledged.
    pub fn frames(&self) -> [&[u8]; 2] {
        self.ring.frames()
    }

    /// Bytes of them.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Whether the program is to wait.
    pub fn is_full(&self) -> bool {
        self.ring.len() >= self.limit
    }

    /// Keeps a message that is sent.
    pub fn push(&mut self, header: &[u8], payload: &[u8]) {
        self.ring.push(header, payload);
        self.unasked_bytes += header.len() + payload.len();
    }

    /// Takes a pong; whether it has acknowledged anything.
    pub fn take_pong(&mut self, payload: &[u8]) -> bool {
        let number = std::str::from_utf8(payload)
            .ok()
            .and_then(|payload| payload.strip_prefix(PING)?.parse().ok());
        number.is_some_and(|received| self.ring.acknowledge(received))
    }

    /// Counts messages of the client that have come whole.
    pub fn receive(&mut self, messages: u32) {
        self.received += u64::from(messages);
    }

    /// Counts bytes of the client.
    pub fn receive_bytes(&mut self, bytes: usize) {
        self.unreported_bytes = self.unreported_bytes.saturating_add(bytes);
    }

    /// Whether something will be due in a while, though nothing passes any more.
    pub fn is_waiting(&self) -> bool {
        self.asked < self.ring.sent() || self.reported < self.received
    }

    /// That while is over.
    pub fn make_due(&mut self) {
        self.is_due = true;
    }

    /// What is to be said now.
    pub fn take_due(&mut self) -> Due {
        let is_due = std::mem::take(&mut self.is_due);
        let bound = MAX_UNACKNOWLEDGED.min(self.limit / 4);
        let sent = self.ring.sent();
        let asks = self.asked < sent && (is_due || self.unasked_bytes > bound);
        if asks {
            (self.asked, self.unasked_bytes) = (sent, 0);
        }
        let unreported = self.received - self.reported;
        let is_much = unreported >= MAX_UNREPORTED || self.unreported_bytes >= MAX_UNACKNOWLEDGED;
        // A client that is acknowledged sends on: not while much waits for the program. It is told that we live.
        let has_room = self.backlog.is_empty();
        let reports = unreported > 0 && (is_due || (is_much && has_room));
        if reports && has_room {
            (self.reported, self.unreported_bytes) = (self.received, 0);
        }
        Due {
            ping: asks.then(|| format!("{PING}{sent}")),
            report: reports.then(|| format!("\0{{\"received\":{}}}", self.reported)),
        }
    }

    /// What the program is to get first.
    pub fn backlog(&self) -> &[u8] {
        &self.backlog[self.taken..]
    }

    /// Marks `n` bytes of it as taken.
    pub fn consume(&mut self, n: usize) {
        self.taken += n.min(self.backlog.len() - self.taken);
        if self.taken == self.backlog.len() {
            (self.backlog, self.taken) = (Vec::new(), 0);
        }
    }

    /// Has `bytes` wait for the program, unless too many do.
    pub fn delay(&mut self, bytes: &[u8]) -> bool {
        if self.backlog().len() > MAX_BACKLOG {
            return false;
        }
        self.put_back(bytes);
        true
    }

    /// The same with what is left when a connection ends.
    pub fn put_back(&mut self, bytes: &[u8]) {
        self.backlog.drain(..self.taken);
        self.taken = 0;
        self.backlog.extend_from_slice(bytes);
    }

    /// Gives back what memory is not needed while the session waits.
    pub fn park(&mut self) {
        self.ring.park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(kept: &mut Kept) -> (Option<String>, Option<String>) {
        let Due { ping, report } = kept.take_due();
        (ping, report)
    }

    #[test]
    fn much_is_due_at_once_and_little_after_a_while() {
        let mut kept = Kept::new(1 << 20);
        kept.push(&[0x81, 1], b"a");
        kept.receive(1);
        assert!(kept.is_waiting());
        assert_eq!(due(&mut kept), (None, None));
        kept.make_due();
        assert_eq!(
            due(&mut kept),
            (
                Some("linger 1".to_owned()),
                Some("\0{\"received\":1}".to_owned())
            )
        );
        assert!(!kept.is_waiting());
        kept.make_due();
        assert_eq!(due(&mut kept), (None, None));
        let large = vec![0; 65_536];
        kept.push(&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], &large);
        kept.receive(64);
        assert_eq!(
            due(&mut kept),
            (
                Some("linger 2".to_owned()),
                Some("\0{\"received\":65}".to_owned())
            )
        );
    }

    #[test]
    fn pongs_acknowledge_and_others_do_not() {
        let mut kept = Kept::new(3);
        kept.push(&[0x81, 1], b"a");
        assert!(kept.is_full());
        for pong in [
            &b""[..],
            b"1",
            b"linger ",
            b"linger 2",
            b"linger x",
            b"\xff",
        ] {
            assert!(!kept.take_pong(pong), "{pong:?}");
        }
        assert!(kept.take_pong(b"linger 1") && kept.is_empty() && !kept.is_full());
        assert!(!kept.take_pong(b"linger 1"));
    }

    #[test]
    fn who_comes_again_gets_what_is_missing_and_is_told_what_came() {
        let mut kept = Kept::new(100);
        let first = kept.begin(Standing::New, 0);
        assert_eq!(
            first,
            Some("\0{\"linger\":\"new\",\"received\":0}".to_owned())
        );
        for payload in [b"a", b"b", b"c"] {
            kept.push(&[0x81, 1], payload);
        }
        kept.receive(5);
        assert_eq!(kept.begin(Standing::Resumed, 4), None);
        assert_eq!(
            kept.begin(Standing::Resumed, 2),
            Some("\0{\"linger\":\"resumed\",\"received\":5}".to_owned())
        );
        assert_eq!(kept.frames().concat(), b"\x81\x01c");
        assert_eq!(kept.begin(Standing::Resumed, 1), None, "it is gone");
    }

    #[test]
    fn a_client_is_not_acknowledged_while_its_messages_wait() {
        let mut kept = Kept::new(100);
        kept.receive(64);
        assert!(kept.delay(b"waits") && kept.delay(b" too"));
        assert_eq!(due(&mut kept), (None, None));
        kept.make_due();
        assert_eq!(
            due(&mut kept),
            (None, Some("\0{\"received\":0}".to_owned()))
        );
        kept.consume(5);
        assert_eq!(kept.backlog(), b" too");
        assert!(kept.delay(&vec![0; MAX_BACKLOG]) && !kept.delay(b"more"));
        kept.consume(usize::MAX);
        assert_eq!(
            due(&mut kept),
            (None, Some("\0{\"received\":64}".to_owned()))
        );
    }
}
