//! JPEG (ITU T.81): segments up to the image, then scans.

use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::{Bytes, ImageEXIF as _};

use super::orientation;

/// Adobe's segment says how colors are written: without it some pictures are negatives.
const ADOBE: &[u8] = b"Adobe";
const JFIF: &[u8] = b"JFIF\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";
/// The header of an EXIF segment.
const EXIF: &[u8] = b"Exif\0\0";

/// The bytes of the picture alone, and whether its sides change places.
pub(super) fn clean(bytes: Vec<u8>) -> Option<(Vec<u8>, bool)> {
    let mut jpeg = Jpeg::from_bytes(Bytes::from(bytes)).ok()?;
    let orientation = jpeg.exif().and_then(|exif| orientation::read(&exif));
    let segments = jpeg.segments_mut();
    segments.retain(is_needed);
    // The last one holds all that follows it: further scans, the end, and whatever somebody put behind that.
    let scan = segments.pop().filter(JpegSegment::has_entropy)?;
    let whole = scan.clone().encoder().bytes();
    let image = image_of(whole.get(scan.len()..)?)?;
    segments.push(JpegSegment::new_with_entropy(
        scan.marker(),
        scan.contents().clone(),
        image,
    ));
    if let Some(orientation) = orientation {
        let exif = [EXIF, &orientation::exif_of(orientation)].concat();
        segments.insert(
            0,
            JpegSegment::new_with_contents(markers::APP1, exif.into()),
        );
    }
    Some((
        jpeg.encoder().bytes().to_vec(),
        orientation::is_turned(orientation),
    ))
}

fn is_needed(segment: &JpegSegment) -> bool {
    let holds = |prefix| segment.contents().starts_with(prefix);
    match segment.marker() {
        markers::APP0 => holds(JFIF),
        markers::APP2 => holds(PROFILE),
        markers::APP14 => holds(ADOBE),
        markers::APP0..=markers::APP15 | markers::COM => false,
        _ => true,
    }
}

/// Scans and tables to the end of the image; what is no part of it is left out.
fn image_of(rest: &[u8]) -> Option<Bytes> {
    let mut image = Vec::with_capacity(rest.len());
    let mut at = 0;
    while let Some(found) = memchr::memchr(0xff, rest.get(at..)?) {
        let marker_at = at + found;
        image.extend_from_slice(&rest[at..marker_at]);
        match *rest.get(marker_at + 1)? {
            // A byte of the image, or a mark within it.
            0 | 0xd0..=0xd7 => {
                image.extend_from_slice(&rest[marker_at..marker_at + 2]);
                at = marker_at + 2;
            }
            // Filling before a marker: before one that is left out it would make a marker of what follows.
            0xff => at = marker_at + 1,
            markers::EOI => {
                image.extend_from_slice(&[0xff, markers::EOI]);
                return Some(image.into());
            }
            marker => {
                let length = rest.get(marker_at + 2..marker_at + 4)?;
                let end = marker_at + 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
                let segment = rest.get(marker_at..end)?;
                if !matches!(marker, markers::APP0..=markers::APP15 | markers::COM) {
                    image.extend_from_slice(segment);
                }
                at = end;
            }
        }
    }
    // Without an end it may be shown in part; what it is made of is all there.
    image.extend_from_slice(rest.get(at..)?);
    Some(image.into())
}
