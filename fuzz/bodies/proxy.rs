//! Any begin of a connection from a proxy: no panic, and not a byte is read beyond the header.

use std::time::Duration;

use websocketd::net::proxy::read;

pub fn run(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let mut rest = bytes;
    let outcome = runtime.block_on(read(&mut rest, Duration::from_secs(60)));
    if outcome.is_err() {
        return;
    }
    let header = &bytes[..bytes.len() - rest.len()];
    if header.starts_with(b"PROXY ") {
        assert!(header.ends_with(b"\r\n") && header.len() <= 107);
        assert_eq!(header.split(|byte| *byte == b'\n').count(), 2);
    } else {
        let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
        assert_eq!(header.len(), 16 + length);
    }
}
