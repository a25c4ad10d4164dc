//! The harness, by the names that these tests use.

pub(crate) use e2e::chat::Files as Chat;
pub(crate) use e2e::page::{Page, text_of};
pub(crate) use e2e::pipe::Handler as Client;
