//! What the fuzz targets of `fuzz/` check, on every seed and on thousands of its mutations: the same ones each time, so that a
//! failure can be repeated. `cargo +nightly fuzz run TARGET` goes on from there without an end.

// Written for fuzz/, whose lints are its own.
#[allow(missing_docs, unreachable_pub)]
#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Mutations of each target's seeds.
const MUTATIONS: u32 = 4000;

/// Most changes from one input to the next.
const MAX_CHANGES: u64 = 6;

/// Longest input: none of the seeds comes near.
const MAX_LENGTH: usize = 4096;

/// Pieces that parsers look for.
const PIECES: [&[u8]; 28] = [
    b"\r\n",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b",",
    b";",
    b"\"",
    b"/",
    b"//",
    b"/../",
    b"%2e",
    b"%2f",
    b"%00",
    b"\\",
    b":",
    b"@",
    b"#",
    b"?",
    b"[",
    b"]",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"Host: x\r\n",
    b"Content-Length: 1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"for=6.6.6.6",
    b"http://",
];

/// xorshift64*: any sequence will do that is the same tomorrow.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }

    fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.next() % MAX_CHANGES {
            let at = self.below(bytes.len() + 1);
            let end = at + self.below(bytes.len() - at + 1);
            match self.next() % 7 {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.next().to_le_bytes()[0],
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let piece = PIECES[self.below(PIECES.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                4 => {
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                5 => bytes.truncate(at),
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    bytes.splice(at.., other[from..].iter().copied());
                }
            }
            bytes.truncate(MAX_LENGTH);
        }
        bytes
    }
}

fn fuzz_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

#[track_caller]
fn try_out(target: &str, run: fn(&[u8])) {
    let dir = fuzz_dir().join("seeds").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(&dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.expect("its entry").path())
        .collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files
        .iter()
        .map(|file| fs::read(file).expect("a seed"))
        .collect();
    assert!(!seeds.is_empty(), "{} has no seed", dir.display());
    let target_file = fuzz_dir().join(format!("fuzz_targets/{target}.rs"));
    assert!(target_file.exists(), "{} is missing", target_file.display());
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mutations = (0..MUTATIONS).map(|_| chance.mutate(&seeds));
    for input in seeds.iter().cloned().chain(mutations) {
        let outcome = catch_unwind(|| run(&input));
        assert!(
            outcome.is_ok(),
            "fails on {:?}",
            input.escape_ascii().to_string()
        );
    }
}

#[test]
fn framing() {
    try_out("framing", bodies::framing::run);
}

#[test]
fn head() {
    try_out("head", bodies::head::run);
}

#[test]
fn target() {
    try_out("target", bodies::target::run);
}

#[test]
fn route() {
    try_out("route", bodies::route::run);
}

#[test]
fn origin() {
    try_out("origin", bodies::origin::run);
}

#[test]
fn script() {
    try_out("script", bodies::script::run);
}

#[test]
fn forwarded() {
    try_out("forwarded", bodies::forwarded::run);
}

#[test]
fn proxy() {
    try_out("proxy", bodies::proxy::run);
}
