//! The one thing of EXIF that stays: which way is up.

use exif::{In, Reader, Tag};

/// Where the value stands in [`exif_of`].
const VALUE: usize = 18;

/// The orientation that a TIFF block says (EXIF 2.32, section 4.6.4): 2 to 8. `None`: as it is, or nothing sensible.
pub(super) fn read(tiff: &[u8]) -> Option<u8> {
    let exif = Reader::new().read_raw(tiff.to_vec()).ok()?;
    let field = exif.get_field(Tag::Orientation, In::PRIMARY)?;
    let value = field.value.get_uint(0)?;
    u8::try_from(value)
        .ok()
        .filter(|value| (2..=8).contains(value))
}

/// Whether width and height change places.
pub(super) fn is_turned(orientation: Option<u8>) -> bool {
    orientation.is_some_and(|value| value >= 5)
}

/// A TIFF block that says nothing else.
pub(super) fn exif_of(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
    tiff[VALUE + 1] = orientation;
    tiff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for value in 2..=8 {
            assert_eq!(read(&exif_of(value)), Some(value));
        }
        assert_eq!(
            (read(&exif_of(1)), read(&exif_of(9)), read(b"MM")),
            (None, None, None)
        );
    }
}
