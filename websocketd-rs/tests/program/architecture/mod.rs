//! The invariants of ARCHITECTURE.md that the compiler can't hold: who may name whom, and which modules are pure.
//! What starts programs, tasks and threads is held by clippy.toml.

mod names;

use std::fs;
use std::path::{Path, PathBuf};

use names::{Name, names};

/// Layers in the order of the flow. A module belongs to the longest path that it is below of; it may name its own
/// layer, those further down, and [`LEAVES`].
const FLOW: [&[&str]; 12] = [
    &["main"],
    &["server"],
    &["shutdown"],
    &["http", "tcp"],
    &["session"],
    &["session::client"],
    &["session::hub"],
    &["session::end"],
    &["session::client::outgoing"],
    &["session::client::decoder", "session::client::kept"],
    &["session::framing"],
    &["process", "net"],
];

/// Modules that every layer may name; they know of none.
const LEAVES: [&str; 7] = [
    "buffer",
    "cli",
    "config",
    "diagnosis",
    "logging",
    "metrics",
    "permit",
];

/// Modules with all that is below them that do no I/O, know no runtime and never log.
const PURE: [&str; 35] = [
    "buffer::lines",
    "config::access",
    "config::host",
    "config::keys",
    "config::network",
    "config::shared",
    "config::site",
    "config::tcp",
    "http::authorize::verdict",
    "http::cgi::outcome",
    "http::cgi::reply",
    "http::files::conditional",
    "http::files::content_type",
    "http::forwarded",
    "http::handshake",
    "http::headers",
    "http::origin",
    "http::request",
    "http::response",
    "http::route",
    "http::target",
    "net::validity",
    "process::env",
    "process::spawner::message",
    "session::client::decoder",
    "session::client::kept",
    "session::client::outgoing",
    "session::end",
    "session::framing",
    "session::hub::mailbox",
    "session::hub::order",
    "session::hub::wire",
    "session::linger::offer",
    "session::raw::way",
    "session::terminal::control",
];

/// What a pure module can't name, nor import whole.
const IMPURE: [&str; 21] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::os::fd",
    "std::os::unix::net",
    "std::os::unix::process",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "std::time::Instant",
    "memmap2",
    "nix",
    "rustix",
    "tokio",
    "crate::logging",
    "crate::metrics",
];

/// Names below those of [`IMPURE`] that are values, or pure themselves.
const VALUES: [&str; 7] = [
    "crate::logging::shortened",
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
    "std::net::AddrParseError",
    "std::env::consts",
];

struct Source {
    module: Vec<String>,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("a source folder") {
            let path = entry.expect("its entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_name().is_some_and(|name| name != "tests.rs")
            {
                let text = fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(&root).expect("below the root").to_owned();
                let module = module_of(&path);
                found.push(Source { module, path, text });
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}

fn module_of(path: &Path) -> Vec<String> {
    let stem = path.with_extension("");
    let mut module: Vec<String> = stem
        .iter()
        .map(|part| part.to_str().expect("a UTF-8 name").to_owned())
        .collect();
    if module
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        module.pop();
    }
    module
}

fn is_below(name: &[String], path: &str) -> bool {
    let path: Vec<&str> = path.split("::").collect();
    name.len() >= path.len() && name.iter().zip(&path).all(|(one, other)| one == other)
}

/// Index of the layer, and which of its paths: the longest that fits.
fn layer(name: &[String]) -> Option<(usize, &'static str)> {
    let all = FLOW.iter().enumerate();
    let all = all.flat_map(|(index, paths)| paths.iter().map(move |path| (index, *path)));
    all.filter(|(_, path)| is_below(name, path))
        .max_by_key(|(_, path)| path.len())
}

/// Whether `module` may name `name`, which begins with `crate`.
fn may_name(module: &[String], name: &[String]) -> bool {
    let target = layer(&name[1..]);
    match (layer(module), target) {
        (_, None) => true,
        (None, Some(_)) => !LEAVES.iter().any(|leaf| is_below(module, leaf)),
        (Some((own, own_path)), Some((other, path))) => other > own || path == own_path,
    }
}

fn is_impure(name: &Name) -> bool {
    let path = name.join("::");
    let is_value = VALUES.iter().any(|value| is_below(name, value));
    let is_impure = IMPURE.iter().any(|impure| is_below(name, impure));
    // `use std;`, `use std::*`: what is below it could be named by another path then.
    let holds_one = IMPURE
        .iter()
        .any(|impure| impure.starts_with(&format!("{path}::")));
    is_impure && !is_value || holds_one && path.starts_with("std") && path != "std::io"
}

#[test]
fn knowledge_points_down_the_flow() {
    let mut wrong = Vec::new();
    for Source { module, path, text } in sources() {
        for name in names(&text, &module) {
            let is_ours = name.first().is_some_and(|first| first == "crate");
            if is_ours && !may_name(&module, &name) {
                wrong.push(format!("{}: {}", path.display(), name.join("::")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these name a layer above their own:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn pure_modules_do_no_io() {
    let mut wrong = Vec::new();
    let mut found = PURE.map(|_| false);
    for Source { module, path, text } in sources() {
        let Some(index) = PURE.iter().position(|pure| is_below(&module, pure)) else {
            continue;
        };
        found[index] = true;
        for name in names(&text, &module).iter().filter(|name| is_impure(name)) {
            wrong.push(format!("{}: {}", path.display(), name.join("::")));
        }
    }
    assert!(
        wrong.is_empty(),
        "these are not pure:\n{}",
        wrong.join("\n")
    );
    let missing: Vec<_> = PURE.iter().zip(found).filter(|(_, found)| !found).collect();
    assert!(missing.is_empty(), "no such module: {missing:?}");
}

/// The ways around the test that was here before this one.
#[test]
fn no_path_escapes_the_checks() {
    let module = ["http", "cgi"].map(str::to_owned);
    for source in [
        "use crate::server::Server;",
        "use super::super::server;",
        "use super::super::{route, server::{self, Server}};",
        "use crate::server::*;",
        "fn f() { super::super::server::start(); }",
        "fn f() { let _ = format!(\"{}\", crate::server::NAME); }",
        "mod inner { use super::super::super::server as hidden; }",
        "type T = Vec<crate::server::Server>;",
    ] {
        let names = names(source, &module);
        let above = |name: &&Name| name[0] == "crate" && !may_name(&module, name);
        let names: Vec<&Name> = names.iter().filter(|name| name.len() > 1).collect();
        assert!(names.into_iter().any(|name| above(&name)), "{source}");
    }
    for source in [
        "use std::fs;",
        "use std::{fmt, fs::File};",
        "use std as other;",
        "use std::*;",
        "use std::net::{IpAddr, TcpStream};",
        "fn f() { ::std::thread::sleep(T); }",
        "fn f() { tokio::select! { _ = x => {} } }",
        "fn f() { assert_eq!(1, rustix::process::getpid()); }",
        "extern crate tokio;",
        "use super::super::logging::log;",
        "fn f(x: &nix::unistd::Pid) {}",
    ] {
        assert!(names(source, &module).iter().any(is_impure), "{source}");
    }
    for source in [
        "use std::net::{IpAddr, Ipv4Addr};",
        "use std::fmt;\nuse super::super::session::end::End;",
        "#[cfg(test)] mod tests { use std::fs; use crate::server::Server; }",
        "use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;",
    ] {
        let wrong = |name: &Name| is_impure(name) || name[0] == "crate" && !may_name(&module, name);
        let names = names(source, &module);
        assert!(!names.iter().any(wrong), "{source}");
    }
}
