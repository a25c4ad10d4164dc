//! Giving up root's rights for good.

use std::ffi::CString;

use nix::errno::Errno;
use nix::unistd::{getegid, geteuid, getgid, getuid, initgroups, setgid, setuid};

use crate::config::User;

/// Becomes `user` for good, with that user's groups only, and so that no program started from here can gain rights by a set-uid
/// bit (prctl(2), `PR_SET_NO_NEW_PRIVS`). Does nothing but the last when this process is that user already.
///
/// # Errors
/// Why not, in a few words.
pub fn become_user(user: &User) -> Result<(), String> {
    let fail = |what: &str, reason: &str| format!("{what}: {reason}");
    let desc = |what: &'static str| move |error: Errno| fail(what, error.desc());
    if !is_already(user) {
        may_become(user)?;
        let name =
            CString::new(user.name.as_str()).map_err(|error| fail("name", &error.to_string()))?;
        // In this order: without root's rights the groups can't be changed any more.
        initgroups(&name, user.gid).map_err(desc("initgroups"))?;
        setgid(user.gid).map_err(desc("setgid"))?;
        setuid(user.uid).map_err(desc("setuid"))?;
        if !user.uid.is_root() && setuid(nix::unistd::ROOT).is_ok() {
            return Err(fail("setuid", "root's rights did not go away"));
        }
    }
    rustix::thread::set_no_new_privs(true).map_err(|error| fail("no_new_privs", &error.to_string()))
}

/// Whether [`become_user`] has the rights it needs.
///
/// # Errors
/// Why not.
pub fn may_become(user: &User) -> Result<(), String> {
    if is_already(user) || geteuid().is_root() {
        Ok(())
    } else {
        Err("cannot change user: only root can".to_owned())
    }
}

fn is_already(user: &User) -> bool {
    [getuid(), geteuid()].iter().all(|uid| *uid == user.uid)
        && [getgid(), getegid()].iter().all(|gid| *gid == user.gid)
}
