//! What the fuzz targets of `fuzz/` check, on every seed and on thousands of its mutations: the same ones each time, so that a
//! failure can be repeated. `cargo +nightly fuzz run TARGET` goes on from there without an end.

// Written for fuzz/, whose lints are its own.
#[allow(missing_docs, unreachable_pub)]
#[path = "../../../fuzz/bodies/mod.rs"]
mod bodies;

#[allow(unreachable_pub)]
#[path = "../../../fuzz/trial.rs"]
mod trial;

/// Pieces that parsers look for.
const PIECES: [&[u8]; 38] = [
    b"\0\0\0\x0bS\0\0\0\0\0\0\0\x01T",
    b"all ",
    b"send 1 ",
    b"\0\0\0\x03T",
    b"\0\0\0\0C",
    b"\0\0\0\x04P",
    b"\x8a\x80\0\0\0\0",
    b"\r\n",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b",",
    b";",
    b"\"",
    b"/",
    b"//",
    b"/../",
    b"%2e",
    b"%2f",
    b"%00",
    b"\\",
    b":",
    b"@",
    b"#",
    b"?",
    b"[",
    b"]",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"Host: x\r\n",
    b"Content-Length: 1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"for=6.6.6.6",
    b"http://",
    b"Status: 401\n",
    b"Variable: REMOTE_USER=x\n",
    b"\n\n",
];

#[track_caller]
fn try_out(target: &str, body: fn(&[u8])) {
    trial::try_out(target, &PIECES, body);
}

#[test]
fn framing() {
    try_out("framing", bodies::framing::run);
}

#[test]
fn records() {
    try_out("records", bodies::records::run);
}

#[test]
fn orders() {
    try_out("orders", bodies::orders::run);
}

#[test]
fn head() {
    try_out("head", bodies::head::run);
}

#[test]
fn target() {
    try_out("target", bodies::target::run);
}

#[test]
fn route() {
    try_out("route", bodies::route::run);
}

#[test]
fn origin() {
    try_out("origin", bodies::origin::run);
}

#[test]
fn script() {
    try_out("script", bodies::script::run);
}

#[test]
fn forwarded() {
    try_out("forwarded", bodies::forwarded::run);
}

#[test]
fn proxy() {
    try_out("proxy", bodies::proxy::run);
}

#[test]
fn verdict() {
    try_out("verdict", bodies::verdict::run);
}
