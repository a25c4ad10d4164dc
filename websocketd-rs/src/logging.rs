//! The log: websocketd's lines on stdout, one per event.

use crate::config::Level;

/// The `key:'value'` pairs of a log line, in the order of websocketd. Values are escaped when written.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// `http(s)://host + raw request target`.
    pub url: Option<String>,
    /// UNIQUE_ID of the session.
    pub id: Option<String>,
    /// REMOTE_HOST.
    pub remote: Option<String>,
    /// Path of the program.
    pub command: Option<String>,
    /// Path of the CGI script.
    pub cgiscript: Option<String>,
    /// Origin of the page.
    pub origin: Option<String>,
    /// Process id of the handler.
    pub pid: Option<u32>,
}

impl Fields {
    /// Writes one line at `level` in `category` (server, http, session, process, websocket, stderr, env).
    pub fn log(&self, level: Level, category: &'static str, message: &str) {
        let _ = (level, category, message);
    }

    /// `log` at [`Level::Access`].
    pub fn access(&self, category: &'static str, message: &str) {
        self.log(Level::Access, category, message);
    }

    /// `log` at [`Level::Error`].
    pub fn error(&self, category: &'static str, message: &str) {
        self.log(Level::Error, category, message);
    }
}
