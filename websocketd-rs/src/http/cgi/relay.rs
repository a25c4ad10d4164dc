//! Client and script, both ways at once: the request's body to stdin, stdout to the client. What one side can't take
//! is not read from the other.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, timeout_at};

use super::compressed::{self, Prepared};
use super::feed::Feed;
use super::outcome::Outcome;
use super::reply::{self, ScriptReply};
use crate::config::Coding;
use crate::http::body::Body;
use crate::http::connection::{Connection, read_more, write_all};
use crate::http::exchange::Exchange;
use crate::http::request::Version;
use crate::http::response::{Context, Length, push_chunk};
use crate::process::{Stdin, Stdout};

/// Most bytes of a script's header block.
const MAX_BLOCK: usize = 64 * 1024;

/// A reply is held back until it is whole or has this many bytes, so that a small one leaves in one write and with
/// its length...
const HOLD_BYTES: usize = 16 * 1024;

/// ... but no longer than this: a script that goes on working is shown so far.
const HOLD_TIME: Duration = Duration::from_millis(200);

/// The parts of an exchange that both ways share.
#[derive(Debug)]
pub(super) struct ScriptRelay<'a> {
    connection: &'a mut Connection,
    body: &'a mut Body,
    keep_alive: &'a mut bool,
    context: Context<'a>,
    is_head: bool,
    /// How text is sent.
    coding: Coding,
    is_begun: bool,
    is_odd: bool,
}

impl<'a> ScriptRelay<'a> {
    pub(super) fn new(exchange: &'a mut Exchange<'_>) -> Self {
        Self {
            context: exchange.context(),
            is_head: exchange.is_head(),
            coding: compressed::coding(exchange),
            connection: exchange.connection,
            body: &mut exchange.body,
            keep_alive: &mut exchange.keep_alive,
            is_begun: false,
            is_odd: false,
        }
    }

    /// Whether the script's header block had lines that are no fields and were left out.
    pub(super) fn is_odd(&self) -> bool {
        self.is_odd
    }

    /// Whether the client has got a part of the reply. Stays true when [`Self::run`] is dropped on the way.
    pub(super) fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Runs both ways until the reply is complete or one side is lost. `begin` is what was read of the body.
    pub(super) async fn run(
        &mut self,
        begin: Vec<u8>,
        stdin: Option<Stdin>,
        stdout: Option<Stdout>,
    ) -> Outcome {
        let Some(stdout) = stdout else {
            return Outcome::NoReply("its output can't be read");
        };
        let patience = self.connection.write_timeout();
        let (client, writer) = tokio::io::split(&mut self.connection.stream);
        let must_close = AtomicBool::new(self.body.must_close());
        let feed = Feed {
            client,
            buffer: &mut self.connection.buffer,
            body: self.body,
            must_close: &must_close,
        };
        let mut reply = ReplyWriter {
            writer,
            patience,
            must_close: &must_close,
            context: Context {
                keep_alive: *self.keep_alive,
                ..self.context
            },
            is_head: self.is_head,
            coding: self.coding,
            is_begun: &mut self.is_begun,
            is_odd: &mut self.is_odd,
        };
        let outcome = tokio::select! {
            biased;
            outcome = reply.run(stdout) => outcome,
            outcome = feed.run(begin, stdin) => outcome,
        };
        *self.keep_alive = reply.context.keep_alive;
        outcome
    }
}

/// The way from stdout to the client.
pub(super) struct ReplyWriter<'a, W> {
    writer: W,
    patience: Duration,
    must_close: &'a AtomicBool,
    context: Context<'a>,
    is_head: bool,
    coding: Coding,
    is_begun: &'a mut bool,
    is_odd: &'a mut bool,
}

impl<W: AsyncWrite + Unpin> ReplyWriter<'_, W> {
    async fn run(&mut self, mut stdout: Stdout) -> Outcome {
        let (reply, rest) = match read_reply(&mut stdout).await {
            Ok(read) => read,
            Err(reason) => return Outcome::NoReply(reason),
        };
        *self.is_odd = reply.is_odd;
        if self.must_close.load(Ordering::Relaxed) {
            self.context.keep_alive = false;
        }
        match self.pass_on(reply, rest, stdout).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::ClientGone,
        }
    }

    async fn pass_on(
        &mut self,
        reply: ScriptReply,
        mut rest: Vec<u8>,
        mut stdout: Stdout,
    ) -> io::Result<Outcome> {
        if self.is_head || !reply.has_body() {
            let length = match reply.length {
                Some(length) if reply.has_body() => Length::Known(length),
                _ => Length::Absent,
            };
            self.write(&reply.response.encode(length, &self.context))
                .await?;
            return skip(&mut stdout).await.map(|()| Outcome::Answered);
        }
        let is_whole = hold(&reply, &mut stdout, &mut rest).await?;
        let mut response = reply.response;
        if !rest.is_empty() && !response.has("content-type") {
            let kind = crate::http::files::content_type::sniff(&rest);
            response.add("Content-Type".to_owned(), kind.into());
        }
        if self.coding == Coding::Gzip {
            match compressed::prepare(response, reply.length, &mut rest, is_whole) {
                Prepared::Plain(plain) => response = plain,
                Prepared::Whole(head) => {
                    let out = head.encode(Length::Known(rest.len() as u64), &self.context);
                    let length = rest.len() as u64;
                    return self.pass_known(out, rest, length, stdout).await;
                }
                Prepared::Stream(head) => {
                    let out = head.encode(Length::Chunked, &self.context);
                    return self.pass_compressed(out, rest, stdout).await;
                }
            }
        }
        let length = match reply.length {
            Some(length) => Length::Known(length),
            None if is_whole => Length::Known(rest.len() as u64),
            None if self.context.version == Version::Http11 => Length::Chunked,
            None => {
                self.context.keep_alive = false;
                Length::UntilClose
            }
        };
        let mut out = response.encode(length, &self.context);
        if let Length::Known(length) = length {
            return self.pass_known(out, rest, length, stdout).await;
        }
        let is_chunked = length == Length::Chunked;
        while !rest.is_empty() {
            if is_chunked {
                push_chunk(&mut out, &rest);
            } else {
                out.extend_from_slice(&rest);
            }
            self.write(&out).await?;
            out.clear();
            rest.clear();
            read_more(&mut stdout, &mut rest).await?;
        }
        if is_chunked {
            out.extend_from_slice(b"0\r\n\r\n");
        }
        self.write(&out).await?;
        Ok(Outcome::Answered)
    }

    /// Exactly `length` bytes; what the script prints beyond that is skipped.
    async fn pass_known(
        &mut self,
        mut out: Vec<u8>,
        mut rest: Vec<u8>,
        length: u64,
        mut stdout: Stdout,
    ) -> io::Result<Outcome> {
        let mut left = length;
        loop {
            rest.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= rest.len() as u64;
            out.extend_from_slice(&rest);
            self.write(&out).await?;
            if left == 0 {
                return skip(&mut stdout).await.map(|()| Outcome::Answered);
            }
            out.clear();
            rest.clear();
            if read_more(&mut stdout, &mut rest).await? == 0 {
                return Ok(Outcome::Cut);
            }
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        *self.is_begun = true;
        write_all(&mut self.writer, bytes, self.patience).await
    }
}

/// Reads the header block and what came with it. An unterminated block counts, as it does for websocketd.
async fn read_reply(stdout: &mut Stdout) -> Result<(ScriptReply, Vec<u8>), &'static str> {
    let mut bytes = Vec::new();
    let mut seen = 0;
    loop {
        if let Some(end) = reply::find_end(&bytes, seen) {
            let reply = reply::parse(&bytes[..end])?;
            bytes.drain(..end);
            return Ok((reply, bytes));
        }
        if bytes.len() > MAX_BLOCK {
            return Err("the header block is over 64 KiB");
        }
        seen = bytes.len();
        match read_more(stdout, &mut bytes).await {
            Ok(0) => return Ok((reply::parse(&bytes)?, Vec::new())),
            Ok(_) => {}
            Err(_) => return Err("its output can't be read"),
        }
    }
}

/// Gathers the start of the body; whether that is all of it.
async fn hold(reply: &ScriptReply, stdout: &mut Stdout, rest: &mut Vec<u8>) -> io::Result<bool> {
    if reply.is_event_stream() && !rest.is_empty() {
        return Ok(false);
    }
    let deadline = Instant::now() + HOLD_TIME;
    let is_complete = |rest: &[u8]| {
        reply
            .length
            .is_some_and(|length| rest.len() as u64 >= length)
    };
    while rest.len() < HOLD_BYTES && !is_complete(rest) {
        match timeout_at(deadline, read_more(stdout, rest)).await {
            Ok(Ok(0)) => return Ok(true),
            Ok(Ok(_)) if reply.is_event_stream() => break,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error),
            // Nothing to show yet: the head waits with it.
            Err(_) if rest.is_empty() && !reply.is_event_stream() => {
                return Ok(read_more(stdout, rest).await? == 0);
            }
            Err(_) => break,
        }
    }
    Ok(false)
}

/// Skips the rest of the script's output, so that SIGPIPE doesn't kill it for a byte too many.
async fn skip(stdout: &mut Stdout) -> io::Result<()> {
    let mut scrap = Vec::new();
    while read_more(stdout, &mut scrap).await? > 0 {
        scrap.clear();
    }
    Ok(())
}
