//! The pure part of a session: client frames to program bytes, program bytes to server frames.
//! `cargo bench -p websocketd`; the whole is measured by bench/.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use websocketd::config::Framing;
use websocketd::session::client::decoder::{Decoder, Event, Rules};
use websocketd::session::client::outgoing::Outgoing;
use websocketd::session::framing::{self, Kind};

const MASK: [u8; 4] = [0x12, 0xf3, 0x04, 0x99];

/// Bytes of input of each run: what a pipe holds.
const BATCH: usize = 64 * 1024;

const MAX: usize = 1 << 20;

fn main() {
    divan::main();
}

fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let opcode = match kind {
        Kind::Text => 0x81,
        Kind::Binary => 0x82,
    };
    let mut bytes = vec![opcode];
    match u16::try_from(payload.len()) {
        Ok(len) if len < 126 => bytes.push(0x80 | len.to_be_bytes()[1]),
        Ok(len) => {
            bytes.push(0x80 | 0x7e);
            bytes.extend_from_slice(&len.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 0x7f);
            bytes.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    let masked = payload.iter().zip(MASK.iter().cycle());
    bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A framing that takes messages of `kind`.
fn form(kind: Kind) -> &'static dyn framing::ToProgram {
    framing::to_program(match kind {
        Kind::Text => Framing::Lines,
        Kind::Binary => Framing::Binary,
    })
}

/// Feeds `input` as reads of a socket would, and takes what is for the program.
fn decode(decoder: &mut Decoder, mut input: &[u8]) -> usize {
    let mut out = 0;
    while !input.is_empty() {
        let space = decoder.space();
        let n = space.len().min(input.len());
        space[..n].copy_from_slice(&input[..n]);
        decoder.filled(n);
        input = &input[n..];
        assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
        let ready = black_box(decoder.ready()).len();
        out += ready;
        decoder.consume(ready);
    }
    out
}

fn bench_decoder(bencher: Bencher<'_, '_>, kind: Kind, size: usize) {
    let one = frame(kind, &vec![b'x'; size]);
    let count = BATCH.div_ceil(size);
    let input = one.repeat(count);
    let rules = Rules {
        form: form(kind),
        max_message: MAX,
        max_fragments: 64,
    };
    let mut decoder = Decoder::new(rules, &[]);
    bencher
        .counter(BytesCount::new(count * size))
        .counter(ItemsCount::new(count))
        .bench_local(|| decode(&mut decoder, black_box(&input)));
}

#[divan::bench(args = [32, 64, 1024, 65_536])]
fn decode_text(bencher: Bencher<'_, '_>, size: usize) {
    bench_decoder(bencher, Kind::Text, size);
}

#[divan::bench(args = [64, 65_536])]
fn decode_binary(bencher: Bencher<'_, '_>, size: usize) {
    bench_decoder(bencher, Kind::Binary, size);
}

/// What one session does for one short message, its buffers borrowed and given back.
#[divan::bench]
fn decode_one_and_park(bencher: Bencher<'_, '_>) {
    let input = frame(Kind::Text, &[b'x'; 32]);
    let rules = Rules {
        form: form(Kind::Text),
        max_message: MAX,
        max_fragments: 64,
    };
    let mut decoder = Decoder::new(rules, &[]);
    bencher.bench_local(|| {
        let out = decode(&mut decoder, black_box(&input));
        decoder.park();
        out
    });
}

#[divan::bench(args = [32, 64, 1024])]
fn encode_lines(bencher: Bencher<'_, '_>, size: usize) {
    let mut line = vec![b'x'; size - 1];
    line.push(b'\n');
    let count = BATCH / size;
    let input = line.repeat(count);
    let mut outgoing = Outgoing::default();
    let mut lines = framing::from_program(Framing::Lines, MAX);
    bencher
        .counter(BytesCount::new(input.len()))
        .counter(ItemsCount::new(count))
        .bench_local(|| {
            let mut rest = black_box(&input[..]);
            let mut out = 0;
            while !rest.is_empty() {
                let space = lines.space(&mut outgoing);
                let n = space.len().min(rest.len());
                space[..n].copy_from_slice(&rest[..n]);
                assert_eq!(lines.filled(n, &mut outgoing), Ok(()));
                rest = &rest[n..];
                let pending = black_box(outgoing.pending()).len();
                out += pending;
                outgoing.consume(pending);
            }
            out
        });
}
