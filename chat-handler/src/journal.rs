//! Lines for the administrator, on stderr: the daemon that runs the handler puts them into its log.
//!
//! No logging framework: a handler is one of a thousand and says something a few times in its life.

use std::fmt::Display;
use std::io::Write as _;

use chat_store::record::clean;

/// The longest line in characters. The Go daemon stops reading a program's stderr for good at a
/// line of 4096 bytes.
const MAX_CHARS: usize = 900;

/// Writes one line.
pub fn note(text: impl Display) {
    let text = text.to_string();
    let text: String = clean(&text).chars().take(MAX_CHARS).collect();
    // One write, so that lines of two handlers do not mix. If nobody reads it, nobody minds.
    let _ = std::io::stderr().write_all(format!("chat-handler: {text}\n").as_bytes());
}
