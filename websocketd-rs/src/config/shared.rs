//! Settings of programs that serve many clients.

use std::time::Duration;

use super::Framing;

/// One program for many clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// What the program knows of its clients.
    pub mode: SharedMode,
    /// How that stands in its bytes: lines, texts that end with a NUL byte, or records.
    pub framing: Framing,
    /// Which clients share one.
    pub by: SharedBy,
    /// `--maxshared`: programs of one site at once.
    pub max_programs: usize,
    /// `--maxqueue`: bytes that may wait for one client.
    pub max_queue: usize,
    /// What becomes of a client that does not read.
    pub slow: SlowClient,
    /// `--slowms`: how long the program waits for a client whose queue is full.
    pub slow_time: Duration,
    /// `--replay`: messages to all that a newcomer gets.
    pub replay: usize,
    /// `--sharedidle`: how long a program without clients is kept; `None`: for ever.
    pub idle: Option<Duration>,
    /// When a program that has ended is started again.
    pub restart: Restart,
    /// `--sharedenv`: variables in a `join` line, those that are always there included.
    pub join_variables: Vec<String>,
}

/// What a shared program knows of its clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SharedMode {
    /// Nothing: each line of its output goes to all.
    #[default]
    Broadcast,
    /// Their numbers: who comes, who says what, who goes; each line of its output says whom it is for.
    Ids,
}

/// Which clients share a program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SharedBy {
    /// All of the site.
    #[default]
    Route,
    /// Those with the same `PATH_INFO`.
    Path,
}

/// What becomes of a client that does not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SlowClient {
    /// It is closed with 1013, and may come again.
    #[default]
    Close,
    /// It misses messages until it has read all that waits.
    Drop,
}

/// When a program that has ended is started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restart {
    /// After a failure.
    #[default]
    OnFailure,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Variables that every `join` line has.
pub const JOIN_VARIABLES: [&str; 4] = ["REMOTE_ADDR", "PATH_INFO", "QUERY_STRING", "REMOTE_USER"];

#[cfg(test)]
impl Default for Shared {
    fn default() -> Self {
        Self {
            mode: SharedMode::default(),
            framing: Framing::Lines,
            by: SharedBy::default(),
            max_programs: 100,
            max_queue: 1 << 18,
            slow: SlowClient::default(),
            slow_time: Duration::from_millis(500),
            replay: 0,
            idle: Some(Duration::ZERO),
            restart: Restart::default(),
            join_variables: JOIN_VARIABLES.map(str::to_owned).to_vec(),
        }
    }
}
