//! Giving up root's rights for good.

use std::ffi::{CString, NulError};
use std::fmt;

use nix::errno::Errno;
use nix::unistd::{getegid, geteuid, getgid, getuid, initgroups, setgid, setuid};

use crate::config::User;

/// Why another user can't be become.
#[derive(Debug)]
pub enum BecomeUserError {
    /// This process is not root's.
    NotRoot,
    /// The name can't be passed on.
    Name(NulError),
    /// A call was refused: which, and why.
    Call(&'static str, Errno),
    /// The call succeeded, and yet root's rights can be had back.
    StillRoot,
}

impl fmt::Display for BecomeUserError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot => out.write_str("cannot change user: only root can"),
            Self::Name(error) => write!(out, "name: {error}"),
            Self::Call(call, error) => write!(out, "{call}: {}", error.desc()),
            Self::StillRoot => out.write_str("setuid: root's rights did not go away"),
        }
    }
}

impl std::error::Error for BecomeUserError {}

/// Becomes `user` for good, with that user's groups only, and so that no program started from here can gain rights by a set-uid
/// bit (prctl(2), `PR_SET_NO_NEW_PRIVS`). Does nothing but the last when this process is that user already.
///
/// # Errors
/// Why not.
pub fn become_user(user: &User) -> Result<(), BecomeUserError> {
    let refused = |call: &'static str| move |error: Errno| BecomeUserError::Call(call, error);
    if !is_already(user) {
        may_become(user)?;
        let name = CString::new(user.name.as_str()).map_err(BecomeUserError::Name)?;
        // In this order: without root's rights the groups can't be changed any more.
        initgroups(&name, user.gid).map_err(refused("initgroups"))?;
        setgid(user.gid).map_err(refused("setgid"))?;
        setuid(user.uid).map_err(refused("setuid"))?;
        if !user.uid.is_root() && setuid(nix::unistd::ROOT).is_ok() {
            return Err(BecomeUserError::StillRoot);
        }
    }
    let no_new_privs = rustix::thread::set_no_new_privs(true);
    no_new_privs.map_err(|error| {
        BecomeUserError::Call("no_new_privs", Errno::from_raw(error.raw_os_error()))
    })
}

/// Whether [`become_user`] has the rights it needs.
///
/// # Errors
/// Why not.
pub fn may_become(user: &User) -> Result<(), BecomeUserError> {
    if is_already(user) || geteuid().is_root() {
        Ok(())
    } else {
        Err(BecomeUserError::NotRoot)
    }
}

fn is_already(user: &User) -> bool {
    [getuid(), geteuid()].iter().all(|uid| *uid == user.uid)
        && [getgid(), getegid()].iter().all(|gid| *gid == user.gid)
}
