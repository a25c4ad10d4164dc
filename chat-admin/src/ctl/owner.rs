//! Root's `chatctl` becomes the owner of the chat's directory: a log that root made could not be
//! written by the handlers, and a link that they made would be followed with root's rights.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

/// Gives up root's rights for good, if this is root and the directory is somebody else's.
///
/// # Errors
/// Those of setgroups(2), setgid(2) and setuid(2).
pub(super) fn become_owner_of(dir: &Path) -> io::Result<()> {
    // A missing directory is told by the command that needs it.
    let Ok(metadata) = std::fs::metadata(dir) else {
        return Ok(());
    };
    if Uid::effective().is_root() && metadata.uid() != 0 {
        let group = Gid::from_raw(metadata.gid());
        setgroups(&[group])?;
        setgid(group)?;
        setuid(Uid::from_raw(metadata.uid()))?;
    }
    Ok(())
}
