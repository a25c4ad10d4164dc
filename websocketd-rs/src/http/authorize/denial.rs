//! What a client that is not admitted gets.

use std::borrow::Cow;

use crate::config::Level;
use crate::http::response::Response;
use crate::http::status;

/// A reply to a client that is not admitted, and what is told of it.
#[derive(Debug)]
pub(in crate::http) struct Denial {
    pub(in crate::http) response: Response,
    pub(in crate::http) body: Vec<u8>,
    pub(in crate::http) level: Level,
    /// The text of the log line, which never holds what a program printed: that may be a secret.
    pub(in crate::http) message: Cow<'static, str>,
    /// The reason in the metric of refusals.
    pub(in crate::http) label: &'static str,
}

impl Denial {
    /// A client that may not come in.
    pub(super) fn refusal(response: Response, reason: &str) -> Self {
        let message = format!("Refused with {} by {reason}", response.status);
        Self::new(response, Vec::new(), Level::Access, message, "authorize")
    }

    /// A verdict of a program.
    pub(super) fn verdict(response: Response, body: Vec<u8>) -> Self {
        let message = format!("Refused with {} by --authorize", response.status);
        Self::new(response, body, Level::Access, message, "authorize")
    }

    /// 503 for want of a verdict.
    pub(super) fn failure(message: String) -> Self {
        let response = Response::new(503);
        Self::new(
            response,
            Vec::new(),
            Level::Error,
            message,
            "authorize_failed",
        )
    }

    /// A reply without a body gets a line of text.
    fn new(
        mut response: Response,
        mut body: Vec<u8>,
        level: Level,
        message: String,
        label: &'static str,
    ) -> Self {
        if body.is_empty() {
            let status = response.status;
            body = format!("{status} {}\n", status::reason(status)).into();
        }
        if !response.has("content-type") {
            response = response.with("Content-Type", &b"text/plain; charset=utf-8"[..]);
        }
        if !response.has("x-content-type-options") {
            response = response.with("X-Content-Type-Options", &b"nosniff"[..]);
        }
        Self {
            response,
            body,
            level,
            message: message.into(),
            label,
        }
    }
}
