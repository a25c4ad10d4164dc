use super::*;
use img_parts::ImageEXIF as _;
use img_parts::webp::WebP;
use proptest::prelude::*;

const JPEG: &[u8] = include_bytes!("samples/plain.jpg");
const PNG: &[u8] = include_bytes!("samples/plain.png");
const WEBP: &[u8] = include_bytes!("samples/plain.webp");
const GIF: &[u8] = include_bytes!("samples/plain.gif");

/// What no picture may still hold.
const SECRETS: [&str; 6] = [
    "SpyCam",
    "<x:xmpmeta",
    "hidden words",
    "<script>",
    "PK\x03\x04",
    "50\u{0}8\u{0}",
];

/// Makes a picture with all of that, and an orientation.
type Make = fn(u8) -> Vec<u8>;

/// EXIF as a camera writes it: its name, which way is up, and where it was.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x03".to_vec();
    // Make, at 60; orientation; the place, at 68.
    tiff.extend(b"\x01\x0f\0\x02\0\0\0\x07\0\0\0\x3c");
    tiff.extend(b"\x01\x12\0\x03\0\0\0\x01\0");
    tiff.extend([orientation, 0, 0]);
    tiff.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x44\0\0\0\0");
    tiff.resize(60, 0);
    tiff.extend(b"SpyCam\0\0");
    tiff.extend(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0");
    tiff
}

fn position(exif: &[u8]) -> bool {
    let found = exif::Reader::new().read_raw(exif.to_vec()).unwrap();
    found
        .get_field(exif::Tag::GPSLatitudeRef, exif::In::PRIMARY)
        .is_some()
}

fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker][..], &length, contents].concat()
}

fn jpeg_of_a_camera(orientation: u8) -> Vec<u8> {
    let start = [
        &JPEG[..2],
        &segment(0xe1, &[b"Exif\0\0", &exif(orientation)[..]].concat()),
        &segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>"),
        &segment(0xed, b"Photoshop 3.0\0hidden words"),
        &segment(0xfe, b"<script>alert(1)</script>"),
        &segment(0xe2, b"MPF\0hidden words"),
        &JPEG[2..],
    ];
    // A whole archive behind the picture: GIFAR, a motion photo.
    [&start.concat()[..], b"PK\x03\x04 hidden words"].concat()
}

fn png_of_a_camera(orientation: u8) -> Vec<u8> {
    use img_parts::png::{Png, PngChunk};
    let mut png = Png::from_bytes(PNG.into()).unwrap();
    for (kind, contents) in [
        (*b"eXIf", exif(orientation)),
        (*b"tEXt", b"Comment\0hidden words".to_vec()),
        (*b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>".to_vec()),
        (*b"juNk", b"<script>".to_vec()),
    ] {
        png.chunks_mut()
            .insert(1, PngChunk::new(kind, contents.into()));
    }
    [&png.encoder().bytes()[..], b"PK\x03\x04"].concat()
}

fn webp_of_a_camera(orientation: u8) -> Vec<u8> {
    use img_parts::riff::{RiffChunk, RiffContent};
    let mut webp = WebP::from_bytes(WEBP.into()).unwrap();
    webp.set_exif(Some(exif(orientation).into()));
    let xmp = RiffContent::Data((&b"<x:xmpmeta>"[..]).into());
    webp.chunks_mut().push(RiffChunk::new(*b"XMP ", xmp));
    for chunk in webp
        .chunks_mut()
        .iter_mut()
        .filter(|chunk| chunk.id() == *b"VP8X")
    {
        if let RiffContent::Data(data) = chunk.content_mut() {
            let mut header = data.to_vec();
            header[0] |= 0b1100;
            *data = header.into();
        }
    }
    [&webp.encoder().bytes()[..], b"PK\x03\x04"].concat()
}

#[test]
fn nothing_of_the_camera_is_left() {
    assert!(position(&exif(6)));
    let makers: [(&str, Make); 3] = [
        ("image/jpeg", jpeg_of_a_camera),
        ("image/png", png_of_a_camera),
        ("image/webp", webp_of_a_camera),
    ];
    for (kind, make) in makers {
        for (orientation, pixels) in [(1, (24, 16)), (3, (24, 16)), (6, (16, 24))] {
            let before = make(orientation);
            let cleaned = clean(kind, before.clone()).unwrap();
            assert_eq!(cleaned.pixels, Some(pixels), "{kind} {orientation}");
            for secret in SECRETS {
                let found = memchr::memmem::find(&cleaned.bytes, secret.as_bytes());
                assert_eq!(found, None, "{kind}: {secret}");
            }
            let exif = img_parts::DynImage::from_bytes(cleaned.bytes.clone().into())
                .unwrap()
                .unwrap()
                .exif();
            assert_eq!(
                exif.as_deref().and_then(orientation::read),
                Some(orientation).filter(|&value| value > 1)
            );
            assert!(exif.is_none_or(|exif| !position(&exif)), "{kind}");
            assert_eq!(
                clean(kind, cleaned.bytes.clone()).unwrap(),
                cleaned,
                "{kind}"
            );
        }
    }
}

#[test]
fn a_plain_picture_stays_as_it_is() {
    for (kind, bytes) in [("image/png", PNG), ("image/webp", WEBP), ("image/gif", GIF)] {
        let cleaned = clean(kind, bytes.to_vec()).unwrap();
        assert_eq!(
            (cleaned.bytes.len(), cleaned.pixels),
            (bytes.len(), Some((24, 16))),
            "{kind}"
        );
    }
    // ffmpeg writes its name into a comment.
    let cleaned = clean("image/jpeg", JPEG.to_vec()).unwrap();
    assert!(cleaned.bytes.len() < JPEG.len());
    assert_eq!(cleaned.bytes[cleaned.bytes.len() - 2..], [0xff, 0xd9]);
}

#[test]
fn what_is_broken_is_no_picture() {
    for (kind, bytes) in [
        ("image/jpeg", JPEG),
        ("image/png", PNG),
        ("image/webp", WEBP),
    ] {
        assert_eq!(clean(kind, bytes[..20].to_vec()), None, "{kind}");
        assert_eq!(clean(kind, b"<html>".to_vec()), None, "{kind}");
    }
    assert_eq!(clean("image/svg+xml", b"<svg/>".to_vec()), None);
}

#[test]
fn a_picture_of_too_many_pixels_is_not_shown() {
    let mut bomb = PNG.to_vec();
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    // The checksum of the header, which img-parts does not look at, but a browser does.
    assert_eq!(
        clean("image/png", bomb).and_then(|picture| picture.pixels),
        None
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(at in 0_usize..2000, with in proptest::collection::vec(any::<u8>(), 0..40), cut in 0_usize..2000) {
        for (kind, bytes) in [("image/jpeg", JPEG), ("image/png", PNG), ("image/webp", WEBP), ("image/gif", GIF)] {
            let mut bytes = bytes.to_vec();
            let at = at % bytes.len();
            let end = (at + with.len()).min(bytes.len());
            bytes.splice(at..end, with.iter().copied());
            bytes.truncate(cut % (bytes.len() + 1));
            let _ = clean(kind, bytes);
        }
    }
}
