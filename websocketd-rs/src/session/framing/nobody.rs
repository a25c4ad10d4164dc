//! `--readonly`: no message reaches the program.

use super::{Kind, ToProgram};

#[derive(Debug)]
pub(super) struct ToNobody;

impl ToProgram for ToNobody {
    fn takes(&self, _: Kind) -> bool {
        false
    }

    fn finish(&self, _: Kind, _: &mut [u8]) -> &'static [u8] {
        b""
    }
}
