//! What each fuzz target of chat-admin does with any bytes, apart from libfuzzer, as `bodies/chat`
//! (chat-admin/tests/program/fuzz_bodies.rs).

pub mod api;
pub mod import;
pub mod picture;
