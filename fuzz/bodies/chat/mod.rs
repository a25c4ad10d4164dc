//! What each fuzz target of the chat does with any bytes, apart from libfuzzer: so that `make test` can do it too, on a
//! compiler without sanitizers (chat-handler/tests/program/fuzz_bodies.rs).

pub mod access;
pub mod account;
pub mod command;
pub mod hook;
pub mod identity;
pub mod json;
pub mod name;
pub mod php_session;
pub mod record;
