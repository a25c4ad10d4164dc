//! What programs read from and write to.

use super::Problem;
use crate::cli::Args;
use crate::config::Streams;

pub(super) fn check_streams(args: &Args) -> Result<Streams, Problem> {
    if !args.terminal.unbuffered {
        return Ok(Streams::Pipes);
    }
    if args.programs.binary {
        let message =
            "--unbuffered is for lines; please drop --binary, or write what you send at once";
        return Err(Problem::alone("unbuffered", message.to_owned()));
    }
    Ok(Streams::Unbuffered)
}
