//! Which binaries are under test.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::requirement::original_websocketd;

/// A daemon that speaks websocketd's command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The program.
    pub path: PathBuf,
    /// Which of the two it is.
    pub kind: Kind,
}

/// Ours or the Go original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// websocketd-rs.
    Ours,
    /// joewalnes/websocketd 0.4.1 from Debian.
    Original,
}

impl Subject {
    /// The daemon under test: ours, or what `WEBSOCKETD_UNDER_TEST` names.
    #[track_caller]
    pub fn under_test() -> Self {
        let path = env::var_os("WEBSOCKETD_UNDER_TEST").map(PathBuf::from);
        match path {
            Some(path) if path.ends_with("websocketd") => Self {
                path,
                kind: Kind::Original,
            },
            Some(path) => Self {
                path,
                kind: Kind::Ours,
            },
            None => Self {
                path: built("websocketd-rs"),
                kind: Kind::Ours,
            },
        }
    }

    /// Debian's websocketd.
    #[track_caller]
    pub fn original() -> Self {
        Self {
            path: original_websocketd().into(),
            kind: Kind::Original,
        }
    }

    /// Whether it is the Go original.
    pub fn is_original(&self) -> bool {
        self.kind == Kind::Original
    }
}

/// Our chat-handler, or what `CHAT_HANDLER_UNDER_TEST` names.
#[track_caller]
pub fn chat_handler() -> PathBuf {
    named_or_built("CHAT_HANDLER_UNDER_TEST", "chat-handler")
}

/// Our chat-cgi, or what `CHAT_CGI_UNDER_TEST` names.
#[track_caller]
pub fn chat_cgi() -> PathBuf {
    named_or_built("CHAT_CGI_UNDER_TEST", "chat-cgi")
}

/// Our chatctl, or what `CHATCTL_UNDER_TEST` names.
#[track_caller]
pub fn chatctl() -> PathBuf {
    named_or_built("CHATCTL_UNDER_TEST", "chatctl")
}

#[track_caller]
fn named_or_built(variable: &str, name: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| built(name), PathBuf::from)
}

/// The handler that does everything a handler can do, well or badly; see `src/bin/handler.rs`.
#[track_caller]
pub fn handler() -> PathBuf {
    // Cargo puts the package's programs beside the directory of its test binaries.
    let test = env::current_exe().expect("the test knows its own path");
    let found = test
        .ancestors()
        .map(|dir| dir.join("e2e-handler"))
        .find(|path| path.is_file());
    found.expect("target/debug/e2e-handler is missing: `cargo build -p e2e --bins` builds it")
}

/// A program of the workspace in the profile of the running test, as `target/debug/chatctl`. Cargo has built it before a
/// test of the same package; for a test of another package it is built here when it is missing or older than its sources.
/// With `RELEASED_PROGRAMS` in the environment it is what `make build` has built.
///
/// # Panics
/// When it does not build.
#[track_caller]
pub fn beside(name: &str) -> PathBuf {
    static KNOWN: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    if env::var_os("RELEASED_PROGRAMS").is_some() {
        return built(name);
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = known.get(name) {
        return path.clone();
    }
    let test = env::current_exe().expect("the test knows its own path");
    // target/PROFILE/deps/TEST
    let dir = test.ancestors().nth(2).expect("a profile's directory");
    let path = dir.join(name);
    let built = fs::metadata(&path).and_then(|meta| meta.modified());
    let fresh = built.is_ok_and(|built| newer_source_of(name, built).is_none());
    if !fresh {
        build(name, dir);
    }
    known.insert(name.to_owned(), path.clone());
    path
}

/// Has cargo build a program into a profile's directory.
#[track_caller]
fn build(name: &str, dir: &Path) {
    let profile = match dir.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(name) => name,
        None => panic!("{} is no profile's directory", dir.display()),
    };
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--workspace", "--bin", name])
        .args(["--profile", profile])
        .current_dir(workspace())
        .status()
        .expect("cargo starts");
    assert!(status.success(), "cargo cannot build {name}");
}

/// The workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the workspace")
}

/// Where `make build` puts what it built for release, and where cargo keeps the rest.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// A release binary from `make build`.
#[track_caller]
fn built(name: &str) -> PathBuf {
    made(name, "bin", "build")
}

/// The programs from `make static`, which run on any Linux: their directory.
#[track_caller]
pub fn static_programs() -> PathBuf {
    let names = [
        "websocketd-rs",
        "chat-opensso",
        "chat-hooks",
        "chat-relay",
        "chat-handler",
        "chat-cgi",
        "chat-web",
        "chatctl",
    ];
    let [daemon, ..] = names.map(|name| made(name, "static", "static"));
    daemon.parent().expect("it is in a directory").to_owned()
}

/// A program that `make WORD` puts below target/DIR.
///
/// A stale one would give an answer about code that is no longer there, so it is refused.
#[track_caller]
fn made(name: &str, dir: &str, word: &str) -> PathBuf {
    let path = target().join(dir).join(name);
    let Ok(built) = fs::metadata(&path).and_then(|meta| meta.modified()) else {
        panic!(
            "{} is missing: `make {word}` builds it, `make test` does so first",
            path.display()
        );
    };
    if let Some(newer) = newer_source_of(name, built) {
        panic!(
            "{} is older than {}: run `make {word}`",
            path.display(),
            newer.display()
        );
    }
    path
}

/// A source of the program that changed after it was built.
fn newer_source_of(name: &str, built: SystemTime) -> Option<PathBuf> {
    let packages: &[&str] = match name {
        "websocketd-rs" => &["websocketd-rs"],
        "chat-handler" => &["chat-store", "chat-handler"],
        "chat-hooks" => &["chat-store", "chat-handler", "chat-hooks"],
        "chat-relay" => &["chat-store", "chat-handler", "chat-relay"],
        _ => &["chat-store", "chat-token", "chat-handler", "chat-admin"],
    };
    let mut packages = packages.iter().map(|package| workspace().join(package));
    packages.find_map(|package| newer_source(&package, built))
}

/// A source file below `dir` that changed after `built`.
fn newer_source(dir: &Path, built: SystemTime) -> Option<PathBuf> {
    let entries = fs::read_dir(dir).ok()?;
    entries.filter_map(Result::ok).find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            let holds_sources = entry.file_name() != "tests" && entry.file_name() != "benches";
            return holds_sources.then(|| newer_source(&path, built)).flatten();
        }
        let source = path
            .extension()
            .is_some_and(|ext| ext == "rs" || ext == "toml" || ext == "lua");
        let changed = entry.metadata().and_then(|meta| meta.modified()).ok()?;
        (source && changed > built).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_source_newer_than_the_binary_is_found() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("src/a.rs"), "").unwrap();
        let hour = Duration::from_secs(3600);
        assert_eq!(newer_source(dir.path(), SystemTime::now() + hour), None);
        let found = newer_source(dir.path(), SystemTime::now() - hour).unwrap();
        assert!(found.ends_with("src/a.rs"));
    }
}
