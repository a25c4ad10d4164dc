//! Programs that the tests need and Debian has.

use std::path::Path;

/// The program at `path`, which Debian's `package` installs. `make test` installs them all.
///
/// A test is never skipped: what cannot be tried is not known to work.
///
/// # Panics
/// When it is missing, with the command that installs it.
#[track_caller]
pub fn part(path: &'static str, package: &str) -> &'static str {
    assert!(
        Path::new(path).exists(),
        "{path} is missing; install it with `apt-get install {package}` or run `make test`, which does"
    );
    path
}

/// The original websocketd.
#[track_caller]
pub fn original_websocketd() -> &'static str {
    part("/usr/bin/websocketd", "websocketd")
}
