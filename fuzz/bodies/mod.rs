//! What each fuzz target does with any bytes, apart from libfuzzer: so that `make test` can do it too, on a compiler without
//! sanitizers (websocketd-rs/tests/program/fuzz_bodies.rs).

pub mod forwarded;
pub mod framing;
pub mod head;
pub mod orders;
pub mod origin;
pub mod proxy;
pub mod records;
pub mod route;
pub mod script;
pub mod target;
pub mod verdict;
