//! One response as CGI takes it (RFC 3875 section 6).

use std::fs::File;
use std::io::{self, Read as _, Write};

use serde::Serialize;
use serde_json::json;

/// Sent with everything: what is answered is nothing to be guessed at, nor for other sites.
const ALWAYS: &str = "\
    X-Content-Type-Options: nosniff\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Referrer-Policy: no-referrer\r\n";

/// Answers are for this site's own scripts, at this moment, and are nothing to be shown, framed or kept.
const ANSWER: &str = "\
    Cache-Control: no-store\r\n\
    Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

/// What people put into rooms is shown in an origin of its own that can do nothing, and kept for the one who
/// asked. They may lose the right to it: it is asked for again after some minutes.
const CONTENT: &str = "\
    Cache-Control: private, max-age=600\r\n\
    Vary: Cookie\r\n\
    Content-Security-Policy: sandbox; default-src 'none'; frame-ancestors 'none'\r\n";

/// A picture of somebody: its address is another one as soon as it is another picture.
const PICTURE: &str = "\
    Cache-Control: private, max-age=86400, immutable\r\n\
    Vary: Cookie\r\n\
    Content-Security-Policy: sandbox; default-src 'none'; frame-ancestors 'none'\r\n";

const JSON: &str = "application/json; charset=utf-8";

/// A status, some headers and a body, mostly JSON.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What follows it: so many bytes of a file, from where that is.
    content: Option<(File, u64)>,
    /// How it may be kept and shown.
    manner: &'static str,
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
            content: None,
            manner: ANSWER,
        }
    }

    /// `length` bytes of what somebody put into a room, from where `file` is; `status` is 200 or 206.
    pub fn content(status: u16, content_type: &'static str, content: Option<(File, u64)>) -> Self {
        Self {
            status,
            content_type,
            content,
            manner: CONTENT,
            ..Self::raw(Vec::new())
        }
    }

    /// 200 with a picture of somebody.
    pub fn picture(body: Vec<u8>, content_type: &'static str) -> Self {
        Self {
            content_type,
            manner: PICTURE,
            ..Self::raw(body)
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

    /// A word that is no JSON: what Slack answers.
    pub fn text(status: u16, word: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            ..Self::raw(word.as_bytes().to_vec())
        }
    }

    /// An error: `code` for programs, `text` for people.
    pub fn error(status: u16, code: &str, text: &str) -> Self {
        let body = json!({ "error": { "code": code, "message": text } });
        Self {
            status,
            content_type: JSON,
            body: body.to_string().into_bytes(),
            ..Self::raw(Vec::new())
        }
    }

    /// With another status than 200.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
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
        text.push_str(self.manner);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        let behind = self.content.as_ref().map_or(0, |(_, length)| *length);
        let length = (self.body.len() as u64 + behind).to_string();
        if self.status != 304 {
            text.extend(["Content-Length: ", &length, "\r\n"]);
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if !head_only {
            bytes.extend(&self.body);
        }
        out.write_all(&bytes)?;
        if let Some((file, length)) = &self.content
            && !head_only
        {
            io::copy(&mut file.take(*length), out)?;
        }
        out.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        206 => "Partial Content",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        422 => "Unprocessable Content",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        507 => "Insufficient Storage",
        _ => "Unknown",
    }
}
