//! A client whose session outlives its connection, written from docs/linger.md and from nothing else.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::deadline::DEADLINE;
use crate::http::Response;
use crate::raw::{Frame, RawSocket, Silence, opcode};
use crate::transport::Endpoint;

/// Bytes that may be under way without acknowledgement, or one message of any size.
const WINDOW: usize = 256 * 1024;

/// What a message counts beside its bytes.
const OVERHEAD: usize = 16;

/// A session, with a connection or without.
#[derive(Debug)]
pub struct Lingering {
    endpoint: Endpoint,
    path: String,
    headers: Vec<(String, String)>,
    /// What tells the session from others.
    pub token: String,
    /// Messages that have come.
    pub received: u64,
    /// Messages that the daemon has not acknowledged; the first `sent` are under way, of `flight` bytes.
    kept: VecDeque<Frame>,
    sent: usize,
    flight: usize,
    /// Messages that the daemon has.
    pub confirmed: u64,
    socket: Option<RawSocket>,
    /// What the daemon said first on this connection: `new`, `resumed` or `lost`.
    pub standing: String,
    /// Pings that came.
    pub pings: Vec<String>,
}

/// What comes from a session.
#[derive(Debug, PartialEq, Eq)]
pub enum Came {
    /// A message of the program.
    Message(Vec<u8>),
    /// Nothing for a while.
    Nothing,
    /// A close frame with its code, or the end of the connection without one.
    End(Option<u16>),
}

impl Lingering {
    /// A new session on `path`.
    #[track_caller]
    pub fn connect(endpoint: &Endpoint, path: &str) -> Self {
        let mut lingering = Self::away(endpoint, path);
        lingering.come();
        lingering
    }

    /// One that has no connection yet.
    pub fn away(endpoint: &Endpoint, path: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            endpoint: endpoint.clone(),
            path: path.to_owned(),
            headers: Vec::new(),
            token: format!("token-of-a-test-{:010}-{number:06}", std::process::id()),
            received: 0,
            kept: VecDeque::new(),
            sent: 0,
            flight: 0,
            confirmed: 0,
            socket: None,
            standing: String::new(),
            pings: Vec::new(),
        }
    }

    /// Sends this header field with each upgrade.
    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The subprotocol that it offers now.
    pub fn offer(&self) -> String {
        format!("linger.v1.{}.{}", self.token, self.received)
    }

    /// Comes, or comes again, on another connection; one that there is stays open without being heard.
    #[track_caller]
    pub fn come(&mut self) -> Option<RawSocket> {
        match self.try_come() {
            Ok(before) => before,
            Err(response) => panic!("refused with {}: {}", response.status, response.text()),
        }
    }

    /// The same; or the answer with which it was refused.
    #[track_caller]
    pub fn try_come(&mut self) -> Result<Option<RawSocket>, Response> {
        let offer = self.offer();
        let mut headers = vec![("Sec-WebSocket-Protocol", offer.as_str())];
        headers.extend(
            self.headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let (socket, response) =
            RawSocket::try_open(&self.endpoint, &self.path, &headers).expect("an answer");
        if response.status != 101 {
            return Err(response);
        }
        let before = self.socket.replace(socket);
        self.standing.clear();
        (self.sent, self.flight) = (0, 0);
        let start = Instant::now();
        while self.standing.is_empty() {
            match self.next(DEADLINE) {
                Came::Nothing => assert!(start.elapsed() < DEADLINE, "the daemon says nothing"),
                other => panic!("{other:?} before the daemon's first word"),
            }
        }
        Ok(before)
    }

    /// The connection.
    #[track_caller]
    pub fn socket(&mut self) -> &mut RawSocket {
        self.socket.as_mut().expect("it is connected")
    }

    /// Drops the connection without a close frame.
    pub fn vanish(&mut self) {
        if let Some(socket) = self.socket.take() {
            socket.vanish();
        }
    }

    /// Leaves the connection as it is, and forgets it.
    pub fn forget(&mut self) {
        self.socket = None;
    }

    /// Whether everything that was sent is acknowledged.
    pub fn is_confirmed(&self) -> bool {
        self.kept.is_empty()
    }

    /// Messages that wait, or are under way.
    pub fn pending(&self) -> usize {
        self.kept.len()
    }

    /// Sends a text, now or when it can.
    pub fn send(&mut self, text: impl Into<Vec<u8>>) {
        self.send_frame(Frame::text(text));
    }

    /// The same with a binary message.
    pub fn send_binary(&mut self, bytes: impl Into<Vec<u8>>) {
        self.send_frame(Frame::binary(bytes));
    }

    fn send_frame(&mut self, frame: Frame) {
        self.kept.push_back(frame);
        self.pump();
    }

    fn pump(&mut self) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        if self.standing.is_empty() {
            return;
        }
        while let Some(frame) = self.kept.get(self.sent) {
            let size = frame.payload.len() + OVERHEAD;
            if self.flight > 0 && self.flight + size > WINDOW {
                break;
            }
            socket.send(frame);
            self.flight += size;
            self.sent += 1;
        }
    }

    /// What comes next, within `patience`; what the daemon says of its own is heeded on the way.
    #[track_caller]
    pub fn next(&mut self, patience: Duration) -> Came {
        let Some(socket) = &mut self.socket else {
            return Came::End(None);
        };
        let frame = match socket.frame_within(patience) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Came::End(None),
            Err(Silence) => return Came::Nothing,
        };
        match (frame.opcode, &frame.payload[..]) {
            (opcode::PING, payload) => {
                self.pings
                    .push(String::from_utf8_lossy(payload).into_owned());
                let pong = Frame::new(opcode::PONG, payload);
                socket.send(&pong);
                Came::Nothing
            }
            (opcode::PONG, _) => Came::Nothing,
            (opcode::CLOSE, _) => Came::End(frame.close_code()),
            (opcode::TEXT, [0, 0, rest @ ..]) => {
                self.received += 1;
                Came::Message([&[0], rest].concat())
            }
            (opcode::TEXT, [0, json @ ..]) => {
                self.heed(&serde_json::from_slice(json).expect("JSON"));
                Came::Nothing
            }
            (_, payload) => {
                assert!(!self.standing.is_empty(), "the daemon's word comes first");
                self.received += 1;
                Came::Message(payload.to_vec())
            }
        }
    }

    fn heed(&mut self, word: &serde_json::Value) {
        if let Some(standing) = word["linger"].as_str() {
            assert!(self.standing.is_empty(), "said twice");
            standing.clone_into(&mut self.standing);
            if standing == "lost" {
                (self.received, self.confirmed) = (0, 0);
                self.kept.clear();
            }
        }
        let received = word["received"].as_u64().expect("a number");
        assert!(
            received >= self.confirmed,
            "{received} after {}",
            self.confirmed
        );
        while self.confirmed < received {
            let frame = self.kept.pop_front().expect("no more than was sent");
            self.flight = self.flight.saturating_sub(frame.payload.len() + OVERHEAD);
            self.sent = self.sent.saturating_sub(1);
            self.confirmed += 1;
        }
        self.pump();
    }

    /// The next message.
    #[track_caller]
    pub fn message(&mut self) -> Vec<u8> {
        let start = Instant::now();
        loop {
            match self.next(DEADLINE) {
                Came::Message(message) => return message,
                Came::Nothing => {
                    assert!(start.elapsed() < DEADLINE, "no message before the deadline");
                }
                Came::End(code) => panic!("the end, with {code:?}"),
            }
        }
    }

    /// The next message as text.
    #[track_caller]
    pub fn text(&mut self) -> String {
        String::from_utf8(self.message()).expect("UTF-8")
    }

    /// Reads on to the end: the messages until then, and the close code.
    #[track_caller]
    pub fn to_the_end(&mut self) -> (Vec<String>, Option<u16>) {
        let mut texts = Vec::new();
        let start = Instant::now();
        loop {
            match self.next(DEADLINE) {
                Came::Message(message) => texts.push(String::from_utf8_lossy(&message).into()),
                Came::Nothing => assert!(start.elapsed() < DEADLINE, "no end before the deadline"),
                Came::End(code) => {
                    if let (Some(code), Some(socket)) = (code, &mut self.socket) {
                        socket.send(&Frame::close(code));
                    }
                    return (texts, code);
                }
            }
        }
    }

    /// Says goodbye by a close frame.
    pub fn close(&mut self, code: u16) {
        self.socket().send(&Frame::close(code));
    }
}
