//! The client's end: its lines as requests, events as its lines.

use super::output::{Flushed, Output};
use crate::occupant::Event;
use crate::person::Audience;
use crate::wire::Wire;

/// What waits to be written while more is rendered: what the buffer has once been, the heap stays. Some
/// sixty lines, so that a write costs each of them little.
const BATCH_BYTES: usize = 8 * 1024;

/// One client: its protocol, and what is written to it.
#[derive(Debug)]
pub struct Client<'fd> {
    pub(super) wire: Wire,
    pub(super) output: Output<'fd>,
    /// It takes no more just now: trying again within one batch would be in vain.
    is_slow: bool,
}

impl<'fd> Client<'fd> {
    /// A client that speaks `wire` and reads `output`.
    pub fn new(wire: Wire, output: Output<'fd>) -> Self {
        Self {
            wire,
            output,
            is_slow: false,
        }
    }

    /// Writes what waits, for a moment: the last lines of a process that ends.
    pub fn finish(&mut self) {
        self.output.finish();
    }
}

impl Audience for Client<'_> {
    fn put_from(&mut self, room: Option<&str>, event: &Event<'_>) {
        self.wire.render(room, event, &mut self.output);
        match event {
            Event::Record(_) if !self.is_slow && self.output.waiting() >= BATCH_BYTES => {
                self.is_slow = self.output.flush() != Flushed::All;
            }
            Event::BatchEnd => self.is_slow = false,
            _ => {}
        }
    }
}
