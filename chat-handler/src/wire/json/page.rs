//! Pages of history.

use super::message::Message;
use super::{Id, open_again, put, record};
use crate::occupant::Span;
use chat_store::record::{Record, RecordId};

/// A page is written piece by piece, so that no page is ever held as a whole.
pub(super) fn start_page(span: Span, out: &mut Vec<u8>) {
    let (before, since) = match span {
        Span::Newest | Span::Single => (None, None),
        Span::Before(id) => (Some(Id(id)), None),
        Span::Since(id) => (None, Some(Id(id))),
    };
    put(
        &Message {
            kind: if span == Span::Single {
                "messages"
            } else {
                "history"
            },
            before,
            since,
            ..Message::default()
        },
        out,
    );
    open_again(out);
    out.extend_from_slice(b",\"records\":[");
}

pub(super) fn put_past(first: bool, past: &Record<'_>, out: &mut Vec<u8>) {
    if !first {
        out.push(b',');
    }
    record(past, out);
    out.truncate(out.len().saturating_sub("\n".len()));
}

pub(super) fn end_page(more: bool, cursor: Option<RecordId>, out: &mut Vec<u8>) {
    out.extend_from_slice(if more {
        b"],\"more\":true"
    } else {
        b"],\"more\":false"
    });
    if let (true, Some(id)) = (more, cursor) {
        out.extend_from_slice(b",\"cursor\":\"");
        out.extend_from_slice(&id.to_text());
        out.push(b'"');
    }
    out.extend_from_slice(b"}\n");
}
