//! WebP (RFC 9649): RIFF chunks.

use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF as _};

use super::orientation;

/// What is needed to show it.
const NEEDED: [&[u8; 4]; 7] = [
    b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP",
];
/// Bits of the first byte of `VP8X` (section 2.7.1).
const HAS_EXIF: u8 = 0b0000_1000;
const HAS_XMP: u8 = 0b0000_0100;

/// The bytes of the picture alone, and whether its sides change places.
pub(super) fn clean(bytes: Vec<u8>) -> Option<(Vec<u8>, bool)> {
    // What is behind the RIFF chunk is left out with it.
    let mut webp = WebP::from_bytes(Bytes::from(bytes)).ok()?;
    let exif = webp.exif();
    // Only the extended form has EXIF.
    let orientation = exif
        .and_then(|exif| orientation::read(&exif))
        .filter(|_| webp.has_chunk(*b"VP8X"));
    let chunks = webp.chunks_mut();
    chunks.retain(|chunk| NEEDED.contains(&&chunk.id()));
    for chunk in chunks.iter_mut().filter(|chunk| chunk.id() == *b"VP8X") {
        if let RiffContent::Data(data) = chunk.content_mut() {
            let mut header = data.to_vec();
            let flags = header.first_mut()?;
            *flags &= !(HAS_EXIF | HAS_XMP);
            *flags |= if orientation.is_some() { HAS_EXIF } else { 0 };
            *data = header.into();
        }
    }
    if chunks.is_empty() {
        return None;
    }
    if let Some(orientation) = orientation {
        let exif = orientation::exif_of(orientation);
        chunks.push(RiffChunk::new(*b"EXIF", RiffContent::Data(exif.into())));
    }
    Some((
        webp.encoder().bytes().to_vec(),
        orientation::is_turned(orientation),
    ))
}
