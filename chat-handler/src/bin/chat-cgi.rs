//! `chat-cgi`.

fn main() {}
