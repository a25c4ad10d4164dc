//! Telling a client that its upgrade is refused: by an HTTP status, or where `--refuse-with-close` asks for it by a close frame,
//! since a browser shows a page nothing of a status.

use std::io;

use super::refusal::{Answer, Refusal};
use crate::http::exchange::Exchange;
use crate::http::handshake;
use crate::http::response::{self, Response};
use crate::http::status;
use crate::logging::Fields;
use crate::metrics::METRICS;

/// What is added to a status to make a close code of it: those from 4000 on are for private use (RFC 6455 section 7.4.2).
const CODE_BASE: u16 = 4000;

/// The first byte of a close frame: FIN, opcode 8 (RFC 6455 section 5.2).
const CLOSE: u8 = 0x88;

/// Logs, counts and answers.
pub(in crate::http) async fn refuse(
    exchange: &mut Exchange<'_>,
    refusal: &Refusal,
    fields: &Fields,
) -> io::Result<()> {
    let answer = refusal.answer();
    fields.log(answer.level, answer.category, &answer.message);
    METRICS.refusals.add(answer.label);
    if exchange.site.config.session.refuse_with_close
        && let Some(accept) = handshake::accept(exchange.head)
    {
        return close(exchange, &answer, &accept).await;
    }
    if let Some(denial) = answer.denial {
        return exchange.reply(&denial.response, &denial.body).await;
    }
    let mut response = Response::new(answer.status);
    for (name, value) in answer.fields {
        response = response.with(name, value.as_bytes());
    }
    let text = format!("{} {}\n", answer.status, status::reason(answer.status));
    exchange.reply_text(response, &text).await
}

/// 101, and at once a close frame with the status; then the connection ends.
async fn close(exchange: &mut Exchange<'_>, answer: &Answer<'_>, accept: &str) -> io::Result<()> {
    let config = &exchange.site.config;
    // One that was offered must be chosen, or a browser ends the connection before it reads the frame.
    let protocol = handshake::negotiate(exchange.head, &config.session.protocols)
        .or_else(|| {
            exchange
                .head
                .linger
                .as_ref()
                .map(|offer| offer.name().to_owned())
        })
        .or_else(|| handshake::first_offer(exchange.head));
    let mut bytes = response::encode_switching(accept, protocol.as_deref(), &config.http, &[]);
    let reason = format!("{} {}", answer.status, status::reason(answer.status));
    bytes.extend([CLOSE, 2 + u8::try_from(reason.len()).unwrap_or(0)]);
    bytes.extend((CODE_BASE + answer.status).to_be_bytes());
    bytes.extend(reason.as_bytes());
    exchange.keep_alive = false;
    exchange.connection.write_all(&bytes).await
}
