//! Any path below a directory with files, links inside and links out: what is found is a file of the directory.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::OnceLock;

use websocketd::http::script::find;

/// The directory, made once; its parent holds what must not be found.
fn dir() -> &'static PathBuf {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let base = std::env::temp_dir().join(format!("websocketd-fuzz-{}", std::process::id()));
        let dir = base.join("scripts");
        fs::create_dir_all(dir.join("sub/deep")).expect("a directory");
        for file in ["a", "sub/b", "sub/deep/c d", "../secret"] {
            fs::write(dir.join(file), "").expect("a file");
        }
        for (link, to) in [
            ("out", "../secret"),
            ("up", ".."),
            ("in", "sub"),
            ("self", "self"),
        ] {
            // There already when an earlier process had our number.
            let _ = symlink(to, dir.join(link));
        }
        dir.canonicalize().expect("it is there")
    })
}

pub fn run(bytes: &[u8]) {
    let Some(script) = find(dir(), bytes) else {
        return;
    };
    let real = fs::canonicalize(&script.file).expect("it was found");
    assert!(
        real.starts_with(dir()) && real.is_file(),
        "{}",
        real.display()
    );
    assert_eq!([&script.name[..], &script.path_info].concat(), bytes);
    assert!(script.file.as_os_str().as_bytes().ends_with(&script.name));
}
