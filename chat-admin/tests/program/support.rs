//! The harness, by the names that these tests use.

use std::path::PathBuf;

pub(crate) use e2e::chat::Files as Chat;
pub(crate) use e2e::page::{Page, text_of};

/// The handler, which is another package's program.
pub(crate) fn handler() -> PathBuf {
    e2e::under_test::beside("chat-handler")
}
