//! A script's reply under compression.

use std::io;

use tokio::io::AsyncWrite;

use super::outcome::Outcome;
use super::relay::ReplyWriter;
use crate::config::Coding;
use crate::http::connection::read_more;
use crate::http::exchange::Exchange;
use crate::http::gzip::{self, Gzip};
use crate::http::request::Version;
use crate::http::response::{Response, push_chunk};
use crate::process::Stdout;

/// How this client gets text. In HTTP/1.0 there are no chunks.
pub(super) fn coding(exchange: &Exchange<'_>) -> Coding {
    let head = exchange.head;
    let takes = head.version == Version::Http11 && gzip::is_accepted(&head.headers);
    if takes {
        exchange.site.config.http.coding
    } else {
        Coding::Identity
    }
}

/// How a reply to a client that takes gzip is sent.
pub(super) enum Prepared {
    /// As the script printed it.
    Plain(Response),
    /// Compressed as a whole, in place.
    Whole(Response),
    /// Compressed as it comes.
    Stream(Response),
}

/// Decides. `rest` is what is there of the body, `is_whole` whether that is all of it; `length` is the script's own word. One that
/// has coded or validated its reply itself, or sends a part, is left alone: validators and parts are of its bytes.
pub(super) fn prepare(
    response: Response,
    length: Option<u64>,
    rest: &mut Vec<u8>,
    is_whole: bool,
) -> Prepared {
    let is_text = response
        .get("content-type")
        .is_some_and(gzip::is_compressible);
    let has_own = ["content-encoding", "content-range", "etag"]
        .iter()
        .any(|name| response.has(name));
    let is_fit = is_text && !has_own && (200..300).contains(&response.status);
    if !is_fit || response.status == 206 {
        return Prepared::Plain(response);
    }
    let response = response.with("Vary", &b"Accept-Encoding"[..]);
    let here = rest.len() as u64;
    let is_whole = length.map_or(is_whole, |length| here >= length);
    match (is_whole, length) {
        (true, _) if here < gzip::MIN_LENGTH => Prepared::Plain(response),
        (true, _) => {
            if let Some(length) = length.and_then(|length| usize::try_from(length).ok()) {
                rest.truncate(length);
            }
            let Ok(body) = gzip::compress(rest) else {
                return Prepared::Plain(response);
            };
            *rest = body;
            Prepared::Whole(response.with("Content-Encoding", &b"gzip"[..]))
        }
        // The script's length must hold to the byte: it is passed on.
        (false, Some(_)) => Prepared::Plain(response),
        (false, None) => Prepared::Stream(response.with("Content-Encoding", &b"gzip"[..])),
    }
}

impl<W: AsyncWrite + Unpin> ReplyWriter<'_, W> {
    /// Passes the body on in chunks, each readable by itself: a script that goes on working is shown so far.
    pub(super) async fn pass_compressed(
        &mut self,
        mut out: Vec<u8>,
        mut rest: Vec<u8>,
        mut stdout: Stdout,
    ) -> io::Result<Outcome> {
        let mut gzip = Gzip::new();
        while !rest.is_empty() {
            push_chunk(&mut out, &gzip.add_and_flush(&rest)?);
            self.write(&out).await?;
            out.clear();
            rest.clear();
            read_more(&mut stdout, &mut rest).await?;
        }
        push_chunk(&mut out, &gzip.finish()?);
        out.extend_from_slice(b"0\r\n\r\n");
        self.write(&out).await?;
        Ok(Outcome::Answered)
    }
}
