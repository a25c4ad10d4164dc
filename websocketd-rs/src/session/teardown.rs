//! The end of a session: the close frame and its echo on one side, the ladder on the other, side by side.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::unix::pipe;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;

use super::decoder::{Decoder, Event};
use super::encoder::Outgoing;
use super::end::{Close, End};
use super::relay::Relay;
use super::stderr::Stderr;
use crate::config::SiteConfig;
use crate::logging::Fields;
use crate::net::Stream;
use crate::process::{Exit, Inquiry, Stdin, terminate};

/// How long a program that has closed its output may take to exit before the client gets its close frame:
/// its status decides the code. Usually it is there at once; one that lingers has said all it wanted to.
const STATUS_TIMEOUT: Duration = Duration::from_millis(100);

/// How long to try to say goodbye to a client that answers no pings: what its socket takes at once may still reach it.
const SILENT_TIMEOUT: Duration = Duration::from_millis(100);

/// Bytes read at once from a side whose words don't count any more.
const SCRAP: usize = 4096;

/// Ends both sides; returns when the client's connection is closed and the process group is gone.
pub(super) async fn run(
    end: End,
    relay: Relay<'_>,
    pid: u32,
    exit: &mut Exit,
    config: &SiteConfig,
) {
    let (client, mut program) = relay.split();
    program.inquiry = Some(exit.inquiry(pid));
    let ended = if end == End::HandlerEnded {
        program.stdin = None;
        timeout(STATUS_TIMEOUT, program.drain_until(exit.wait()))
            .await
            .ok()
    } else {
        None
    };
    let close_timeout = config.session.close_timeout;
    tokio::join!(
        client.close(
            end,
            end.close(ended, &config.session.exit_codes),
            close_timeout
        ),
        end_program(end, program, pid, exit, config)
    );
}

/// Stdin is closed; when the server stops, the program has its grace before the ladder begins.
async fn end_program(
    end: End,
    mut program: Program<'_>,
    pid: u32,
    exit: &mut Exit,
    config: &SiteConfig,
) {
    if end == End::ServerStopping {
        let grace = config.process.shutdown_grace;
        let _ = program.drain_until(timeout(grace, exit.wait())).await;
    }
    let ladder = terminate::end(pid, exit, config.process.close_delay);
    program.drain_until(ladder).await;
    program.drain_rest().await;
}

/// The client's side of a relay that has ended.
pub(super) struct Client {
    pub(super) stream: Stream,
    pub(super) decoder: Decoder,
    pub(super) outgoing: Outgoing,
}

impl Client {
    /// Writes what is pending and the close frame, waits for the client's, closes. Bounded by `limit` in all.
    async fn close(mut self, end: End, close: Option<Close>, limit: Duration) {
        if let Some(close) = close {
            self.say_goodbye(end, &close, limit).await;
        }
        // The next session of this thread takes them, in place of a new mapping for each connection.
        self.decoder.discard();
        self.decoder.park();
        self.outgoing.park();
    }

    async fn say_goodbye(&mut self, end: End, close: &Close, limit: Duration) {
        let mut payload = Vec::new();
        if let Some(code) = close.code {
            payload.extend_from_slice(&code.to_be_bytes());
            payload.extend_from_slice(close.reason.as_bytes());
        }
        self.outgoing.control(Control::Close, &payload);
        let limit = match end {
            End::PingTimeout => limit.min(SILENT_TIMEOUT),
            _ => limit,
        };
        // An error or a time-out here means that the client is gone, and nothing is left to do for it.
        let _ = timeout(limit, async {
            if matches!(end, End::ClientClosed(_)) {
                let written = self.stream.write_last(self.outgoing.pending());
                self.outgoing.consume(written);
            }
            self.stream.write_all(self.outgoing.pending()).await?;
            self.outgoing.discard();
            self.stream.flush().await?;
            match end {
                // Nobody is believed to be there who would answer.
                End::ClientClosed(_) | End::PingTimeout => {}
                // Its frames can't be followed any more, so that its close frame would go unseen.
                End::Violation(_) => {
                    self.stream.shutdown().await?;
                    return self.skip_to_end().await;
                }
                _ => self.await_close().await?,
            }
            self.stream.shutdown().await
        })
        .await;
    }

    async fn await_close(&mut self) -> std::io::Result<()> {
        loop {
            self.decoder.discard();
            match self.decoder.decode() {
                Ok(Event::NeedBytes) => {}
                Ok(Event::Ping(_) | Event::Pong) => continue,
                Ok(Event::Close(_)) | Err(_) => return Ok(()),
            }
            let n = self.stream.read(self.decoder.space()).await?;
            if n == 0 {
                return Ok(());
            }
            self.decoder.filled(n);
        }
    }

    /// A socket that is closed with bytes unread resets the connection, and the close frame may be lost.
    async fn skip_to_end(&mut self) -> std::io::Result<()> {
        let mut scrap = [0; SCRAP];
        while self.stream.read(&mut scrap).await? > 0 {}
        Ok(())
    }
}

/// The program's side of a relay that has ended.
pub(super) struct Program<'a> {
    pub(super) stdin: Option<Stdin>,
    /// What the client sent before it closed.
    pub(super) rest: Vec<u8>,
    pub(super) stdout: Option<pipe::Receiver>,
    pub(super) stderr: Stderr,
    pub(super) fields: &'a Fields,
    /// To be sent when both are closed.
    pub(super) inquiry: Option<Inquiry>,
}

impl Program<'_> {
    /// Hands over the rest of stdin and closes it; reads stdout and stderr until `done`. A program that cleans
    /// up must not be killed by SIGPIPE for a farewell that nobody hears.
    async fn drain_until<T>(&mut self, done: impl Future<Output = T>) -> T {
        let mut done = std::pin::pin!(done);
        poll_fn(|cx| {
            if self.poll_rest(cx).is_ready() {
                self.stdin = None;
            }
            self.stderr.poll_log(cx, self.fields);
            self.poll_stdout(cx);
            if self.stdout.is_none()
                && !self.stderr.is_open()
                && let Some(inquiry) = self.inquiry.take()
            {
                inquiry.send();
            }
            done.as_mut().poll(cx)
        })
        .await
    }

    /// Reads what the dead program left in its pipes.
    async fn drain_rest(&mut self) {
        self.drain_until(std::future::ready(())).await;
    }

    fn poll_rest(&mut self, cx: &mut std::task::Context<'_>) -> Poll<()> {
        use tokio::io::AsyncWrite;
        while let Some(stdin) = &mut self.stdin {
            if self.rest.is_empty() {
                break;
            }
            match ready!(Pin::new(stdin).poll_write(cx, &self.rest)) {
                Ok(n) => drop(self.rest.drain(..n)),
                Err(_) => break,
            }
        }
        Poll::Ready(())
    }

    fn poll_stdout(&mut self, cx: &mut std::task::Context<'_>) {
        let mut scrap = [0; SCRAP];
        while let Some(stdout) = &mut self.stdout {
            let mut buf = ReadBuf::new(&mut scrap);
            match Pin::new(stdout).poll_read(cx, &mut buf) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => self.stdout = None,
            }
        }
    }
}
