//! Sessions of the chat's own form, wherever they are: files of PHP's form in `sessions/`, or, if the site is on several
//! machines, in `logins/`, which is the same on all. There a file is called by a hash of the session's id: what goes
//! through the engine, and is in logs of orders, lets nobody in.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chat_store::cluster::order::{self, After};
use chat_store::fs::dirs::{self, Dirs};
use chat_store::fs::file;
use chat_store::record::RecordId;
use chat_store::secret::hash_of;

use super::{MAX_SESSION_BYTES, SessionId, USED, write};
use crate::settings::Identity;

/// The other machines are told of a use after this part of the longest age: each telling is a write on all disks.
const USE_PART: u32 = 8;
/// So many are removed at a time: each removal goes to all machines, and whoever logs in waits for it.
const MAX_SWEPT: usize = 16;

/// Those of a site.
#[derive(Debug)]
pub struct Own<'a> {
    identity: &'a Identity,
    dirs: &'a Dirs,
}

impl<'a> Own<'a> {
    /// Those in `dirs`.
    pub fn new(identity: &'a Identity, dirs: &'a Dirs) -> Self {
        Self { identity, dirs }
    }

    /// As [`write::create`].
    ///
    /// # Errors
    /// There is none then, on no machine.
    pub fn create(&self, variables: &[(&str, &str)]) -> io::Result<SessionId> {
        let (dir, depth) = (&self.identity.session_dir, self.identity.session_depth);
        let Some(logins) = &self.identity.logins else {
            dirs::create_private(dir)?;
            return write::create(dir, depth, variables);
        };
        let id = write::new_id()?;
        let path = path_in(logins, &id);
        let text = write::text_of(variables);
        order::edit(self.dirs, &path, MAX_SESSION_BYTES, |_| {
            Ok::<_, io::Error>((After::Text(text.clone()), ()))
        })?;
        Ok(id)
    }

    /// As [`write::set`].
    ///
    /// # Errors
    /// As [`write::set`].
    pub fn set(&self, id: &SessionId, variables: &[(&str, &str)]) -> io::Result<()> {
        let identity = self.identity;
        let serializer = identity.serializer;
        let Some(path) = place(identity, id) else {
            let (dir, depth) = (&identity.session_dir, identity.session_depth);
            return write::set(dir, depth, serializer, id, variables);
        };
        order::edit(self.dirs, &path, MAX_SESSION_BYTES, |bytes| {
            if bytes.is_empty() {
                return Err(io::ErrorKind::NotFound.into());
            }
            let text = write::with(bytes, serializer, variables)?;
            Ok((After::Text(text), ()))
        })
    }

    /// As [`write::touch`].
    ///
    /// # Errors
    /// As [`write::touch`].
    pub fn touch(&self, id: &SessionId) -> io::Result<()> {
        let identity = self.identity;
        let Some(path) = place(identity, id) else {
            return write::touch(&identity.session_dir, identity.session_depth, id);
        };
        let used = std::fs::metadata(&path)?.modified()?;
        let age = SystemTime::now().duration_since(used).unwrap_or_default();
        if age < identity.session_max_age / USE_PART {
            return Ok(());
        }
        self.set(id, &[(USED, &RecordId::now().to_string())])
    }

    /// Removes some of those that have ended.
    ///
    /// # Errors
    /// Those of reading the directory, and of having one removed.
    pub fn sweep(&self) -> io::Result<()> {
        let identity = self.identity;
        let Some(logins) = &identity.logins else {
            write::sweep(&identity.session_dir, identity.session_max_age);
            return Ok(());
        };
        let mut removed = 0;
        for login in std::fs::read_dir(logins)? {
            let path = login?.path();
            let used = std::fs::metadata(&path).and_then(|found| found.modified());
            let age = used.ok().and_then(|used| used.elapsed().ok());
            if removed < MAX_SWEPT && age.is_some_and(|age| age > identity.session_max_age) {
                order::remove(self.dirs, &path)?;
                removed += 1;
            }
        }
        Ok(())
    }

    /// As [`write::destroy`].
    ///
    /// # Errors
    /// As [`write::destroy`].
    pub fn destroy(&self, id: &SessionId) -> io::Result<()> {
        match place(self.identity, id) {
            Some(path) => order::remove(self.dirs, &path),
            None => write::destroy(&self.identity.session_dir, self.identity.session_depth, id),
        }
    }
}

/// Its file, if it is one that holds on several machines.
pub(super) fn place(identity: &Identity, id: &SessionId) -> Option<PathBuf> {
    let path = path_in(identity.logins.as_deref()?, id);
    path.is_file().then_some(path)
}

fn path_in(logins: &Path, id: &SessionId) -> PathBuf {
    logins.join(hash_of(id.as_str()))
}

/// What it holds.
///
/// # Errors
/// Why it does not count.
pub(super) fn read(identity: &Identity, path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| format!("the session cannot be read: {error}");
    let used = std::fs::metadata(path).and_then(|found| found.modified());
    let age = SystemTime::now().duration_since(used.map_err(failed)?);
    if age.is_ok_and(|age| age > identity.session_max_age) {
        return Err("the session has expired".to_owned());
    }
    let bytes = file::read_whole(path, MAX_SESSION_BYTES).map_err(failed)?;
    if bytes.is_empty() {
        return Err("the session has just ended".to_owned());
    }
    Ok(bytes)
}
