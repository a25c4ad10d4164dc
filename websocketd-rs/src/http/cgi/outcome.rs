//! How a CGI exchange ended, and what is left to say to the client and the log.

use crate::http::request::BadRequest;

/// How the conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The whole reply was written.
    Answered,
    /// The reply broke off before its `Content-Length`.
    Cut,
    /// The script printed no reply that can be passed on; nothing was written.
    NoReply(&'static str),
    /// The client left, or takes nothing.
    ClientGone,
    /// The request's body is malformed or too large.
    BadBody(BadRequest),
    /// The time limit was reached.
    Late,
    /// The server goes down.
    Stopping,
}

/// What the client still gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remainder {
    /// Nothing: the reply was whole.
    Nothing,
    /// The connection just ends.
    Drop,
    /// A request's body that is refused, if the reply has not begun.
    Refuse(BadRequest),
    /// This status, if the reply has not begun, and this log line.
    Fail(u16, String),
}

impl Outcome {
    /// What the client still gets. `is_begun`: the client has got a part of the reply.
    pub(super) fn remainder(self, is_begun: bool) -> Remainder {
        let fail = |status, message: &str| Remainder::Fail(status, message.to_owned());
        match self {
            Self::Answered => Remainder::Nothing,
            Self::ClientGone => Remainder::Drop,
            Self::BadBody(bad) if !is_begun => Remainder::Refuse(bad),
            Self::BadBody(bad) => fail(bad.status, bad.reason),
            Self::NoReply(reason) => {
                Remainder::Fail(500, format!("CGI script gave no reply: {reason}"))
            }
            Self::Cut => fail(502, "CGI script ended before its Content-Length"),
            Self::Late => fail(504, "CGI script took too long and is ended"),
            Self::Stopping => fail(503, "CGI script is ended: the server stops"),
        }
    }
}
