//! Any output of a program of `--framing=length`, and any frames of its client, cut anywhere: no panic, the same outcome however
//! they are cut, and records that can be read again. The first byte says how.

use websocketd::config::Framing;
use websocketd::session::client::decoder::{Decoder, Event, Rules};
use websocketd::session::framing::{BadOutput, Kind, Sink, from_program, to_program};

const MAX: usize = 4096;

pub fn run(bytes: &[u8]) {
    let Some((step, wire)) = bytes.split_first() else {
        return;
    };
    let step = usize::from(*step).max(1);
    assert_eq!(output(wire, step), output(wire, usize::MAX));
    let (whole, cut) = (input(wire, usize::MAX), input(wire, step));
    assert_eq!(whole, cut);
    let mut rest = &whole[..];
    while let Some(([a, b, c, d, kind], payload)) = rest.split_first_chunk() {
        let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        match kind {
            b'T' => assert!(std::str::from_utf8(&payload[..len]).is_ok()),
            b'B' => {}
            b'O' => assert!(len <= 125),
            b'C' => assert!(len <= 125 && payload.len() == len, "the last one"),
            _ => panic!("an unknown type"),
        }
        rest = &payload[len..];
    }
    assert!(rest.is_empty(), "part of a record");
}

/// What goes to the client.
#[derive(Debug, Default, PartialEq)]
struct Sent(Vec<(Option<Kind>, Vec<u8>)>);

impl Sink for Sent {
    fn message(&mut self, kind: Kind, payload: &[u8]) {
        self.0.push((Some(kind), payload.to_vec()));
    }

    fn ping(&mut self, payload: &[u8]) {
        assert!(payload.len() <= 125);
        self.0.push((None, payload.to_vec()));
    }

    fn space(&mut self) -> &mut [u8] {
        unreachable!("records are not read in place")
    }

    fn more_space(&mut self, _: usize, _: usize) -> &mut [u8] {
        unreachable!("records are not read in place")
    }

    fn filled(&mut self, _: Kind, _: usize) {
        unreachable!("records are not read in place")
    }
}

type Outcome = (Result<(), BadOutput>, Sent, Option<(u16, String)>);

fn output(mut wire: &[u8], step: usize) -> Outcome {
    let mut form = from_program(Framing::Records, MAX);
    let mut sent = Sent::default();
    let mut result = Ok(());
    while !wire.is_empty() && result.is_ok() {
        let space = form.space(&mut sent);
        let n = step.min(space.len()).min(wire.len());
        space[..n].copy_from_slice(&wire[..n]);
        result = form.filled(n, &mut sent);
        form.park();
        wire = &wire[n..];
    }
    if result.is_ok() {
        result = form.finish(&mut sent);
    }
    (result, sent, form.take_close())
}

/// All records that a client's frames become, until they are found to be none.
fn input(mut wire: &[u8], step: usize) -> Vec<u8> {
    let rules = Rules {
        form: to_program(Framing::Records),
        max_message: MAX,
        max_fragments: 16,
    };
    let mut decoder = Decoder::new(rules, &[]);
    let mut program = Vec::new();
    loop {
        let event = decoder.decode();
        match &event {
            Ok(Event::Pong(payload)) => decoder.put_pong(payload),
            Ok(Event::Ping(_)) => {}
            Ok(Event::NeedBytes) if !wire.is_empty() => {
                program.extend_from_slice(decoder.ready());
                decoder.discard();
                decoder.park();
                let space = decoder.space();
                let n = step.min(space.len()).min(wire.len());
                space[..n].copy_from_slice(&wire[..n]);
                decoder.filled(n);
                wire = &wire[n..];
            }
            Ok(Event::NeedBytes | Event::Close(_)) | Err(_) => {
                program.extend_from_slice(decoder.ready());
                return program;
            }
        }
    }
}
