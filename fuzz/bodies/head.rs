//! Any request head: no panic, its end is found however it is cut, and what is served can be read in one way only.

use websocketd::http::request::{BodyLength, find_end, parse};

pub fn run(bytes: &[u8]) {
    let whole = find_end(bytes, 0);
    let cut = (1..=bytes.len())
        .map(|end| find_end(&bytes[..end], end - 1))
        .find(|found| *found != Ok(None));
    assert_eq!(cut.unwrap_or(Ok(None)), whole);
    let Ok(Some(end)) = whole else {
        return;
    };
    let Ok(head) = parse(&bytes[..end], 64) else {
        return;
    };
    let lengths = head.headers.all("content-length").count();
    let codings = head.headers.all("transfer-encoding").count();
    match head.body {
        BodyLength::Chunked => assert_eq!((lengths, codings), (0, 1)),
        BodyLength::Known(0) => assert_eq!(codings, 0),
        BodyLength::Known(_) => assert!(lengths > 0 && codings == 0),
    }
    assert!(head.headers.all("host").count() <= 1);
    for (name, value) in head.headers.iter() {
        assert!(!name.is_empty() && !name.bytes().any(|byte| byte <= b' ' || byte == b':'));
        assert!(!value.iter().any(|byte| b"\r\n\0".contains(byte)));
    }
    let is_line = |text: &str| !text.bytes().any(|byte| byte <= b' ' || byte == 0x7f);
    assert!(is_line(&head.method) && is_line(&head.host) && is_line(&head.target.raw));
}
