//! What the fuzz target `token` in `fuzz/` checks, on its seeds and thousands of mutations of them.

// Written for fuzz/, whose lints are its own.
#[allow(missing_docs, unreachable_pub)]
#[path = "../../fuzz/bodies/tokens/mod.rs"]
mod bodies;

#[allow(unreachable_pub)]
#[path = "../../fuzz/trial.rs"]
mod trial;

#[test]
fn token() {
    let pieces: [&[u8]; 18] = [
        b"\"exp\":1800000600",
        b"\"aud\":\"a\"",
        b"\"aud\":[\"a\"]",
        b"\"scope\":\"user\"",
        b"\"scope\":[\"post\"]",
        b"\"sub\":\"x\"",
        b"\"pub\":{}",
        b"\"mod\":true",
        b"\"rooms\":[\"a-*\"]",
        b"\"nbf\":",
        b"1e999",
        b"-0.5",
        b"\\u0000",
        b"null",
        b".",
        b"eyJhbGciOiJub25lIn0.",
        b"-----BEGIN PUBLIC KEY-----\n",
        b"{\"keys\":[",
    ];
    trial::try_out("token", &pieces, bodies::token::run);
}
