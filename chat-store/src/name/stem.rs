//! File names for room names that are too long for one.
//!
//! A file name may have 255 bytes (`NAME_MAX` of Linux file systems), 64 characters may have 256.

/// Room for what follows a stem: `.log-2026112110.backup`, `.log-20261121-1795256130.gz`, or a
/// temporary name before a rename.
const MAX_FILE_STEM: usize = 200;
/// Leaves 32 characters of 4 bytes, `_` and `.inbox`.
const MAX_USERS_STEM: usize = 118;
/// `_` and 32 hexadecimal digits.
const HASH_LEN: usize = 33;

pub(super) fn for_files(name: &str) -> String {
    shortened(name, MAX_FILE_STEM)
}

pub(super) fn for_users(name: &str) -> String {
    shortened(name, MAX_USERS_STEM)
}

/// The name itself if it fits. Else its start, `_` (which no name holds, so no other room has this
/// stem) and 128 bits of FNV-1a: no secret depends on it, a room is open to all who know its name.
fn shortened(name: &str, max: usize) -> String {
    if name.len() <= max {
        return name.to_owned();
    }
    let mut keep = max - HASH_LEN;
    while !name.is_char_boundary(keep) {
        keep -= 1;
    }
    let hash = name.bytes().fold(
        0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128,
        |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        },
    );
    format!("{}_{hash:032x}", &name[..keep])
}
