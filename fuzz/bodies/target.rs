//! Any target and host: a clean path is clean, stays so, and leads nowhere else when it is written again.

use websocketd::http::target::{Target, clean, encode, split_host};

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some((host, _)) = split_host(text) {
        assert!(text.starts_with(host));
        assert!(
            !host
                .bytes()
                .any(|byte| byte <= b' ' || b"/\\@?#\"<>".contains(&byte))
        );
    }
    let Ok((_, target)) = Target::parse("GET", text) else {
        return;
    };
    assert!(target.raw.starts_with('/') && target.path.starts_with(b"/"));
    let path = clean(&target.path).unwrap_or(target.path);
    assert_eq!(clean(&path), None);
    assert!(path.starts_with(b"/"));
    let segments: Vec<&[u8]> = path[1..].split(|byte| *byte == b'/').collect();
    for (index, segment) in segments.iter().enumerate() {
        assert!(!matches!(*segment, b"." | b".."), "{path:?}");
        assert!(!segment.is_empty() || index + 1 == segments.len());
    }
    let written = encode(&path);
    let (_, again) = Target::parse("GET", &written).expect("an encoded path is a target");
    assert_eq!(again.path, path);
}
