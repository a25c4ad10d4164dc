//! What the store links: no command line, no JSON, no wire, no TLS.

use std::collections::BTreeSet;
use std::process::Command;

/// A program that keeps a chat's files links these and nothing else.
const LINKED: [&str; 23] = [
    "bitflags",
    "block-buffer",
    "cfg-if",
    "chat-store",
    "cpufeatures",
    "crypto-common",
    "digest",
    "getrandom",
    "hybrid-array",
    "ipnet",
    "libc",
    "linux-raw-sys",
    "memchr",
    "memmap2",
    "nix",
    "rustix",
    "sha2",
    "tinyvec",
    "typenum",
    "unicode-normalization",
    "unicode-properties",
    "unicode-script",
    "unicode-security",
];

#[test]
fn the_store_links_what_files_need_and_nothing_else() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges=normal",
            "--prefix=none",
        ])
        .arg("--package=chat-store")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{output:?}");
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    let linked: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "tinyvec_macros")
        .collect();
    assert_eq!(linked, BTreeSet::from(LINKED));
}
