//! chat-handler: one chat user's process. stdin, stdout, CGI variables and files; no WebSocket.

pub mod api;
pub mod color;
pub mod command;
pub mod dice;
pub mod dirs;
pub mod identity;
pub mod input;
pub mod name;
pub mod output;
pub mod record;
pub mod settings;
pub mod throttle;
pub mod wire;
pub mod wording;
