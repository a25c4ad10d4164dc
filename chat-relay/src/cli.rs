//! The command line of `chat-relay`. Apart from the program, so that its man page is made from it.

use std::path::PathBuf;

use clap::Parser;

/// A machine's part of a chat on several machines: runs beside the daemon, one for each site, as the site's user
#[derive(Debug, Parser)]
#[command(name = "chat-relay", version)]
pub struct Args {
    /// The ini file, with a section [cluster]; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say what is wrong with the ini file, and exit
    #[arg(long)]
    pub check: bool,
    /// Drop from the engine what all machines have written, and exit: what was taken back is still there until then
    #[arg(long, conflicts_with = "check")]
    pub forget: bool,
}
