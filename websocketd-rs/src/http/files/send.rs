//! Sending a stored file: conditions, ranges, compression.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::caching;
use super::conditional::{self, Selection, Validators};
use super::content_type::{self, SNIFFED};
use crate::config::Coding;
use crate::http::exchange::Exchange;
use crate::http::gzip::{self, Gzip};
use crate::http::request::Version;
use crate::http::response::{Length, Response, push_chunk};

/// How much of a file is in memory at once: one write's worth.
const STEP: usize = 64 * 1024;

/// Answers with `file`, or with what the request's conditions ask for. `name` is its path, for its type.
pub(super) async fn send(
    exchange: &mut Exchange<'_>,
    file: &File,
    name: &Path,
    length: u64,
    mut validators: Validators,
) -> io::Result<()> {
    let mut start = [0; SNIFFED];
    let start = file.read_at(&mut start, 0).map(|read| &start[..read])?;
    let kind = content_type::of(name, start);
    let has_variant =
        exchange.site.config.http.coding == Coding::Gzip && gzip::is_compressible(kind.as_bytes());
    let is_gzip = has_variant && takes_gzip(exchange, length);
    if is_gzip {
        validators.etag = gzip::variant(&validators.etag);
    }
    let modified = httpdate::fmt_http_date(conditional::seconds(validators.modified));
    let response = |status| {
        let response = Response::new(status)
            .with("X-Content-Type-Options", &b"nosniff"[..])
            .with("Cache-Control", caching(name).as_bytes())
            .with_text("ETag", validators.etag.clone())
            .with_text("Last-Modified", modified.clone());
        if has_variant {
            response.with("Vary", &b"Accept-Encoding"[..])
        } else {
            response
        }
    };
    let (response, range) = match conditional::select(exchange.head, &validators, length) {
        Selection::NotModified => return exchange.reply(&response(304), b"").await,
        Selection::Failed => return exchange.reply_status(412).await,
        Selection::Unsatisfiable(text) => {
            let response =
                Response::new(416).with_text("Content-Range", format!("bytes */{length}"));
            return exchange.reply_text(response, &format!("{text}\n")).await;
        }
        Selection::Whole => (response(200), 0..length),
        Selection::Part(part) => {
            let shown = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            (response(206).with_text("Content-Range", shown), part)
        }
    };
    let response = response.with_text("Content-Type", kind);
    exchange.settle();
    if is_gzip {
        let response = response.with("Content-Encoding", &b"gzip"[..]);
        return send_gzip(exchange, file, length, &response).await;
    }
    let response = response.with("Accept-Ranges", &b"bytes"[..]);
    let head = response.encode(Length::Known(range.end - range.start), &exchange.context());
    if exchange.is_head() {
        return exchange.connection.write_all(&head).await;
    }
    copy(exchange, file, range, head).await
}

/// Whether this request gets a compressed copy. Parts are of the file as it is.
fn takes_gzip(exchange: &Exchange<'_>, length: u64) -> bool {
    let head = exchange.head;
    (gzip::MIN_LENGTH..=gzip::MAX_LENGTH).contains(&length)
        && head.version == Version::Http11
        && head.headers.get("range").is_none()
        && gzip::is_accepted(&head.headers)
}

/// A file of one step has a length, a longer one leaves in chunks.
async fn send_gzip(
    exchange: &mut Exchange<'_>,
    file: &File,
    length: u64,
    response: &Response,
) -> io::Result<()> {
    let mut step = vec![0; STEP.min(usize::try_from(length).unwrap_or(STEP))];
    if step.len() as u64 == length {
        file.read_exact_at(&mut step, 0)?;
        let body = gzip::compress(&step)?;
        let mut out = response.encode(Length::Known(body.len() as u64), &exchange.context());
        if !exchange.is_head() {
            out.extend(body);
        }
        return exchange.connection.write_all(&out).await;
    }
    let mut out = response.encode(Length::Chunked, &exchange.context());
    if exchange.is_head() {
        return exchange.connection.write_all(&out).await;
    }
    let mut gzip = Gzip::new();
    let mut at = 0;
    while at < length {
        let left = usize::try_from(length - at).unwrap_or(STEP);
        step.truncate(left);
        file.read_exact_at(&mut step, at)?;
        at += step.len() as u64;
        push_chunk(&mut out, &gzip.add(&step)?);
        exchange.connection.write_all(&out).await?;
        out.clear();
    }
    push_chunk(&mut out, &gzip.finish()?);
    out.extend_from_slice(b"0\r\n\r\n");
    exchange.connection.write_all(&out).await
}

/// Head and content, in steps; a small file goes out with its head in one write.
/// Reading is done in place: it comes from the page cache, or from a disk that is about as fast as handing the read to
/// another thread and waiting for it.
async fn copy(
    exchange: &mut Exchange<'_>,
    file: &File,
    range: Range<u64>,
    head: Vec<u8>,
) -> io::Result<()> {
    let mut buffer = head;
    let mut at = range.start;
    loop {
        let begin = buffer.len();
        let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        buffer.resize(begin + left.min(STEP), 0);
        file.read_exact_at(&mut buffer[begin..], at)?;
        at += (buffer.len() - begin) as u64;
        exchange.connection.write_all(&buffer).await?;
        if at == range.end {
            return Ok(());
        }
        buffer.clear();
    }
}
