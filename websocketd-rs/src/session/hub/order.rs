//! What a program asks for that serves many clients: pure, no I/O.

use crate::session::framing::Kind;

/// A client of a shared program, as the program names it. Never used twice while the daemon lives.
pub type MemberId = u64;

/// What a program asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order<'a> {
    /// A message to these.
    Send(Vec<MemberId>, Message<'a>),
    /// A message to all.
    All(Message<'a>),
    /// A message to all except one.
    But(MemberId, Message<'a>),
    /// The end of one client's session.
    Close(MemberId, u16, &'a str),
    /// A line for the log.
    Remark(&'a str),
}

/// What clients get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Whether it is text.
    pub kind: Kind,
    /// UTF-8 if it is.
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// Text.
    pub fn text(text: &'a str) -> Self {
        Self {
            kind: Kind::Text,
            payload: text.as_bytes(),
        }
    }
}
