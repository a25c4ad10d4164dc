//! What the fuzz targets `api`, `import` and `picture` in `fuzz/` check, on their seeds and thousands of mutations.

// Written for fuzz/, whose lints are its own.
#[allow(missing_docs, unreachable_pub)]
#[path = "../../../fuzz/bodies/files/mod.rs"]
mod bodies;

#[allow(unreachable_pub)]
#[path = "../../../fuzz/trial.rs"]
mod trial;

use trial::try_out;

#[test]
fn import() {
    let pieces: [&[u8]; 20] = [
        b"name,password\n",
        b"correct horse battery",
        b"\"",
        b"\"\"",
        b";",
        b"\n",
        b":",
        b"$2y$31$",
        b"<user name='",
        b"' password='",
        b"/>",
        b"&#0;",
        b"<iter-count>99999999999</iter-count>",
        b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
        br#""cert":"/a\u000auser = root","#,
        br#""address":"a]\u000a[route /]","#,
        br#""deletion_value":99999999999999999999,"#,
        br#""deletion_time":"99:99","#,
        br#""correct horse battery":{},"#,
        b"{\"name\":\"\"}",
    ];
    try_out("import", &pieces, bodies::import::run);
}

#[test]
fn picture() {
    let pieces: [&[u8]; 16] = [
        b"\xff",
        b"\xff\xd9",
        b"\xff\xda",
        b"\xff\xe1\0\x08Exif\0\0",
        b"MM\0\x2a\0\0\0\x08",
        b"II\x2a\0",
        b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0",
        b"\0\0\0\x08eXIf",
        b"IHDR",
        b"IDAT",
        b"IEND",
        b"RIFF",
        b"VP8X",
        b"EXIF",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
    ];
    try_out("picture", &pieces, bodies::picture::run);
}

#[test]
fn api() {
    let pieces: [&[u8]; 16] = [
        b"\"text\":",
        b"\"as\":\"",
        b"\"who\":\"account:",
        b"\"minutes\":",
        b"\"items\":[",
        b"null",
        b"-1",
        b"1e999",
        b"\\u0000",
        b"\\ud800",
        b"--help",
        b"../",
        b"~00000000000000000000",
        b"*",
        b"\n{",
        b"\"role\":\"owner\"",
    ];
    try_out("api", &pieces, bodies::api::run);
    // As the body calls it.
    let dir = std::env::temp_dir().join(format!("chat-api-{}", std::process::id()));
    std::fs::remove_dir_all(dir).expect("it was made");
}
