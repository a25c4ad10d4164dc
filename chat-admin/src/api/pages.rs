//! `GET pages`: what the pages are called together, so that a browser that has them asks once whether they are still
//! the same, and not for each of their files.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use chat_store::people::person::hex_of;
use serde_json::json;

use super::{Request, Response};
use chat_handler::settings::Settings;

/// More files than the pages ever have; a directory with more is another one.
const MAX_FILES: usize = 2000;
/// The same of directories in directories.
const MAX_DEPTH: usize = 8;

pub(super) fn answer(_: &Request, settings: &Settings, explain: &mut dyn FnMut(&str)) -> Response {
    let Some(dir) = &settings.pages.dir else {
        return Response::error(404, "not_found", "nobody said where the pages are");
    };
    match version_of(dir) {
        Ok(version) => Response::json(&json!({ "version": version })),
        Err(error) => {
            explain(&format!("PAGES_DIR: {}: {error}", dir.display()));
            Response::error(503, "storage", "the pages cannot be read")
        }
    }
}

/// Another one as soon as a file comes, goes, or is written.
fn version_of(dir: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    list(dir, MAX_DEPTH, &mut files)?;
    files.sort();
    Ok(hex_of(&["pages\0", &files.concat()]))
}

/// A line for each file: its path, size and time.
fn list(dir: &Path, depth: usize, files: &mut Vec<String>) -> io::Result<()> {
    if depth == 0 || files.len() > MAX_FILES {
        return Err(io::Error::other(
            "it holds more than the pages; name their own directory",
        ));
    }
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let found = std::fs::metadata(&path)?;
        if found.is_dir() {
            list(&path, depth - 1, files)?;
            continue;
        }
        let age = found
            .modified()?
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            line,
            "{}\t{}\t{}",
            path.display(),
            found.len(),
            age.as_nanos()
        );
        files.push(line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_file_is_another_version() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir(path("js")).expect("a directory");
        std::fs::write(path("js/a.js"), "1").expect("a file");
        let mut versions = vec![version_of(dir.path()).expect("readable")];
        assert_eq!(versions[0], version_of(dir.path()).expect("readable"));
        std::fs::write(path("theme.css"), "").expect("a file");
        versions.push(version_of(dir.path()).expect("readable"));
        std::fs::rename(path("js/a.js"), path("js/b.js")).expect("renamed");
        versions.push(version_of(dir.path()).expect("readable"));
        std::fs::write(path("js/b.js"), "12").expect("a file");
        versions.push(version_of(dir.path()).expect("readable"));
        versions.sort();
        versions.dedup();
        assert_eq!(versions.len(), 4);
    }

    #[test]
    fn another_directory_is_not_read_to_its_end() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(dir.path().join("1/2/3/4/5/6/7/8/9")).expect("directories");
        assert!(version_of(dir.path()).is_err());
    }
}
