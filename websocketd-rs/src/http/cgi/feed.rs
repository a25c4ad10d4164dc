//! The way from the client to a script's stdin, and the watch for the client's end.

use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::time::sleep;

use super::outcome::Outcome;
use crate::http::body::Body;
use crate::http::connection::read_more;
use crate::process::Stdin;

/// How much is read from the client ahead of what the script takes: enough to see the client's end behind it.
const READ_AHEAD: usize = 64 * 1024;

/// A client that has closed its side may be gone, or may have closed just that side after its request (as `nc -N`
/// does); nothing distinguishes the two. The script gets this long to answer before it is terminated.
const HALF_CLOSED_GRACE: Duration = Duration::from_secs(2);

/// The way from the client to stdin.
pub(super) struct Feed<'a, R> {
    pub(super) client: R,
    pub(super) buffer: &'a mut Vec<u8>,
    pub(super) body: &'a mut Body,
    /// For the reply's head: what is still to come of the body keeps the connection from being used again.
    pub(super) must_close: &'a AtomicBool,
}

impl<R: AsyncRead + Unpin> Feed<'_, R> {
    /// Passes the request's body on, then watches for the client's end. Returns only when something is wrong.
    pub(super) async fn run(mut self, mut chunk: Vec<u8>, mut stdin: Option<Stdin>) -> Outcome {
        let mut written = 0;
        loop {
            // A script that has closed its stdin doesn't want the rest: it is read over.
            if written == chunk.len() || stdin.is_none() {
                chunk.clear();
                written = 0;
                if let Err(refusal) = self.body.take(self.buffer, &mut chunk) {
                    return Outcome::BadBody(refusal);
                }
                self.must_close
                    .store(self.body.must_close(), Ordering::Relaxed);
                if chunk.is_empty() && self.body.is_done() {
                    stdin = None;
                }
            }
            let rest = &chunk[written..];
            tokio::select! {
                result = write_some(&mut stdin, rest) => match result {
                    Ok(count) => written += count,
                    Err(_) => stdin = None,
                },
                result = read_ahead(&mut self.client, self.buffer) => match result {
                    Ok(0) => {
                        sleep(HALF_CLOSED_GRACE).await;
                        return Outcome::ClientGone;
                    }
                    Ok(_) => {}
                    Err(_) => return Outcome::ClientGone,
                },
            }
        }
    }
}

/// Waits for ever when there is nothing to write, or stdin is closed.
async fn write_some(stdin: &mut Option<Stdin>, bytes: &[u8]) -> io::Result<usize> {
    match stdin {
        Some(stdin) if !bytes.is_empty() => stdin.write(bytes).await,
        _ => pending().await,
    }
}

/// Waits for ever when enough was read ahead.
async fn read_ahead<R>(client: &mut R, buffer: &mut Vec<u8>) -> io::Result<usize>
where
    R: AsyncRead + Unpin,
{
    if buffer.len() < READ_AHEAD {
        read_more(client, buffer).await
    } else {
        pending().await
    }
}
