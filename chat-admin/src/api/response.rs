//! One response as CGI takes it (RFC 3875 section 6).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

/// Sent with everything: answers are for this site's own scripts, at this moment, and are nothing
/// to be shown, framed, guessed at or kept.
const ALWAYS: &str = "\
    Cache-Control: no-store\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Referrer-Policy: no-referrer\r\n";

const JSON: &str = "application/json; charset=utf-8";

/// A status, some headers and a body, mostly JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// 200 with `value`.
    pub fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::raw(body),
            Err(error) => Self::error(500, "internal", &error.to_string()),
        }
    }

    /// 200 with a body that is JSON already.
    pub fn raw(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type: JSON,
            headers: Vec::new(),
            body,
        }
    }

    /// 200 with a file that the browser keeps and does not show.
    pub fn file(body: Vec<u8>, content_type: &'static str, name: &'static str) -> Self {
        let response = Self {
            content_type,
            ..Self::raw(body)
        };
        let disposition = format!("attachment; filename=\"{name}\"");
        response.header("Content-Disposition", &disposition)
    }

    /// An error: `code` for programs, `text` for people.
    pub fn error(status: u16, code: &str, text: &str) -> Self {
        let body = json!({ "error": { "code": code, "message": text } });
        Self {
            status,
            content_type: JSON,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }

    /// Adds a header. `value` is our own text, never a client's: it is written as it is.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        debug_assert!(!value.contains(char::is_control), "headers are lines");
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The first header called `name`.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Writes it in one piece; without its body if it answers a `HEAD`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, out: &mut impl Write, head_only: bool) -> io::Result<()> {
        let mut text = format!(
            "Status: {} {}\r\nContent-Type: {}\r\n{ALWAYS}",
            self.status,
            reason(self.status),
            self.content_type
        );
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        let length = self.body.len().to_string();
        text.extend(["Content-Length: ", &length, "\r\n\r\n"]);
        let mut bytes = text.into_bytes();
        if !head_only {
            bytes.extend(&self.body);
        }
        out.write_all(&bytes)?;
        out.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}
