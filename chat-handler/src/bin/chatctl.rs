//! `chatctl`.

fn main() {}
