//! Tells the program which compiler made it: `--version` names it, as websocketd's does.

use std::process::Command;

#[expect(clippy::disallowed_methods, reason = "cargo runs this, not the daemon")]
fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC");
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(rustc)
        .arg("--version")
        .output()
        .map(|output| output.stdout);
    let told = told
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let number = told.split(' ').nth(1).unwrap_or_default();
    println!("cargo::rustc-env=WEBSOCKETD_TOOLCHAIN=rust{number}");
}
