//! What the fuzz target of chat-cgi's files does with any bytes, apart from libfuzzer, as `bodies/chat`
//! (chat-admin/tests/program/fuzz_bodies.rs).

pub mod api;
pub mod picture;
