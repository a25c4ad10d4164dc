//! chat-handler: one chat user's process. stdin, stdout, CGI variables and files; no WebSocket.

pub mod settings;
pub mod dirs;
pub mod name;
pub mod record;
