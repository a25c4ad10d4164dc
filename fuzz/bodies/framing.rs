//! Any bytes of a client, cut anywhere: no panic, and the same outcome however they are cut. The first byte says how.

use websocketd::config::Framing;
use websocketd::session::client::decoder::{Decoder, Event, Rules, Violation};
use websocketd::session::framing::{Kind, ToProgram, to_program};

pub fn run(bytes: &[u8]) {
    let Some((step, wire)) = bytes.split_first() else {
        return;
    };
    for form in [to_program(Framing::Lines), &TextOnly] {
        check(form, *step, wire);
    }
}

/// A framing by which only text reaches the program.
#[derive(Debug)]
struct TextOnly;

impl ToProgram for TextOnly {
    fn takes(&self, kind: Kind) -> bool {
        kind == Kind::Text
    }

    fn finish(&self, _: Kind, _: &mut [u8]) -> &'static [u8] {
        b"\n"
    }
}

fn check(form: &'static dyn ToProgram, step: u8, wire: &[u8]) {
    let rules = Rules {
        form,
        max_message: 1 << 16,
        max_fragments: 16,
    };
    let whole = decode(rules, wire, usize::MAX);
    let cut = decode(rules, wire, usize::from(step).max(1));
    assert_eq!(whole, cut);
    if let Ok((program, _)) = whole {
        assert!(form.takes(Kind::Binary) || std::str::from_utf8(&program).is_ok());
    }
}

fn decode(rules: Rules, mut wire: &[u8], step: usize) -> Result<(Vec<u8>, Vec<Event>), Violation> {
    let mut decoder = Decoder::new(rules, &[]);
    let (mut program, mut events) = (Vec::new(), Vec::new());
    loop {
        loop {
            match decoder.decode()? {
                Event::NeedBytes => break,
                event => events.push(event),
            }
        }
        program.extend_from_slice(decoder.ready());
        decoder.discard();
        decoder.park();
        if wire.is_empty() {
            return Ok((program, events));
        }
        let space = decoder.space();
        let n = step.min(space.len()).min(wire.len());
        space[..n].copy_from_slice(&wire[..n]);
        decoder.filled(n);
        wire = &wire[n..];
    }
}
