//! An archive of a site: what `chatctl backup` writes, and `chatctl restore` reads.
//!
//! A tar file in gzip, so that it can be looked into and taken apart without us. `base/` is `BASE_DIR`, `etc/`
//! the settings, and the last entry is the manifest, which names every file with its size and SHA-256: an archive
//! without it is torn.

use std::fmt::Write as _;
use std::path::{Component, Path};

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

pub(super) mod read;
pub(super) mod write;

/// The last entry.
const MANIFEST: &str = "MANIFEST.json";

/// The form that this program writes, and the only one that it reads.
const VERSION: u32 = 1;

/// Below this are the files of `BASE_DIR`.
pub(super) const BASE: &str = "base";

/// Below this are settings.
pub(super) const ETC: &str = "etc";

/// Bytes that are read at once.
const CHUNK: usize = 1024 * 1024;

/// What is in an archive.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    /// When it was made, as people write it.
    pub(super) made: String,
    /// All files, in their order.
    pub(super) files: Vec<Listed>,
    /// What is not in it, and why.
    #[serde(default)]
    pub(super) left_out: Vec<String>,
}

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// In the archive.
    pub(super) path: String,
    pub(super) size: u64,
    /// SHA-256 in hexadecimal digits.
    sha256: String,
}

/// A digest that is being made.
struct Hash(Context);

impl Hash {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn text(self) -> String {
        let digest = self.0.finish();
        digest
            .as_ref()
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// Whether a name in an archive leads to a place below `base/` or `etc/`, and nowhere else.
fn is_below(path: &Path) -> bool {
    let mut parts = path.components();
    let is_known = parts
        .next()
        .is_some_and(|first| [BASE, ETC].iter().any(|known| first.as_os_str() == *known));
    is_known && parts.all(|part| matches!(part, Component::Normal(_)))
}
