//! Pictures of people. Unlike files these are decoded and made anew, small: whatever else was in the file, in front,
//! behind or in between, nothing of it is in what others get.

use std::fmt;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, imageops};

/// The largest file that is looked at, in bytes: what telephones take is smaller.
pub const MAX_UPLOAD: u64 = 8 * 1024 * 1024;
/// A picture of more pixels would need more memory than one process of a small machine should take.
const MAX_AVATAR_PIXELS: u64 = 20_000_000;
/// The most memory for decoding, in bytes.
const MAX_MEMORY: u64 = 160 * 1024 * 1024;
/// What comes of it is a square of so many pixels at most: the largest that pages show, on a screen of two for one.
const SIDE: u32 = 128;
/// Of JPEG: nobody sees a difference at this size.
const QUALITY: u8 = 85;

/// Why a file is no picture of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AvatarError {
    /// It is no JPEG, PNG, WebP or GIF.
    Kind,
    /// It has more than 20 million pixels, or none.
    Pixels,
    /// It cannot be decoded.
    Broken,
}

impl fmt::Display for AvatarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "a picture is a JPEG, PNG, WebP or GIF file",
            Self::Pixels => "the picture has too many pixels, 20 million are the most",
            Self::Broken => "the picture is broken",
        })
    }
}

impl std::error::Error for AvatarError {}

/// Makes a small square picture of a file: JPEG, or PNG where one can see through it.
///
/// # Errors
/// Why not.
pub fn avatar(bytes: &[u8]) -> Result<Vec<u8>, AvatarError> {
    let format = match infer::get(bytes).map(|found| found.mime_type()) {
        Some("image/jpeg") => ImageFormat::Jpeg,
        Some("image/png") => ImageFormat::Png,
        Some("image/webp") => ImageFormat::WebP,
        Some("image/gif") => ImageFormat::Gif,
        _ => return Err(AvatarError::Kind),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    // What memory it takes is said in its first bytes; nothing is decoded before these were looked at.
    let mut decoder = reader.into_decoder().map_err(|_| AvatarError::Broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if !(1..=MAX_AVATAR_PIXELS).contains(&pixels) {
        return Err(AvatarError::Pixels);
    }
    let orientation = decoder.orientation().map_err(|_| AvatarError::Broken)?;
    let picture = DynamicImage::from_decoder(decoder);
    let mut picture = picture.map_err(|_| AvatarError::Broken)?;
    let side = width.min(height);
    let middle = ((width - side) / 2, (height - side) / 2);
    picture = picture.crop_imm(middle.0, middle.1, side, side);
    if side > SIDE {
        picture = picture.resize_exact(SIDE, SIDE, imageops::FilterType::CatmullRom);
    }
    picture.apply_orientation(orientation);
    encode(&picture)
}

/// What kind a picture is that [`avatar`] has made.
pub fn avatar_kind(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"\x89PNG") {
        "image/png"
    } else {
        "image/jpeg"
    }
}

fn encode(picture: &DynamicImage) -> Result<Vec<u8>, AvatarError> {
    let colors = picture.to_rgba8();
    let mut bytes = Vec::new();
    let encoded = if colors.pixels().any(|pixel| pixel.0[3] < u8::MAX) {
        let (way, filter) = (CompressionType::Best, FilterType::Adaptive);
        colors.write_with_encoder(PngEncoder::new_with_quality(&mut bytes, way, filter))
    } else {
        let colors = picture.to_rgb8();
        colors.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
    };
    encoded.map_err(|_| AvatarError::Broken)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::profiles::MAX_AVATAR_BYTES;
    use image::{Rgba, RgbaImage};
    use proptest::prelude::*;

    const JPEG: &[u8] = include_bytes!("samples/plain.jpg");
    const PNG: &[u8] = include_bytes!("samples/plain.png");
    const WEBP: &[u8] = include_bytes!("samples/plain.webp");
    const GIF: &[u8] = include_bytes!("samples/plain.gif");

    fn png_of(picture: &RgbaImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture
            .write_with_encoder(PngEncoder::new(&mut bytes))
            .unwrap();
        bytes
    }

    fn size(bytes: &[u8]) -> (usize, usize) {
        let size = imagesize::blob_size(bytes).unwrap();
        (size.width, size.height)
    }

    #[test]
    fn every_kind_becomes_a_small_square() {
        for bytes in [JPEG, PNG, WEBP, GIF] {
            let made = avatar(bytes).unwrap();
            assert_eq!(size(&made), (16, 16), "24 x 16 has 16 in its middle");
        }
        let wide = RgbaImage::from_pixel(700, 300, Rgba([200, 10, 10, 255]));
        let made = avatar(&png_of(&wide)).unwrap();
        assert_eq!(
            (size(&made), avatar_kind(&made)),
            ((128, 128), "image/jpeg")
        );
    }

    #[test]
    fn what_one_sees_through_stays_so_and_small_enough() {
        // As hard to press as can be.
        let mut seed = 1_u32;
        let noise = RgbaImage::from_fn(300, 300, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgba(seed.to_be_bytes())
        });
        let made = avatar(&png_of(&noise)).unwrap();
        assert_eq!(avatar_kind(&made), "image/png");
        assert!(made.len() <= MAX_AVATAR_BYTES, "{}", made.len());
    }

    #[test]
    fn nothing_but_pixels_is_left() {
        let evil = b"<script>alert(1)</script>PK\x03\x04";
        for bytes in [JPEG, PNG, WEBP, GIF] {
            let made = avatar(&[bytes, evil].concat()).unwrap();
            assert!(memchr::memmem::find(&made, b"script").is_none());
            assert!(memchr::memmem::find(&made, b"PK\x03\x04").is_none());
        }
    }

    #[test]
    fn a_bomb_is_refused_by_its_first_bytes() {
        let mut bomb = PNG.to_vec();
        bomb[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
        let mut sum = flate2::Crc::new();
        sum.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.sum().to_be_bytes());
        assert_eq!(size(&bomb), (50_000, 50_000));
        assert!(matches!(
            avatar(&bomb),
            Err(AvatarError::Pixels | AvatarError::Broken)
        ));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
        for bytes in [&svg[..], b"<svg/>", b"<html>", b"", b"BM", b"%PDF-1.7"] {
            assert_eq!(avatar(bytes), Err(AvatarError::Kind));
        }
        assert_eq!(avatar(&PNG[..40]), Err(AvatarError::Broken));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at in 0_usize..2000, with in proptest::collection::vec(any::<u8>(), 0..40), cut in 0_usize..2000) {
            for bytes in [JPEG, PNG, WEBP, GIF] {
                let mut bytes = bytes.to_vec();
                let at = at % bytes.len();
                let end = (at + with.len()).min(bytes.len());
                bytes.splice(at..end, with.iter().copied());
                bytes.truncate(cut % (bytes.len() + 1));
                let _ = avatar(&bytes);
            }
        }
    }
}
