//! What the fuzz target of tokens does with any bytes, apart from libfuzzer, as `bodies/chat` (chat-token/tests/fuzz_bodies.rs).

pub mod token;
