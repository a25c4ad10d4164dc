//! The output of a shared program, made into what each client gets.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::mailbox::Frames;
use super::order::{self, Order};
use super::room::{Audience, Parcel};
use crate::buffer::{Lines, text_of};
use crate::config::{Level, Shared, SharedMode};
use crate::logging::Fields;
use crate::session::client::outgoing::put_frame;

/// Least time between two log lines about output that is no order.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Messages in one batch of frames, so that a member that lags loses little at once.
const MAX_BATCH: u32 = 4096;

/// A line of the program is over `--maxline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineTooLong;

/// Cuts a program's output into parcels.
#[derive(Debug)]
pub(super) struct Output {
    lines: Lines,
    max_line: usize,
    mode: SharedMode,
    /// Messages are kept one by one, for those who come later.
    is_replayed: bool,
    bad: BadLines,
}

/// Lines that are no order: logged at once, then counted for a while.
#[derive(Debug, Default)]
struct BadLines {
    logged: Option<Instant>,
    since: u64,
}

/// Messages to all that stand one after another become one piece of frames.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    messages: u32,
}

impl Output {
    pub(super) fn new(config: &Shared, max_line: usize) -> Self {
        Self {
            lines: Lines::default(),
            max_line,
            mode: config.mode,
            is_replayed: config.replay > 0,
            bad: BadLines::default(),
        }
    }

    /// Room for the next read.
    pub(super) fn space(&mut self) -> &mut [u8] {
        self.lines.space(self.max_line)
    }

    /// Gives back what memory is not needed while nothing comes.
    pub(super) fn park(&mut self) {
        self.lines.park();
    }

    /// Makes parcels of the `n` bytes that were read into [`Self::space`].
    pub(super) fn filled(&mut self, n: usize, fields: &Fields) -> Result<Vec<Parcel>, LineTooLong> {
        self.lines.filled(n);
        let mut parcels = Vec::new();
        let mut batch = Batch::default();
        while let Some(line) = self.lines.next_line() {
            if line.len() > self.max_line {
                return Err(LineTooLong);
            }
            let taker = Taker {
                mode: self.mode,
                is_replayed: self.is_replayed,
                bad: &mut self.bad,
                fields,
            };
            taker.take(line, &mut batch, &mut parcels);
        }
        batch.flush(&mut parcels);
        if self.lines.pending().len() > self.max_line {
            return Err(LineTooLong);
        }
        Ok(parcels)
    }

    /// The rest of an output that has ended, as a line.
    pub(super) fn finish(&mut self, fields: &Fields) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        let mut batch = Batch::default();
        if let Some(line) = self.lines.take_rest() {
            let taker = Taker {
                mode: self.mode,
                is_replayed: self.is_replayed,
                bad: &mut self.bad,
                fields,
            };
            taker.take(line, &mut batch, &mut parcels);
        }
        batch.flush(&mut parcels);
        parcels
    }
}

/// What taking one line needs beside the line's own buffer.
struct Taker<'a> {
    mode: SharedMode,
    is_replayed: bool,
    bad: &'a mut BadLines,
    fields: &'a Fields,
}

impl Taker<'_> {
    fn take(self, line: &[u8], batch: &mut Batch, parcels: &mut Vec<Parcel>) {
        let text = text_of(line);
        if self.mode == SharedMode::Broadcast {
            batch.put(&text, self.is_replayed, parcels);
            return;
        }
        let order = match order::parse(&text) {
            Some(Order::All(text)) => return batch.put(text, self.is_replayed, parcels),
            Some(Order::Remark(remark)) => return self.fields.log(Level::Info, "program", remark),
            None => return self.bad.note(&text, self.fields),
            Some(order) => order,
        };
        batch.flush(parcels);
        parcels.push(match order {
            Order::Send(ids, text) => Parcel::Message(Audience::Only(ids), frames_of(text)),
            Order::But(id, text) => Parcel::Message(Audience::But(id), frames_of(text)),
            Order::Close(id, code, reason) => Parcel::Close(id, code, reason.to_owned()),
            Order::All(_) | Order::Remark(_) => return,
        });
    }
}

impl Batch {
    fn put(&mut self, text: &str, alone: bool, parcels: &mut Vec<Parcel>) {
        put_frame(&mut self.bytes, OpCode::Data(Data::Text), text.as_bytes());
        self.messages += 1;
        if alone || self.messages == MAX_BATCH {
            self.flush(parcels);
        }
    }

    fn flush(&mut self, parcels: &mut Vec<Parcel>) {
        if self.messages > 0 {
            let Self { bytes, messages } = std::mem::take(self);
            let frames = Frames {
                bytes: bytes.into(),
                messages,
            };
            parcels.push(Parcel::Message(Audience::All, frames));
        }
    }
}

fn frames_of(text: &str) -> Frames {
    let mut bytes = Vec::new();
    put_frame(&mut bytes, OpCode::Data(Data::Text), text.as_bytes());
    Frames {
        bytes: bytes.into(),
        messages: 1,
    }
}

impl BadLines {
    fn note(&mut self, line: &str, fields: &Fields) {
        self.since += 1;
        if self
            .logged
            .is_none_or(|last| last.elapsed() >= LOG_INTERVAL)
        {
            let word = line.split(' ').next().unwrap_or_default();
            let word: String = word.chars().take(32).collect();
            let message = format!(
                "Program wrote {} lines that begin with no order (all, send, but, close, #), as '{word}'; they go to nobody",
                self.since
            );
            fields.error("session", &message);
            (self.logged, self.since) = (Some(Instant::now()), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcels(mode: SharedMode, replay: usize, text: &str) -> Vec<Parcel> {
        let config = Shared {
            mode,
            replay,
            ..Shared::default()
        };
        let mut output = Output::new(&config, 100);
        output.space()[..text.len()].copy_from_slice(text.as_bytes());
        let mut parcels = output.filled(text.len(), &Fields::default()).unwrap();
        parcels.extend(output.finish(&Fields::default()));
        parcels
    }

    fn shown(parcels: &[Parcel]) -> Vec<String> {
        let show = |parcel: &Parcel| match parcel {
            Parcel::Message(audience, frames) => {
                format!("{audience:?} {} {:?}", frames.messages, frames.bytes)
            }
            Parcel::Close(id, code, reason) => format!("close {id} {code} {reason}"),
        };
        parcels.iter().map(show).collect()
    }

    #[test]
    fn what_follows_one_another_to_all_is_one_batch() {
        let parcels = parcels(
            SharedMode::Ids,
            0,
            "all a\nall b\nbut 1 c\nnoise\nsend 1,2 d\nall e\nclose 1 4000 x",
        );
        assert_eq!(
            shown(&parcels),
            [
                "All 2 [129, 1, 97, 129, 1, 98]",
                "But(1) 1 [129, 1, 99]",
                "Only([1, 2]) 1 [129, 1, 100]",
                "All 1 [129, 1, 101]",
                "close 1 4000 x"
            ]
        );
    }

    #[test]
    fn replayed_messages_are_pieces_of_their_own() {
        let parcels = parcels(SharedMode::Broadcast, 3, "all a\nb");
        assert_eq!(
            shown(&parcels),
            ["All 1 [129, 5, 97, 108, 108, 32, 97]", "All 1 [129, 1, 98]"]
        );
    }
}
