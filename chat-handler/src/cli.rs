//! The command line of `chat-handler`. Apart from the program, so that its man page is made from it.

use std::path::PathBuf;

use clap::Parser;

/// One chat user: started by websocketd-rs (or websocketd) for each connection, with the room in
/// `PATH_INFO`, lines of text on stdin and stdout.
#[derive(Debug, Parser)]
#[command(name = "chat-handler", version)]
pub struct Args {
    /// The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say what is wrong with the ini file, and exit
    #[arg(long)]
    pub check: bool,
}
