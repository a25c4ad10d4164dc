//! chat-handler: one chat user's process. stdin, stdout, CGI variables and files; no WebSocket.

pub mod api;
pub mod bell;
pub mod bisect;
pub mod chain;
pub mod color;
pub mod command;
pub mod dice;
pub mod dirs;
pub mod file;
pub mod history;
pub mod identity;
pub mod inbox;
pub mod input;
pub mod lines;
pub mod lock;
pub mod moderation;
pub mod name;
pub mod output;
pub mod presence;
pub mod record;
pub mod room_log;
pub mod settings;
pub mod tail;
pub mod throttle;
pub mod wire;
pub mod wording;
