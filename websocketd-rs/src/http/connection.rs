//! A client's stream with what was read from it and not used yet.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};

use super::request::{self, BadRequest, Head};
use crate::config::Limits;
use crate::net::Stream;

/// What a quiet connection reads into first. It lives on the stack of the poll, so that waiting costs no memory.
const FIRST_READ: usize = 2048;

/// Room for each further read.
pub(super) const READ_STEP: usize = 16 * 1024;

/// Bytes of empty lines before a request. Some old clients send one after a request's body.
const MAX_EMPTY: usize = 16;

/// How long, and for how many bytes, a closing connection reads on, so that the client gets to read the reply
/// before the kernel resets the connection because of unread bytes (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const MAX_LINGER_BYTES: usize = 256 * 1024;

/// Why there is no further request.
#[derive(Debug)]
pub(super) enum NoHead {
    /// The client closed, or was silent for too long.
    Closed,
    /// What came is not served.
    Bad(BadRequest),
}

/// A client's stream with what was read from it and not used yet.
#[derive(Debug)]
pub(super) struct Connection {
    /// The stream.
    pub(super) stream: Stream,
    /// Bytes read and not used. Has no allocation between requests.
    pub(super) buffer: Vec<u8>,
    /// How long a write may make no progress.
    write_timeout: Duration,
}

impl Connection {
    pub(super) fn new(stream: Stream, write_timeout: Duration) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            write_timeout,
        }
    }

    /// Takes what the client sent already: mostly its first request, whole, so that nothing has to be waited for, nor a timer set.
    pub(super) fn read_at_once(&mut self) {
        let mut bytes = [0; FIRST_READ];
        if let Some(read) = self.stream.read_at_once(&mut bytes) {
            self.buffer.extend_from_slice(&bytes[..read]);
        }
    }

    /// Reads the next request head. `patience` is how long the client may be silent before it.
    pub(super) async fn read_head(
        &mut self,
        limits: &Limits,
        patience: Duration,
    ) -> Result<Head, NoHead> {
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
            match timeout(patience, self.read_first()).await {
                Ok(Ok(read)) if read > 0 => {}
                _ => return Err(NoHead::Closed),
            }
        }
        let deadline = Instant::now() + limits.header_timeout;
        match timeout_at(deadline, self.read_rest(limits)).await {
            Ok(head) => head,
            Err(_) => Err(NoHead::Bad(BadRequest {
                status: 408,
                reason: "request head took too long",
            })),
        }
    }

    async fn read_rest(&mut self, limits: &Limits) -> Result<Head, NoHead> {
        let (mut seen, mut skipped) = (0, 0);
        loop {
            // RFC 9112 section 2.2: an empty line before the request line is skipped. All at once, and not for ever: taking
            // a flood of them out of the buffer one by one would cost far more than sending it.
            let pairs = self.buffer.as_chunks::<2>().0.iter();
            let empty = 2 * pairs.take_while(|pair| *pair == b"\r\n").count();
            if empty > 0 {
                self.buffer.drain(..empty);
                (seen, skipped) = (0, skipped + empty);
            }
            if skipped > MAX_EMPTY {
                let reason = "empty lines and no request";
                return Err(NoHead::Bad(BadRequest {
                    status: 400,
                    reason,
                }));
            }
            let end = request::find_end(&self.buffer, seen).map_err(NoHead::Bad)?;
            if end.unwrap_or(self.buffer.len()) > limits.max_header_bytes {
                let reason = "request head is too large";
                return Err(NoHead::Bad(BadRequest {
                    status: 431,
                    reason,
                }));
            }
            if let Some(end) = end {
                let head =
                    request::parse(&self.buffer[..end], limits.max_headers).map_err(NoHead::Bad)?;
                self.buffer.drain(..end);
                return Ok(head);
            }
            seen = self.buffer.len();
            match self.read_more().await {
                Ok(read) if read > 0 => {}
                _ => return Err(NoHead::Closed),
            }
        }
    }

    /// Waits for the first bytes of a request without holding a buffer meanwhile.
    async fn read_first(&mut self) -> io::Result<usize> {
        let Self { stream, buffer, .. } = self;
        poll_fn(|cx| {
            let mut bytes = [0; FIRST_READ];
            let mut room = ReadBuf::new(&mut bytes);
            Pin::new(&mut *stream)
                .poll_read(cx, &mut room)
                .map_ok(|()| {
                    buffer.extend_from_slice(room.filled());
                    room.filled().len()
                })
        })
        .await
    }

    /// Appends what comes next to the buffer; 0 is the end. Safe to drop while it waits.
    pub(super) async fn read_more(&mut self) -> io::Result<usize> {
        read_more(&mut self.stream, &mut self.buffer).await
    }

    /// Writes all, as long as there is progress.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        write_all(&mut self.stream, bytes, self.write_timeout).await
    }

    /// How long a write may make no progress.
    pub(super) fn write_timeout(&self) -> Duration {
        self.write_timeout
    }

    /// Ends the connection so that the client gets to read what was written.
    pub(super) async fn close(mut self) {
        let _ = timeout(LINGER, async {
            self.stream.shutdown().await?;
            let mut left = MAX_LINGER_BYTES;
            while left > 0 {
                self.buffer.clear();
                match self.read_more().await? {
                    0 => break,
                    read => left = left.saturating_sub(read),
                }
            }
            io::Result::Ok(())
        })
        .await;
    }
}

/// Appends what comes next from `source`; 0 is the end. Safe to drop while it waits.
pub(super) async fn read_more<R>(source: &mut R, buffer: &mut Vec<u8>) -> io::Result<usize>
where
    R: AsyncRead + Unpin,
{
    buffer.reserve(READ_STEP);
    source.read_buf(buffer).await
}

/// Writes all, as long as there is progress within each `patience`.
pub(super) async fn write_all<W>(
    sink: &mut W,
    mut bytes: &[u8],
    patience: Duration,
) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    while !bytes.is_empty() {
        match timeout(patience, sink.write(bytes)).await?? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    timeout(patience, sink.flush()).await?
}
