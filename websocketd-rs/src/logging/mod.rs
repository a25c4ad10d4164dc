//! The log: websocketd's lines on stdout or in a file, one per event.
//!
//! An event passes [`Fields::log`] -> tracing -> [`Layer`] (formats one line) -> [`writer`] (a bounded queue and a thread), so
//! that a stalled reader of the log costs lines, which are counted and reported, but never stalls a connection.

mod line;
mod writer;

use std::borrow::Cow;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry;

use crate::config::{Level, Log};
use line::{Line, Value};
use writer::{Output, Writer};

/// The tracing target of our own events. Events of other targets (libraries) are not websocketd's and are left out.
const TARGET: &str = "websocketd";

/// How long the end of the program waits for a reader of the log that does not read.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Least level that is logged. A global, like tracing's own subscriber, so that a line that is off costs one load.
static LEVEL: AtomicU8 = AtomicU8::new(Level::None as u8);

/// The `key:'value'` pairs of a log line, in the order of websocketd. Values are escaped when written.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// `http(s)://host + raw request target`.
    pub url: Option<String>,
    /// `UNIQUE_ID` of the session.
    pub id: Option<String>,
    /// `REMOTE_HOST`.
    pub remote: Option<String>,
    /// Path of the program.
    pub command: Option<String>,
    /// Path of the CGI script.
    pub cgiscript: Option<String>,
    /// Origin of the page.
    pub origin: Option<String>,
    /// Process id of the handler.
    pub pid: Option<u32>,
    /// How the handler ended: `exit_status` or `signal`, its name. Only in JSON. As one small value, since each session has it.
    pub exit: Option<ExitStatus>,
}

/// Whether lines of `level` are logged: to be checked before an expensive message is made.
pub fn enabled(level: Level) -> bool {
    level != Level::None && level as u8 >= LEVEL.load(Ordering::Relaxed)
}

/// A line without pairs.
pub fn log(level: Level, category: &'static str, message: &str) {
    Fields::default().log(level, category, message);
}

/// `text` for a log line, or of a longer one its start of `limit` bytes at most and how many there are.
pub fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let end = (0..=limit).rev().find(is_boundary).unwrap_or(0);
    Cow::Owned(format!("{}...({} bytes)", &text[..end], text.len()))
}

impl Fields {
    /// Writes one line at `level` in `category` (server, http, session, process, websocket, stderr, env).
    pub fn log(&self, level: Level, category: &'static str, message: &str) {
        if !enabled(level) {
            return;
        }
        macro_rules! event {
            ($severity:ident) => {
                tracing::event!(
                    target: TARGET,
                    tracing::Level::$severity,
                    level = level as u64,
                    category,
                    url = self.url.as_deref(),
                    id = self.id.as_deref(),
                    remote = self.remote.as_deref(),
                    command = self.command.as_deref(),
                    cgiscript = self.cgiscript.as_deref(),
                    origin = self.origin.as_deref(),
                    pid = self.pid,
                    exit_status = self.exit_status(),
                    signal = self.signal(),
                    message
                )
            };
        }
        // tracing has five levels and another order; the exact one travels in the field `level`.
        match level {
            Level::Debug => event!(TRACE),
            Level::Trace => event!(DEBUG),
            Level::Access | Level::Info => event!(INFO),
            Level::Error | Level::Fatal => event!(ERROR),
            Level::None => {}
        }
    }

    fn exit_status(&self) -> Option<u64> {
        u64::try_from(self.exit?.code()?).ok()
    }

    fn signal(&self) -> Option<&'static str> {
        Signal::try_from(self.exit?.signal()?)
            .ok()
            .map(Signal::as_str)
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

/// The writer of this process.
static WRITER: OnceLock<Writer> = OnceLock::new();

/// The running log: what is still queued is written when this is dropped.
#[derive(Debug)]
pub struct Logging(());

/// Starts the log, for the whole process and once.
///
/// # Errors
/// When the log file can't be opened, the writer's thread can't be started, or a log runs already.
pub fn start(log: &Log) -> io::Result<Logging> {
    let writer = Writer::start(Output::open(log.file.as_deref())?, log.format)?;
    WRITER
        .set(writer)
        .map_err(|_| io::Error::other("the log runs already"))?;
    LEVEL.store(log.level as u8, Ordering::Relaxed);
    let subscriber = registry().with(Layer);
    tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)?;
    Ok(Logging(()))
}

/// Takes over what a new configuration says. The log file is opened anew, by its name: after a rotation that is a new file.
///
/// # Errors
/// When the log file can't be opened; the old one goes on then.
pub fn reload(log: &Log) -> io::Result<()> {
    if let Some(writer) = WRITER.get() {
        writer.redirect(Output::open(log.file.as_deref())?, log.format);
    }
    LEVEL.store(log.level as u8, Ordering::Relaxed);
    Ok(())
}

impl Drop for Logging {
    fn drop(&mut self) {
        if let Some(writer) = WRITER.get() {
            writer.flush(FLUSH_TIMEOUT);
        }
    }
}

/// Turns our events into lines.
#[derive(Debug)]
struct Layer;

impl<S: Subscriber> tracing_subscriber::Layer<S> for Layer {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == TARGET
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(writer) = WRITER.get() else { return };
        let mut line = Line::default();
        event.record(&mut Recorder(&mut line));
        writer.push(&line);
    }
}

/// Collects an event's fields.
struct Recorder<'line>(&'line mut Line);

impl Visit for Recorder<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "category" => value.clone_into(&mut self.0.category),
            "message" => value.clone_into(&mut self.0.message),
            key => self.0.pairs.push((key, Value::Text(value.to_owned()))),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "level" => {
                let level = Level::ALL.into_iter().find(|level| *level as u64 == value);
                self.0.level = level.unwrap_or(Level::Error);
            }
            key => self.0.pairs.push((key, Value::Number(value))),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0
            .pairs
            .push((field.name(), Value::Text(format!("{value:?}"))));
    }
}
