//! `--binary`: what one read of stdout gives is one message. To the program messages go as in [`super::line`].

use super::{BadOutput, FromProgram, Kind, Sink};

#[derive(Debug)]
pub(super) struct FromStdout;

impl FromProgram for FromStdout {
    fn space<'a>(&'a mut self, sink: &'a mut dyn Sink) -> &'a mut [u8] {
        sink.space()
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        sink.filled(Kind::Binary, n);
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}
