//! Which file a URL path names, for `--dir` and `--cgidir`: the first file on the path is the script, the rest is its
//! `PATH_INFO`. No spelling of a path leads out of the directory.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A script that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its file, below the directory by name and by real path.
    pub file: PathBuf,
    /// The part of the decoded URL path that names it: `SCRIPT_NAME`.
    pub name: Vec<u8>,
    /// The rest: `PATH_INFO`.
    pub path_info: Vec<u8>,
}

/// Walks the decoded URL path below `dir`, which is canonical. `None` when it leads to no regular file, or out.
pub fn find(dir: &Path, path: &[u8]) -> Option<Script> {
    if path.contains(&0) {
        return None;
    }
    let mut file = dir.to_path_buf();
    let mut end = 0;
    for segment in path.strip_prefix(b"/")?.split(|&byte| byte == b'/') {
        // Paths were cleaned before they were routed; this keeps the walk safe by itself.
        if matches!(segment, b"" | b"." | b"..") {
            return None;
        }
        file.push(OsStr::from_bytes(segment));
        end += 1 + segment.len();
        let kind = fs::metadata(&file).ok()?;
        if kind.is_dir() {
            continue;
        }
        // A FIFO or a device is no script; and links may not lead out.
        if !kind.is_file() || !fs::canonicalize(&file).ok()?.starts_with(dir) {
            return None;
        }
        let (name, path_info) = path.split_at(end);
        return Some(Script {
            file,
            name: name.to_vec(),
            path_info: path_info.to_vec(),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::symlink;

    /// A directory with scripts, and a secret beside it.
    fn tree() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("scripts");
        fs::create_dir_all(dir.join("sub/empty")).unwrap();
        fs::create_dir(root.path().join("outside")).unwrap();
        for file in [
            "scripts/a",
            "scripts/a b.sh",
            "scripts/sub/b",
            "outside/secret",
        ] {
            fs::write(root.path().join(file), "#!/bin/sh\n").unwrap();
        }
        symlink("sub/b", dir.join("inside")).unwrap();
        symlink(dir.join("sub"), dir.join("inside-dir")).unwrap();
        symlink("../outside/secret", dir.join("leak")).unwrap();
        symlink(root.path().join("outside"), dir.join("leak-dir")).unwrap();
        symlink("gone", dir.join("dangling")).unwrap();
        nix::unistd::mkfifo(&dir.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let dir = fs::canonicalize(dir).unwrap();
        (root, dir)
    }

    #[test]
    fn the_first_file_is_the_script() {
        let (_root, dir) = tree();
        for (path, file, name, path_info) in [
            ("/a", "a", "/a", ""),
            ("/a/", "a", "/a", "/"),
            ("/a/x/y", "a", "/a", "/x/y"),
            ("/a b.sh", "a b.sh", "/a b.sh", ""),
            ("/sub/b/c", "sub/b", "/sub/b", "/c"),
            ("/inside", "inside", "/inside", ""),
            ("/inside-dir/b/x", "inside-dir/b", "/inside-dir/b", "/x"),
        ] {
            let expected = Script {
                file: dir.join(file),
                name: name.into(),
                path_info: path_info.into(),
            };
            assert_eq!(find(&dir, path.as_bytes()), Some(expected), "{path}");
        }
    }

    #[test]
    fn nothing_else_is_found() {
        let (_root, dir) = tree();
        for path in [
            "/",
            "",
            "a",
            "/sub",
            "/sub/",
            "/sub/empty",
            "/none",
            "/none/a",
            "/leak",
            "/leak/x",
            "/leak-dir/secret",
            "/dangling",
            "/fifo",
            "/../outside/secret",
            "/sub/../a",
            "//a",
            "/./a",
            "/a\0",
            "/a\0/x",
            "/sub//b",
        ] {
            assert_eq!(find(&dir, path.as_bytes()), None, "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_outside_is_found(path in "(/|\\.|\\.\\.|sub|leak|leak-dir|inside-dir|secret|outside|a|\\x00){0,12}") {
            let (_root, dir) = tree();
            if let Some(script) = find(&dir, format!("/{path}").as_bytes()) {
                prop_assert!(fs::canonicalize(script.file).unwrap().starts_with(&dir));
            }
        }
    }
}
