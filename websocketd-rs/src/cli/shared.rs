//! The flags of programs that serve many clients.

/// One program for many clients.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Shared programs")]
pub struct SharedFlags {
    /// Start one program for all clients. broadcast: each line of stdout goes to all, lines of all clients go to stdin. ids: the
    /// program reads "join ID ..", "msg ID TEXT", "leave ID CODE" and writes "all TEXT", "send ID TEXT", "but ID TEXT",
    /// "close ID CODE REASON", or what --framing has in their place
    #[arg(long, value_name = "MODE")]
    pub shared: Option<String>,
    /// Who shares a program: all clients of the route, or those of the same path below it
    #[arg(long, value_name = "route|path", default_value = "route")]
    pub sharedby: String,
    /// Further variables of the request in a join line, separated by commas
    #[arg(long, value_name = "LIST", default_value = "")]
    pub sharedenv: String,
    /// Last messages to all that a newcomer gets, together at most --maxqueue bytes
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replay: u64,
    /// When a program that has ended starts again: failure, always or never. After five failures in a row its clients get 1011
    #[arg(long, value_name = "WHEN", default_value = "failure")]
    pub sharedrestart: String,
    /// Milliseconds that a program without clients is kept; -1: for ever
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub sharedidle: i64,
    /// Shared programs of one route at once; further paths get 429
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub maxshared: u64,
    /// Bytes that may wait for one client before it counts as slow
    #[arg(long, value_name = "BYTES", default_value_t = 262_144)]
    pub maxqueue: u64,
    /// Milliseconds that the program waits for a slow client to read what waits for it
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pub slowms: u64,
    /// What becomes of a client that has not: close (with 1013), or drop (it misses messages until it has)
    #[arg(long, value_name = "close|drop", default_value = "close")]
    pub slowclient: String,
}
