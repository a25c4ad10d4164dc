//! The chat under a daemon: rooms as clients of both protocols see them, while logs are rotated and processes killed.

mod frozen;
mod old_protocol;
mod privacy;
mod room;
mod rotation;
mod saved;
mod torture;
