//! Frame headers and close codes of a client, by RFC 6455.

use std::io::Cursor;

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::Violation;

/// Longest payload of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL: usize = 125;

/// What a client's frame header says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) opcode: OpCode,
    pub(super) is_final: bool,
    pub(super) mask: [u8; 4],
    /// Bytes of the payload.
    pub(super) payload: u64,
    /// Bytes of the header itself.
    pub(super) len: usize,
}

/// RFC 6455 section 5.2; `None` when the header has not come whole.
///
/// # Errors
/// As soon as what has come of it can't begin any header that is allowed.
pub(super) fn parse(raw: &[u8]) -> Result<Option<Header>, Violation> {
    check_first_bytes(raw)?;
    let mut cursor = Cursor::new(raw);
    let (header, payload) = match FrameHeader::parse(&mut cursor) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Ok(None),
        Err(_) => return Err(Violation::Protocol("reserved opcode")),
    };
    let len = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
    if len != header.len(payload) {
        return Err(Violation::Protocol("length not in its shortest form"));
    }
    let mask = header
        .mask
        .ok_or(Violation::Protocol("frame without mask"))?;
    Ok(Some(Header {
        opcode: header.opcode,
        is_final: header.is_final,
        mask,
        payload,
        len,
    }))
}

/// What the first two bytes of a frame give away is refused without waiting for the rest.
fn check_first_bytes(raw: &[u8]) -> Result<(), Violation> {
    let Some(&first) = raw.first() else {
        return Ok(());
    };
    if first & 0x70 != 0 {
        return Err(Violation::Protocol("reserved bit without an extension"));
    }
    let opcode = OpCode::from(first & 0x0f);
    if matches!(
        opcode,
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_))
    ) {
        return Err(Violation::Protocol("reserved opcode"));
    }
    let is_control = matches!(opcode, OpCode::Control(_));
    if is_control && first & 0x80 == 0 {
        return Err(Violation::Protocol("fragmented control frame"));
    }
    let Some(&second) = raw.get(1) else {
        return Ok(());
    };
    if second & 0x80 == 0 {
        return Err(Violation::Protocol("frame without mask"));
    }
    if is_control && usize::from(second & 0x7f) > MAX_CONTROL {
        return Err(Violation::Protocol("control frame over 125 bytes"));
    }
    // The most significant bit of a 64-bit length must be 0.
    if second & 0x7f == 127 && raw.get(2).is_some_and(|byte| byte & 0x80 != 0) {
        return Err(Violation::Protocol("length over 63 bits"));
    }
    Ok(())
}

/// RFC 6455 sections 5.5.1 and 7.4: nothing, or an allowed code and a UTF-8 reason.
pub(super) fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_at_checked(2) else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(Violation::Protocol("close code of one byte"))
        };
    };
    let code = u16::from_be_bytes([code[0], code[1]]);
    if !CloseCode::from(code).is_allowed() {
        return Err(Violation::Protocol("close code that must not be sent"));
    }
    std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
    Ok(Some(code))
}

/// RFC 6455 section 5.3, eight bytes at a time.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}
