//! What a client's frames say beside messages, and what is wrong with them.

use super::MAX_CONTROL;

/// What [`Decoder::decode`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// All that has come is decoded: read on.
    NeedBytes,
    /// A ping, to be answered with the same payload.
    Ping(Payload),
    /// A pong: a sign of life, and maybe the answer to a ping of the program.
    Pong(Payload),
    /// The client closes, with this code if it gave one.
    Close(Option<u16>),
}

/// What a control frame carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    pub(super) bytes: [u8; MAX_CONTROL],
    pub(super) len: u8,
}

impl Payload {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// Why the client's bytes can't be accepted; each ends the session with its own close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// Close code 1002, with what was wrong.
    Protocol(&'static str),
    /// Close code 1007.
    NotUtf8,
    /// Close code 1009.
    TooBig,
    /// Close code 1008.
    TooManyFragments,
    /// Close code 1007: a message that the framing of the program can't carry.
    NotCarried,
}
