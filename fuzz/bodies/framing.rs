//! Any bytes of a client, cut anywhere: no panic, and the same outcome however they are cut. The first byte says how.

use websocketd::config::Framing;
use websocketd::session::client::decoder::{Decoder, Event, Rules, Violation};
use websocketd::session::framing::{Kind, ToProgram, parcel, to_program};
use websocketd::session::terminal::control::{Control, Dialect};

pub fn run(bytes: &[u8]) {
    let Some((step, wire)) = bytes.split_first() else {
        return;
    };
    let terminal = to_program(Framing::Terminal);
    let nul = to_program(Framing::Nul);
    for form in [to_program(Framing::Lines), nul, terminal, &TextOnly] {
        check(form, *step, wire);
    }
    if let Ok((messages, _)) = decode(rules(terminal), wire, usize::MAX) {
        read_all(&messages);
    }
}

/// What comes to a terminal is whole messages, whose keys are a part of them.
fn read_all(mut messages: &[u8]) {
    while let Some((kind, payload, len)) = parcel::first(messages) {
        for dialect in [Dialect::Own, Dialect::Ttyd] {
            if let Ok(Control::Keys(keys)) = dialect.read(kind, payload) {
                assert!(keys <= payload.len());
            }
        }
        messages = &messages[len..];
    }
    assert!(messages.is_empty());
}

fn rules(form: &'static dyn ToProgram) -> Rules {
    Rules {
        form,
        max_message: 1 << 16,
        max_fragments: 16,
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
    let rules = rules(form);
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
