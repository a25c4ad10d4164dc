//! Runs a fuzz target's body on every seed and on thousands of their mutations: the same ones each time, so that a failure
//! can be repeated. `cargo +nightly fuzz run TARGET` goes on from there without an end.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Mutations of each target's seeds.
const MUTATIONS: u32 = 10_000;

/// Most changes from one input to the next.
const MAX_CHANGES: u64 = 6;

/// Longest input: none of the seeds comes near.
const MAX_LENGTH: usize = 4096;

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

    fn mutate(&mut self, seeds: &[Vec<u8>], pieces: &[&[u8]]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.next() % MAX_CHANGES {
            let at = self.below(bytes.len() + 1);
            let end = at + self.below(bytes.len() - at + 1);
            match self.next() % 7 {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.next().to_le_bytes()[0],
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let piece = pieces[self.below(pieces.len())];
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

/// Runs `body` on the seeds of `target` and their mutations; `pieces` are what its parsers look for. Lies beside the
/// workspace's packages, so that the manifest of the package that includes this leads to it.
#[track_caller]
pub fn try_out(target: &str, pieces: &[&[u8]], body: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let dir = fuzz.join("seeds").join(target);
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
    let file = fuzz.join(format!("fuzz_targets/{target}.rs"));
    assert!(file.exists(), "{} is missing", file.display());
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mutations = (0..MUTATIONS).map(|_| chance.mutate(&seeds, pieces));
    for input in seeds.iter().cloned().chain(mutations) {
        let outcome = catch_unwind(|| body(&input));
        assert!(
            outcome.is_ok(),
            "fails on {:?}",
            input.escape_ascii().to_string()
        );
    }
}
