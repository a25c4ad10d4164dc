//! Tells the program which compiler made it (`--version` names it, as websocketd's does), and makes the page of `--terminal`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The client's side of `--linger`.
const LINGER: &str = "../htdocs/js/linger.js";

#[expect(clippy::disallowed_methods, reason = "cargo runs this, not the daemon")]
fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed={LINGER}");
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

    let out = std::env::var_os("OUT_DIR").expect("cargo sets it");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let page = terminal_page();
    gzip.write_all(page.as_bytes()).expect("memory");
    let bytes = gzip.finish().expect("memory");
    fs::write(Path::new(&out).join("terminal.html.gz"), bytes).expect("OUT_DIR can be written");
}

/// One page with all it needs: nothing else has an address, which would have to be apart from all that a program is served at.
fn terminal_page() -> String {
    let style = [asset("xterm/xterm.css"), asset("terminal/page.css")].concat();
    let script = [
        constant("Terminal", &asset("xterm/xterm.mjs")),
        constant("FitAddon", &asset("xterm/addon-fit.mjs")),
        lingering_socket(),
        asset("terminal/page.js"),
    ]
    .concat();
    // What would end the element, or change how the rest of it is read.
    assert!(!script.contains("</script") && !script.contains("<!--"));
    assert!(!script.contains('\r'), "its hash would be another one");
    let page = asset("terminal/page.html");
    page.replacen("{{STYLE}}", &style, 1)
        .replacen("{{SCRIPT}}", &script, 1)
}

/// The module that sites with pages of their own use too.
fn lingering_socket() -> String {
    let module = fs::read_to_string(LINGER).expect("it is in the source");
    let code = module.replacen(
        "export class LingeringSocket",
        "return class LingeringSocket",
        1,
    );
    assert!(
        !code.contains("export ") && !code.contains("import "),
        "it stands alone"
    );
    format!("const LingeringSocket=(()=>{{{code}}})();\n")
}

fn asset(name: &str) -> String {
    fs::read_to_string(Path::new("assets").join(name)).expect("it is in the source")
}

/// A module with one export, as a constant of that name: names that are short in one module are others in the next.
fn constant(name: &str, module: &str) -> String {
    let (code, export) = module.rsplit_once("export{").expect("an export");
    let (inner, _) = export
        .split_once(&format!(" as {name}}};"))
        .expect("only this one is exported");
    format!("const {name}=(()=>{{{code};return {inner}}})();\n")
}
