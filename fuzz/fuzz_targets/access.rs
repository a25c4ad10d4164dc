//! See the body.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../bodies/chat/access.rs"]
mod body;

fuzz_target!(|bytes: &[u8]| body::run(bytes));
