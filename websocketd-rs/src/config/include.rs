//! `include = DIR`: files with further sections, for sites that come and go.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file::MAX_FILE;
use crate::cli::Ending;

/// The most files of a directory: a site is a file, and each is read again at each reload.
const MAX_INCLUDED: usize = 1000;

/// What their names end with. Others are an editor's, a package manager's, or switched off by their name.
const SUFFIX: &str = "ini";

/// Why a configuration file is not used.
#[derive(Debug)]
pub(super) enum FileError {
    /// It can't be read.
    Read(PathBuf, io::Error),
    /// It is over [`MAX_FILE`] bytes.
    TooLarge(PathBuf),
    /// All that is wrong in it, each with file and line.
    Mistakes(Vec<String>),
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(formatter, "{}: {error}", path.display()),
            Self::TooLarge(path) => write!(
                formatter,
                "{}: over {MAX_FILE} bytes: this is no configuration",
                path.display()
            ),
            Self::Mistakes(mistakes) => formatter.write_str(&mistakes.join("\n")),
        }
    }
}

impl FileError {
    /// What to print, and the exit code.
    pub(super) fn ending(&self) -> Ending {
        Ending::alone(1, &self.to_string())
    }
}

/// A configuration file's text.
pub(super) fn read(path: &Path) -> Result<String, FileError> {
    let failed = |error| FileError::Read(path.to_owned(), error);
    let mut text = String::new();
    let opened = std::fs::File::open(path).map_err(failed)?;
    opened
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > MAX_FILE {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    Ok(text)
}

/// The files that `include = dir` in `file` means, sorted by name. A relative directory is beside the file.
pub(super) fn files(file: &Path, dir: &str) -> Result<Vec<PathBuf>, String> {
    let dir = file.parent().unwrap_or(Path::new("")).join(dir);
    let failed = |error: io::Error| format!("{}: {error}", dir.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|end| end == SUFFIX) && !is_hidden {
            found.push(path);
        }
        if found.len() > MAX_INCLUDED {
            return Err(format!(
                "{}: over {MAX_INCLUDED} files: this is no directory of sites",
                dir.display()
            ));
        }
    }
    found.sort_unstable();
    Ok(found)
}
