//! The output of a shared program, made into what each client gets.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

use super::mailbox::Frames;
use super::order::{Message, Order};
use super::room::{Audience, Parcel, Room};
use super::wire::{Found, Wire};
use crate::buffer::Lines;
use crate::config::Level;
use crate::logging::Fields;
use crate::session::client::outgoing::{opcode, put_frame};
use crate::session::framing::{BadOutput, NOT_UTF8};

/// Least time between two log lines about output that is no order.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Messages in one batch of frames, so that a member that lags loses little at once.
const MAX_BATCH: u32 = 4096;

/// Cuts a program's output into parcels.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Lines,
    max_message: usize,
    wire: Wire,
    /// Messages are kept one by one, for those who come later.
    is_replayed: bool,
    faults: Faults,
}

/// What is wrong with a program's output and does not end it.
#[derive(Debug, Default)]
struct Faults {
    /// When output that is no order was logged last; then it is counted for a while.
    logged: Option<Instant>,
    since: u64,
    /// That bytes were replaced was logged.
    is_replacing: bool,
}

/// Messages to all that stand one after another become one piece of frames.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    messages: u32,
}

impl Output {
    pub(super) fn new(room: &Room, max_message: usize) -> Self {
        Self {
            bytes: Lines::default(),
            max_message,
            wire: room.wire(),
            is_replayed: room.config().replay > 0,
            faults: Faults::default(),
        }
    }

    /// Room for the next read.
    pub(super) fn space(&mut self) -> &mut [u8] {
        let max_order = self.max_message.saturating_add(self.wire.overhead());
        self.bytes.space(max_order)
    }

    /// Gives back what memory is not needed while nothing comes.
    pub(super) fn park(&mut self) {
        self.bytes.park();
    }

    /// Makes parcels of the `n` bytes that were read into [`Self::space`].
    ///
    /// # Errors
    /// When they are no output of this program's wire.
    pub(super) fn filled(&mut self, n: usize, fields: &Fields) -> Result<Vec<Parcel>, BadOutput> {
        self.bytes.filled(n);
        let mut taker = Taker::new(self.is_replayed, &mut self.faults, fields);
        let each = |found: Found<'_>| taker.take(found);
        self.wire
            .take_orders(&mut self.bytes, self.max_message, each)?;
        Ok(taker.finish())
    }

    /// The rest of an output that has ended.
    ///
    /// # Errors
    /// When it must not end there.
    pub(super) fn finish(&mut self, fields: &Fields) -> Result<Vec<Parcel>, BadOutput> {
        let mut taker = Taker::new(self.is_replayed, &mut self.faults, fields);
        self.wire
            .take_rest(&mut self.bytes, |found| taker.take(found))?;
        Ok(taker.finish())
    }
}

/// Makes parcels of orders.
struct Taker<'a> {
    is_replayed: bool,
    faults: &'a mut Faults,
    fields: &'a Fields,
    batch: Batch,
    parcels: Vec<Parcel>,
}

impl<'a> Taker<'a> {
    fn new(is_replayed: bool, faults: &'a mut Faults, fields: &'a Fields) -> Self {
        Self {
            is_replayed,
            faults,
            fields,
            batch: Batch::default(),
            parcels: Vec::new(),
        }
    }

    fn take(&mut self, found: Found<'_>) {
        let order = match found {
            Found::Order(Order::All(message)) => {
                let parcels = &mut self.parcels;
                return self.batch.put(message, self.is_replayed, parcels);
            }
            Found::Order(Order::Remark(remark)) => {
                return self.fields.log(Level::Info, "program", remark);
            }
            Found::NoOrder(shown) => return self.faults.note(shown, self.fields),
            Found::Replaced => return self.faults.note_replaced(self.fields),
            Found::Order(order) => order,
        };
        self.batch.flush(&mut self.parcels);
        self.parcels.push(match order {
            Order::Send(ids, message) => Parcel::Message(Audience::Only(ids), frames_of(message)),
            Order::But(id, message) => Parcel::Message(Audience::But(id), frames_of(message)),
            Order::Close(id, code, reason) => Parcel::Close(id, code, reason.to_owned()),
            Order::All(_) | Order::Remark(_) => return,
        });
    }

    fn finish(mut self) -> Vec<Parcel> {
        self.batch.flush(&mut self.parcels);
        self.parcels
    }
}

impl Batch {
    fn put(&mut self, message: Message<'_>, alone: bool, parcels: &mut Vec<Parcel>) {
        put_message(&mut self.bytes, message);
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

fn put_message(bytes: &mut Vec<u8>, message: Message<'_>) {
    let opcode = OpCode::Data(opcode(message.kind));
    put_frame(bytes, opcode, message.payload);
}

fn frames_of(message: Message<'_>) -> Frames {
    let mut bytes = Vec::new();
    put_message(&mut bytes, message);
    Frames {
        bytes: bytes.into(),
        messages: 1,
    }
}

impl Faults {
    fn note(&mut self, shown: &str, fields: &Fields) {
        self.since += 1;
        if self
            .logged
            .is_none_or(|last| last.elapsed() >= LOG_INTERVAL)
        {
            let message = format!(
                "Program wrote {} lines or records that are no order, as '{shown}'; they go to nobody",
                self.since
            );
            fields.error("session", &message);
            (self.logged, self.since) = (Some(Instant::now()), 0);
        }
    }

    fn note_replaced(&mut self, fields: &Fields) {
        if !std::mem::replace(&mut self.is_replacing, true) {
            fields.error("session", NOT_UTF8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Shared, SharedMode};

    fn parcels(mode: SharedMode, replay: usize, text: &str) -> Vec<Parcel> {
        let config = Shared {
            mode,
            replay,
            ..Shared::default()
        };
        let mut output = Output::new(&Room::new(config), 100);
        output.space()[..text.len()].copy_from_slice(text.as_bytes());
        let mut parcels = output.filled(text.len(), &Fields::default()).unwrap();
        parcels.extend(output.finish(&Fields::default()).unwrap());
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
