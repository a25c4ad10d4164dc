//! The least that a handler can be: writes what it reads. Built static, so that what starting it costs is the
//! server's cost and not a loader's.

use rustix::io::{Errno, read, write};
use rustix::stdio::{stdin, stdout};

/// What a pipe holds by default (pipe(7)).
const BUFFER: usize = 64 * 1024;

fn main() {
    let mut buffer = vec![0; BUFFER];
    loop {
        let n = match read(stdin(), &mut buffer) {
            Ok(0) => return,
            Ok(n) => n,
            Err(Errno::INTR) => continue,
            Err(_) => std::process::exit(1),
        };
        let mut rest = &buffer[..n];
        while !rest.is_empty() {
            match write(stdout(), rest) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::INTR) => {}
                Err(_) => std::process::exit(1),
            }
        }
    }
}
