//! PNG (W3C PNG, third edition): chunks.

use img_parts::png::{Png, PngChunk};
use img_parts::{Bytes, ImageEXIF as _};

use super::orientation;

/// What is needed to show it as it is meant: header, palette, image, animation, colors, transparency, shape of pixels.
const NEEDED: [&[u8; 4]; 19] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"tRNS", b"gAMA", b"cHRM",
    b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"hIST", b"pHYs",
];
/// The longest profile that stays, in bytes: camera profiles have a few thousand, and more is room for something else.
const MAX_PROFILE: usize = 4 * 1024 * 1024;

/// The bytes of the picture alone, and whether its sides change places.
pub(super) fn clean(bytes: Vec<u8>) -> Option<(Vec<u8>, bool)> {
    // What is behind the last chunk is left out with it.
    let mut png = Png::from_bytes(Bytes::from(bytes)).ok()?;
    let orientation = png.exif().and_then(|exif| orientation::read(&exif));
    let chunks = png.chunks_mut();
    chunks.retain(|chunk| {
        let is_short = chunk.kind() != *b"iCCP" || chunk.contents().len() <= MAX_PROFILE;
        NEEDED.contains(&&chunk.kind()) && is_short
    });
    if chunks.first()?.kind() != *b"IHDR" {
        return None;
    }
    if let Some(orientation) = orientation {
        let exif = orientation::exif_of(orientation);
        chunks.insert(1, PngChunk::new(*b"eXIf", exif.into()));
    }
    Some((
        png.encoder().bytes().to_vec(),
        orientation::is_turned(orientation),
    ))
}
