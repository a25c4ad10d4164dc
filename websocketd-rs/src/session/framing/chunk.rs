//! `--binary`: what one read of stdout gives is one message. To the program messages go as in [`super::line`].

use super::{BadOutput, FromProgram, Kind, Sink};

/// Most bytes of a message, as in websocketd, whose reads have this size. A pipe holds so many only if its program made it.
const MAX_CHUNK: usize = 10 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct FromStdout;

impl FromProgram for FromStdout {
    fn space<'a>(&'a mut self, sink: &'a mut dyn Sink) -> &'a mut [u8] {
        sink.space()
    }

    fn longest_read(&self) -> Option<usize> {
        Some(MAX_CHUNK)
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        sink.filled(Kind::Binary, n);
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}
