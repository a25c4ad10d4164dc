//! What `--user` may read, told from modes: access(2) answers for root, who asks.

use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, getgrouplist};

use crate::config::User;

/// The files that a reload, which runs as `user`, could not read.
pub(super) fn unreadable<'a>(
    files: impl Iterator<Item = &'a PathBuf>,
    user: Option<&User>,
) -> Vec<String> {
    let Some(user) = user.filter(|user| !user.uid.is_root()) else {
        return Vec::new();
    };
    files
        .filter(|file| !may_read(file, user))
        .map(|file| {
            format!(
                "{}: user {} cannot read it, so that a reload would be refused; make it readable to that user's group",
                file.display(),
                user.name
            )
        })
        .collect()
}

/// Whether the modes let `user` read `file`, all directories above it included.
fn may_read(file: &Path, user: &User) -> bool {
    let Ok(real) = file.canonicalize() else {
        return false;
    };
    let groups = CString::new(user.name.as_str())
        .ok()
        .and_then(|name| getgrouplist(&name, user.gid).ok())
        .unwrap_or_else(|| vec![user.gid]);
    let has = |path: &Path, bit: u32| {
        path.metadata().is_ok_and(|meta| {
            let shift = if meta.uid() == user.uid.as_raw() {
                6
            } else if groups.contains(&Gid::from_raw(meta.gid())) {
                3
            } else {
                0
            };
            meta.mode() >> shift & bit != 0
        })
    };
    has(&real, 4) && real.ancestors().skip(1).all(|dir| has(dir, 1))
}
