//! The file whose lock the one relay of a site holds.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use chat_store::cluster::Cluster;
use chat_store::fs::file::{self, FileId};
use rustix::fs::OFlags;

/// It, as it was when this relay started.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    id: FileId,
}

impl LockFile {
    /// Opens it; makes it if it is not there.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn open(cluster: &Cluster) -> io::Result<(Self, File)> {
        let path = cluster.run.join("lock");
        let (file, stat) = file::open(&path, OFlags::RDWR | OFlags::CREATE)?;
        let id = FileId::of(&stat);
        Ok((Self { path, id }, file))
    }

    /// Whether it is in its place. If somebody has removed it, with all that stood beside it as a rule, nobody can tell
    /// this relay anything, and another one would start beside it: it must end, and be started again.
    ///
    /// # Errors
    /// It is not; or those of stat(2).
    pub fn check(&self) -> io::Result<()> {
        if FileId::at(&self.path)? == Some(self.id) {
            return Ok(());
        }
        let path = self.path.display();
        Err(io::Error::other(format!(
            "{path} was removed: chat-relay must start again"
        )))
    }
}
