//! The flags of programs whose streams are a terminal.

/// Programs whose streams are a terminal.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Terminals")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct TerminalFlags {
    /// Make stdout of programs a terminal that changes no byte, so that those which hold back their output from pipes write
    /// each line at once. stdin and stderr stay pipes. `TERM` is dumb and `NO_COLOR` 1 unless --passenv or --env name them
    #[arg(long)]
    pub unbuffered: bool,
    /// Give programs a terminal, as a person sits at: binary messages are keys and what is shown, a text message
    /// {"resize":[COLUMNS,ROWS]} sets the size. Clients of ttyd are served too (subprotocol tty). Without --origin pages of
    /// other sites are refused
    #[arg(long)]
    pub pty: bool,
    /// Kind of terminal that programs of --pty find in `TERM`, unless --passenv or --env name it; without the flag
    /// xterm-256color
    #[arg(long, value_name = "NAME")]
    pub term: Option<String>,
    /// Serve a page that shows the terminal of --pty, on every path; not together with --devconsole, --staticdir or --cgidir
    #[arg(long)]
    pub terminal: bool,
    /// Drop what clients send: they see what programs write, and can't type. A terminal still takes its size
    #[arg(long)]
    pub readonly: bool,
}
