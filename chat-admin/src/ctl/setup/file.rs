//! Files of /etc: a reader finds the old one or the new one, whole, with the mode and owner that it had.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, chown};

use crate::ctl::Failure;

/// The mode of a file that was not there: anybody may read it.
const MODE: u32 = 0o644;

pub(super) fn of(path: &Path, error: &io::Error) -> Failure {
    Failure::Refused(format!("{}: {error}", path.display()))
}

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| of(path, &error))
}

/// The same; nothing where there is none.
pub(super) fn read_if_there(path: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| of(path, &error)),
    }
}

/// What some files were.
pub(super) struct Before(Vec<(PathBuf, Was)>);

/// What a file was.
enum Was {
    Missing,
    Link(PathBuf),
    /// With its mode, user and group.
    File(Vec<u8>, u32, (u32, u32)),
}

impl Before {
    pub(super) fn of(paths: &[&PathBuf]) -> Result<Self, Failure> {
        let was = |path: &Path| -> io::Result<Was> {
            let found = match path.symlink_metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Was::Missing),
                found => found?,
            };
            if found.is_symlink() {
                return Ok(Was::Link(std::fs::read_link(path)?));
            }
            let owner = (found.uid(), found.gid());
            Ok(Was::File(
                std::fs::read(path)?,
                found.mode() & 0o7777,
                owner,
            ))
        };
        let all = paths.iter().map(|path| {
            Ok((
                (*path).clone(),
                was(path).map_err(|error| of(path, &error))?,
            ))
        });
        Ok(Self(all.collect::<Result<_, Failure>>()?))
    }

    /// Makes them so again.
    pub(super) fn put_back(&self) -> Result<(), Failure> {
        for (path, was) in &self.0 {
            let remove = || match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
            let done = match was {
                Was::Missing => remove(),
                Was::Link(to) => remove().and_then(|()| std::os::unix::fs::symlink(to, path)),
                Was::File(bytes, mode, owner) => put_as(path, bytes, *mode, Some(*owner)),
            };
            done.map_err(|error| of(path, &error))?;
        }
        Ok(())
    }
}

/// Puts it there; what is there already and the same is not touched.
pub(super) fn put(path: &Path, text: &str) -> Result<(), Failure> {
    if std::fs::read(path).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(());
    }
    let (mode, owner) = match std::fs::metadata(path) {
        Ok(before) => (before.mode() & 0o7777, Some((before.uid(), before.gid()))),
        Err(_) => (MODE, None),
    };
    put_as(path, text.as_bytes(), mode, owner).map_err(|error| of(path, &error))
}

/// The same with this mode, and this user and group.
pub(super) fn put_as(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    owner: Option<(u32, u32)>,
) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(dir)?;
    // Nobody else reads it before it has its mode.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    if let Some((user, group)) = owner.filter(|_| Uid::effective().is_root()) {
        chown(
            file.path(),
            Some(Uid::from_raw(user)),
            Some(Gid::from_raw(group)),
        )?;
    }
    file.as_file()
        .set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
