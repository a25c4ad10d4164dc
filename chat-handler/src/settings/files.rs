//! What people may put into rooms.

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Bounds of files.
#[derive(Clone, Debug)]
pub struct Files {
    /// Bytes of one account's files, or of a guest's by address, in all rooms.
    pub per_person: u64,
    /// Bytes of a room's.
    pub per_room: u64,
    /// Bytes of all.
    pub per_site: u64,
    /// Files in a minute, by account or address.
    pub per_minute: u32,
    /// What is taken: `image/png`, `image/*` or `*`.
    pub types: Vec<String>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            per_person: 500 * MIB,
            per_room: 2 * GIB,
            per_site: 10 * GIB,
            per_minute: 20,
            types: vec!["*".to_owned()],
        }
    }
}

impl Files {
    /// Whether files of this kind are taken.
    pub fn takes(&self, kind: &str) -> bool {
        let group = kind.split('/').next().unwrap_or_default();
        self.types
            .iter()
            .any(|known| known == "*" || known == kind || known.strip_suffix("/*") == Some(group))
    }
}

/// A number of bytes: `1000`, `25MiB`, `2GiB`.
pub(super) fn bytes(value: &str) -> Option<u64> {
    let end = value
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => MIB,
        "G" | "GiB" => GIB,
        "T" | "TiB" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// `image/png`, `image/*` or `*`.
pub(super) fn kind(value: &str) -> Option<String> {
    let good = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte))
    };
    let is_kind = match value.split_once('/') {
        Some((group, rest)) => good(group) && (rest == "*" || good(rest)),
        None => value == "*",
    };
    is_kind.then(|| value.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, size) in [
            ("0", Some(0)),
            ("1000", Some(1000)),
            ("25MiB", Some(25 * MIB)),
            ("2 GiB", Some(2 * GIB)),
            ("1T", Some(1 << 40)),
            ("25MB", None),
            ("-1", None),
            ("MiB", None),
            ("99999999999999TiB", None),
        ] {
            assert_eq!(bytes(text), size, "{text}");
        }
    }

    #[test]
    fn kinds_are_taken_by_group() {
        let files = Files {
            types: ["image/*", "application/pdf"].map(str::to_owned).to_vec(),
            ..Files::default()
        };
        assert!(files.takes("image/png") && files.takes("application/pdf"));
        assert!(!files.takes("application/zip") && !files.takes("imagex/png"));
        assert!(Files::default().takes("application/octet-stream"));
        assert_eq!(kind("IMAGE/*").as_deref(), Some("image/*"));
        for wrong in ["image", "*/png", "image/", "a/b c", ""] {
            assert_eq!(kind(wrong), None, "{wrong}");
        }
    }
}
