//! Giving up root's rights, after the sockets are bound and before anything is started.

use std::ffi::CString;

use nix::unistd::{getegid, geteuid, getgid, getuid, initgroups, setgid, setuid};

use crate::config::User;

/// Becomes `user` for good, with that user's groups only, and so that no program started from here can gain rights by a set-uid
/// bit (prctl(2), `PR_SET_NO_NEW_PRIVS`). Does nothing but the last when the daemon is that user already.
///
/// # Errors
/// The text for `Can't start server: `.
pub(super) fn become_user(user: &User) -> Result<(), String> {
    let fail = |what: &str, reason: String| format!("--user={}: {what}: {reason}", user.name);
    let already = [getuid(), geteuid()].iter().all(|uid| *uid == user.uid)
        && [getgid(), getegid()].iter().all(|gid| *gid == user.gid);
    if !already {
        if !geteuid().is_root() {
            return Err(fail("cannot change user", "only root can".to_owned()));
        }
        let name =
            CString::new(user.name.as_str()).map_err(|error| fail("name", error.to_string()))?;
        let desc = |error: nix::errno::Errno| error.desc().to_owned();
        // In this order: without root's rights the groups can't be changed any more.
        initgroups(&name, user.gid).map_err(|error| fail("initgroups", desc(error)))?;
        setgid(user.gid).map_err(|error| fail("setgid", desc(error)))?;
        setuid(user.uid).map_err(|error| fail("setuid", desc(error)))?;
        if !user.uid.is_root() && setuid(nix::unistd::ROOT).is_ok() {
            return Err(fail("setuid", "root's rights did not go away".to_owned()));
        }
    }
    rustix::thread::set_no_new_privs(true).map_err(|error| fail("no_new_privs", error.to_string()))
}
