//! The flags of programs whose streams are a terminal.

/// Programs whose streams are a terminal.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Terminals")]
pub struct TerminalFlags {
    /// Make stdout of programs a terminal that changes no byte, so that those which hold back their output from pipes write
    /// each line at once. stdin and stderr stay pipes. `TERM` is dumb and `NO_COLOR` 1 unless --passenv or --env name them
    #[arg(long)]
    pub unbuffered: bool,
}
