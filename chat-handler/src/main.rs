//! `chat-handler`: see the library crate.

fn main() {}
