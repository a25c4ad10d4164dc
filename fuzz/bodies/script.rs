//! Any path below any small tree of files, directories, FIFOs and links, some of which lead out: what is found is a file of
//! the directory, and what is plainly there is found.
//!
//! The first bytes of an input are the tree, the others the path. Names that the input had to guess would be found once in
//! a million inputs, so bytes below 32 stand for the pieces of which such paths are made.

use std::cell::RefCell;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use websocketd::http::script::find;

/// What may be below the directory, parents first; each has a byte that says what it is.
const NODES: [&str; 8] = ["a", "b", "c", "a/a", "a/b", "b/a", "b/b", "b/b/c"];

/// Where links lead; `OUT` is a directory that must not be reached.
const TARGETS: [&str; 12] = [
    "a",
    "b",
    "a/b",
    "b/b",
    ".",
    "..",
    "../..",
    "../secret",
    "../../secret",
    "OUT",
    "OUT/secret",
    "gone",
];

/// What bytes below 32 stand for.
const PIECES: [&[u8]; 16] = [
    b"/", b"a", b"b", b"c", b"/a", b"/b", b"/c", b"/a/b", b"/b/b/c", b"..", b".", b"//", b"\0",
    b"secret", b"/..", b"/./",
];

/// A directory and what must not be found, beside it.
struct Tree {
    dir: PathBuf,
    outside: PathBuf,
    plan: [u8; NODES.len()],
    has_links: bool,
}

impl Tree {
    fn new() -> Self {
        // Of this thread, as the tests of all bodies run side by side.
        let thread = format!("{:?}", std::thread::current().id());
        let name = format!(
            "websocketd-fuzz-{}-{}",
            std::process::id(),
            thread.replace(['(', ')'], "")
        );
        let base = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&base);
        fs::create_dir_all(base.join("scripts")).expect("a directory");
        fs::create_dir_all(base.join("outside/a")).expect("a directory");
        for secret in ["secret", "outside/secret", "outside/a/b"] {
            fs::write(base.join(secret), "").expect("a file");
        }
        let base = base.canonicalize().expect("it is there");
        Self {
            dir: base.join("scripts"),
            outside: base.join("outside"),
            plan: [0; NODES.len()],
            has_links: false,
        }
    }

    /// Makes it so; what has no directory to be in is left out.
    fn become_plan(&mut self, plan: [u8; NODES.len()]) {
        if self.plan == plan {
            return;
        }
        fs::remove_dir_all(&self.dir).expect("ours");
        fs::create_dir(&self.dir).expect("ours");
        self.plan = plan;
        self.has_links = false;
        for (name, what) in NODES.iter().zip(plan) {
            let path = self.dir.join(name);
            // Not through a link: what lies outside stays as it is.
            let parent = path.parent().expect("below the directory");
            if fs::symlink_metadata(parent).is_ok_and(|found| found.is_dir()) {
                self.make(&path, what);
            }
        }
    }

    fn make(&mut self, path: &Path, what: u8) {
        match what % 5 {
            0 => {}
            1 => fs::write(path, "").expect("ours"),
            // Each FIFO costs a process: few inputs should have one.
            3 if what > 250 => {
                let made = Command::new("mkfifo").arg(path).status();
                assert!(made.is_ok_and(|status| status.success()), "mkfifo");
            }
            2 | 3 => fs::create_dir(path).expect("ours"),
            _ => {
                let target = TARGETS[usize::from(what / 5) % TARGETS.len()];
                let target = target.replace("OUT", self.outside.to_str().expect("UTF-8"));
                symlink(target, path).expect("ours");
                self.has_links = true;
            }
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.dir.parent().expect("it has a parent"));
    }
}

thread_local! {
    static TREE: RefCell<Tree> = RefCell::new(Tree::new());
}

pub fn run(bytes: &[u8]) {
    let Some((plan, path)) = bytes.split_first_chunk() else {
        return;
    };
    let path: Vec<u8> = path
        .iter()
        .flat_map(|byte| match PIECES.get(usize::from(*byte)) {
            Some(piece) => piece.to_vec(),
            None => vec![*byte],
        })
        .collect();
    TREE.with_borrow_mut(|tree| {
        tree.become_plan(*plan);
        check(tree, &path);
    });
}

fn check(tree: &Tree, path: &[u8]) {
    let Some(script) = find(&tree.dir, path) else {
        assert!(
            !is_plainly_there(tree, path),
            "not found: {}",
            path.escape_ascii()
        );
        return;
    };
    let real = fs::canonicalize(&script.file).expect("it was found");
    assert!(
        real.starts_with(&tree.dir) && real.is_file(),
        "{}",
        real.display()
    );
    assert_eq!([&script.name[..], &script.path_info].concat(), path);
    assert!(script.path_info.is_empty() || script.path_info.starts_with(b"/"));
    assert!(script.file.as_os_str().as_bytes().ends_with(&script.name));
}

/// Whether a path of plain names leads to a file, in a tree without links.
fn is_plainly_there(tree: &Tree, path: &[u8]) -> bool {
    let Some(Ok(path)) = path.strip_prefix(b"/").map(std::str::from_utf8) else {
        return false;
    };
    let plain = path.split('/').all(|name| matches!(name, "a" | "b" | "c"));
    plain && !tree.has_links && tree.dir.join(path).is_file()
}
