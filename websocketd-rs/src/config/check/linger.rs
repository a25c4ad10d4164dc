//! `--linger` and the flags that only it gives a meaning.

use super::Problem;
use super::bounds::{MAX_BYTES, bounded, wait};
use crate::cli::Args;
use crate::config::Linger;

/// How sessions outlive their connection; `None`: not at all.
pub(super) fn check_linger(args: &Args) -> Result<Option<Linger>, Problem> {
    let flags = &args.linger;
    let max_bytes = bounded("lingerbytes", flags.lingerbytes, 1, MAX_BYTES)?;
    if flags.linger == 0 {
        return Ok(None);
    }
    let time = wait("linger", flags.linger)?;
    let shared = args.shared.shared.as_deref().unwrap_or_default();
    if !shared.is_empty() {
        let message = "--linger keeps a program for one client, and --shared has one for all; please drop one of them";
        return Err(Problem::alone("linger", message.to_owned()));
    }
    if flags.lingertotal < flags.lingerbytes {
        let message = format!(
            "--lingertotal must be at least --lingerbytes, which is {}, not {}",
            flags.lingerbytes, flags.lingertotal
        );
        return Err(Problem::alone("lingertotal", message));
    }
    Ok(Some(Linger { time, max_bytes }))
}
