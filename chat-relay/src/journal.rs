//! Lines for the administrator, on standard error: the journal has the time.

use std::fmt::Display;
use std::io::Write as _;

/// Writes a line. If it cannot be written there is nobody to tell.
pub fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
