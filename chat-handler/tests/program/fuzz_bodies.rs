//! What the chat's fuzz targets in `fuzz/` check, on their seeds and thousands of mutations of them.

// Written for fuzz/, whose lints are its own.
#[allow(missing_docs, unreachable_pub)]
#[path = "../../../fuzz/bodies/chat/mod.rs"]
mod bodies;

#[allow(unreachable_pub)]
#[path = "../../../fuzz/trial.rs"]
mod trial;

use trial::try_out;

#[test]
fn access() {
    let pieces: [&[u8]; 12] = [
        b"enter=",
        b"\n",
        b"!",
        b",",
        b", all",
        b"account",
        b"group:staff",
        b"account:anna",
        b"network 0.0.0.0/0",
        b"/128",
        b"::",
        "\u{2028}".as_bytes(),
    ];
    try_out("access", &pieces, bodies::access::run);
}

#[test]
fn account() {
    let pieces: [&[u8]; 12] = [
        b"name=",
        b"groups=",
        b"disabled=",
        b"generation=",
        b"link=",
        b"foreign=",
        b"$",
        b":",
        b"\n",
        b"\r\n",
        b"18446744073709551616",
        "\u{2028}".as_bytes(),
    ];
    try_out("account", &pieces, bodies::account::run);
}

#[test]
fn command() {
    let pieces: [&[u8]; 16] = [
        b"/",
        b"//",
        b" ",
        b"\t",
        b": ",
        b"/dice 100 1000000000 2",
        b"/roll ",
        b"d",
        b"+",
        b"-",
        b"99999999999",
        b"{\"type\":\"offer\"",
        b"{\"candidate\":",
        b"}",
        "\u{2028}".as_bytes(),
        "😀".as_bytes(),
    ];
    try_out("command", &pieces, bodies::command::run);
}

#[test]
fn hook() {
    let pieces: [&[u8]; 12] = [
        b"{",
        b"}",
        b"\n",
        b"\"action\":",
        b"\"replace\"",
        b"\"text\":\"",
        b"\\u0000",
        b"\\ud83d\\ude00",
        b"\"delay\":1e999",
        b"\"delay\":-0.1",
        b"\xff",
        "\u{202e}".as_bytes(),
    ];
    try_out("hook", &pieces, bodies::hook::run);
}

#[test]
fn json() {
    let pieces: [&[u8]; 21] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b":",
        b",",
        b"null",
        b"true",
        b"1e999",
        b"-1",
        b"\\ud800",
        b"\\u0000",
        b"\"msgid\":",
        b"\"type\":\"signal\"",
        b"\"data\":",
        b"\xff",
        b"\"type\":\"edit\"",
        b"\"target\":\"2026-11-21T10:15:30.123456Z\"",
        b"\"ids\":[",
    ];
    try_out("json", &pieces, bodies::json::run);
}

#[test]
fn name() {
    let pieces: [&[u8]; 18] = [
        b"/",
        b"%",
        b"%2f",
        b"%00",
        b"%e2%80%ae",
        b"..",
        b"_",
        b":",
        b" ",
        b"\0",
        "\u{202e}".as_bytes(),
        "\u{200b}".as_bytes(),
        "\u{301}".as_bytes(),
        "\u{345}".as_bytes(),
        "ß".as_bytes(),
        "İ".as_bytes(),
        "ﬀ".as_bytes(),
        "\u{3164}".as_bytes(),
    ];
    try_out("name", &pieces, bodies::name::run);
}

#[test]
fn record() {
    let pieces: [&[u8]; 17] = [
        b"\n",
        b"\r\n",
        b"\t",
        b"\0",
        b"\x1b[2J",
        b";",
        b"=",
        b"%3B",
        b"%",
        b"[10:15:30] ",
        b"> ",
        b"2026-11-21T10:15:30.123456Z",
        b"9999-12-31T23:59:60.999999Z",
        b"\tsay\t",
        b"\xff",
        "\u{202e}".as_bytes(),
        "\u{2028}".as_bytes(),
    ];
    try_out("record", &pieces, bodies::record::run);
}

#[test]
fn identity() {
    let pieces: [&[u8]; 16] = [
        b";",
        b", ",
        b"=",
        b"%",
        b"%2e%2e%2f",
        b"%00",
        b"\"",
        b"&",
        b"+",
        b"PHPSESSID=",
        b"abcdefghijklmnopqrstuv",
        b"since=",
        b"client=",
        b"userdetails.attribute.name=",
        b"userdetails.attribute.value=",
        b"\r\n",
    ];
    try_out("identity", &pieces, bodies::identity::run);
}

#[test]
fn php_session() {
    let pieces: [&[u8]; 20] = [
        b"|",
        b"!",
        b"\x08username",
        b"\x88username",
        b"username|",
        b"s:5:\"admin\";",
        b"s:99999999999999999999:\"",
        b"a:1:{",
        b"a:4294967296:{",
        b"}",
        b"i:-1;",
        b"d:NAN;",
        b"O:8:\"stdClass\":1:{",
        b"C:1:\"S\":2:{",
        b"E:3:\"E:A\";",
        b"R:1;",
        b"N;",
        b"\"",
        b";",
        b"S:1:\"\\41\";",
    ];
    try_out("php_session", &pieces, bodies::php_session::run);
}
