//! What the fuzz target `picture` in `fuzz/` checks, on its seeds and thousands of mutations of them.

// Written for fuzz/, whose lints are its own.
#[allow(missing_docs, unreachable_pub)]
#[path = "../../../fuzz/bodies/files/mod.rs"]
mod bodies;

#[allow(unreachable_pub)]
#[path = "../../../fuzz/trial.rs"]
mod trial;

use trial::try_out;

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
