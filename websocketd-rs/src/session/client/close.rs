//! The closing handshake (RFC 6455 section 7).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;

use super::Client;
use super::decoder::Event;
use super::kept::Kept;
use crate::session::end::{Close, Farewell};

/// How long to try to reach a client that answers no pings: what its socket takes at once may still reach it.
const SILENT_TIMEOUT: Duration = Duration::from_millis(100);

/// Bytes read at once of what is dropped.
const SCRAP: usize = 4096;

impl Client<'_> {
    /// Takes what the program has not been given yet.
    pub(in crate::session) fn take_ready(&mut self) -> Vec<u8> {
        let mut rest = self.outgoing.backlog().to_vec();
        rest.extend_from_slice(self.decoder.ready());
        self.decoder.discard();
        rest
    }

    /// Writes what is pending and the close frame, waits for the client's, closes. Bounded by `--closetimeout` in all. What is
    /// kept of a session that lingers is returned when the client may not have received it all.
    pub(in crate::session) async fn close(mut self, close: Option<Close>) -> Option<Box<Kept>> {
        let is_received = match close {
            Some(close) => self.shake_hands(&close).await,
            None => false,
        };
        // The next session of this thread takes them, in place of a new mapping for each connection.
        self.decoder.discard();
        self.decoder.park();
        self.outgoing.park();
        self.outgoing.take_kept().filter(|_| !is_received)
    }

    /// Whether the client answered.
    async fn shake_hands(&mut self, close: &Close) -> bool {
        let mut payload = Vec::new();
        if let Some(code) = close.code {
            payload.extend_from_slice(&code.to_be_bytes());
            payload.extend_from_slice(close.reason.as_bytes());
        }
        self.outgoing.control(Control::Close, &payload);
        let limit = match close.farewell {
            Farewell::Silent => self.config.close_timeout.min(SILENT_TIMEOUT),
            _ => self.config.close_timeout,
        };
        // An error or a time-out here means that the client is gone, and nothing is left to do for it.
        let exchanged = timeout(limit, self.exchange(close.farewell)).await;
        exchanged.is_ok_and(|answered| answered.unwrap_or(false))
    }

    async fn exchange(&mut self, farewell: Farewell) -> std::io::Result<bool> {
        if farewell == Farewell::Answer {
            let written = self.stream.write_last(self.outgoing.pending());
            self.outgoing.consume(written);
        }
        self.stream.write_all(self.outgoing.pending()).await?;
        self.outgoing.discard();
        self.stream.flush().await?;
        let is_answered = match farewell {
            Farewell::Answer => true,
            Farewell::Silent => false,
            Farewell::Deaf => {
                self.stream.shutdown().await?;
                self.skip_to_end().await?;
                return Ok(false);
            }
            Farewell::Ask => self.await_close().await?,
        };
        self.stream.shutdown().await?;
        Ok(is_answered)
    }

    async fn await_close(&mut self) -> std::io::Result<bool> {
        loop {
            self.decoder.discard();
            match self.decoder.decode() {
                Ok(Event::NeedBytes) => {}
                Ok(Event::Ping(_) | Event::Pong(_)) => continue,
                Ok(Event::Close(_)) => return Ok(true),
                Err(_) => return Ok(false),
            }
            let n = self.stream.read(self.decoder.space()).await?;
            if n == 0 {
                return Ok(false);
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
