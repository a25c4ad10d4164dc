//! A clock of a machine's own, which can be set: a library (`clock.c`) below the programs of this machine alone. Time
//! that only goes forward (`CLOCK_MONOTONIC`) is left as it is, as a step of a real clock leaves it. The times of files
//! are the kernel's, and right.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::requirement::part;

/// What programs are started with; the daemon has to hand it on to its handlers.
pub const VARIABLES: [&str; 2] = ["LD_PRELOAD", "CLOCK_OFF"];

/// One of them.
#[derive(Clone, Debug)]
pub struct Clock {
    /// How many seconds it is off, as the machine's own number of eight bytes.
    file: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// One that is right, with its files here.
    #[track_caller]
    pub(super) fn new(file: PathBuf) -> Self {
        let (library, source) = (file.with_extension("so"), file.with_extension("c"));
        fs::write(&source, include_str!("clock.c")).expect("writable");
        let built = Command::new(part("/usr/bin/gcc", "gcc"))
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(source)
            .status()
            .expect("gcc runs");
        assert!(built.success(), "clock.c");
        fs::write(&file, 0_i64.to_ne_bytes()).expect("writable");
        Self { file, library }
    }

    /// Sets it so many seconds before what is right; behind it, if negative.
    #[track_caller]
    pub fn set(&self, seconds: i64) {
        let file = File::options().write(true).open(&self.file);
        let file = file.expect("writable");
        // In place: programs have it in their memory.
        file.write_all_at(&seconds.to_ne_bytes(), 0)
            .expect("writable");
    }

    /// What this program starts goes by it.
    pub(super) fn dress(&self, command: &mut Command) {
        let [preload, off] = VARIABLES;
        command.env(preload, &self.library).env(off, &self.file);
    }

    /// Whether a running program goes by it.
    pub fn is_seen_by(&self, pid: u32) -> bool {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        maps.contains(&*self.library.to_string_lossy())
    }
}

/// Whether a program can go by such a clock: one that is linked statically, as `make build` does it with the handler, takes
/// the time from the kernel.
#[track_caller]
pub fn can_be_seen_by(program: &Path) -> bool {
    let bytes = fs::read(program).expect("it is built");
    // The dynamic linker, which it asks for in its first page.
    bytes[..bytes.len().min(4096)]
        .windows(7)
        .any(|it| it == b"ld-linu")
}
