//! Pictures that people give: what their cameras wrote into them is taken out, where and when they were taken with it.
//! Pure. Nothing is decoded: a picture is taken apart into its pieces, and those that are needed to show it are put
//! together again, so that whatever else was in it, in front or behind, is gone as well. Pictures of people alone are
//! decoded and made anew: [`avatar`].

mod avatar;
mod jpeg;
mod orientation;
mod png;
mod webp;

pub use avatar::{AvatarError, MAX_UPLOAD, avatar, avatar_kind};

/// A picture of more pixels is shown as any other file: a browser would need a gigabyte for it.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The pictures that browsers show and that are shown in the page.
pub const SHOWN: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// What is left of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// Width and height as it is shown; `None`: too many to show it.
    pub pixels: Option<(u32, u32)>,
}

/// Takes out of a picture of this `kind` what does not show. `None`: it is none, or is broken.
pub fn clean(kind: &str, bytes: Vec<u8>) -> Option<Picture> {
    let (bytes, is_turned) = match kind {
        "image/jpeg" => jpeg::clean(bytes)?,
        "image/png" => png::clean(bytes)?,
        "image/webp" => webp::clean(bytes)?,
        "image/gif" => (bytes, false),
        _ => return None,
    };
    let size = imagesize::blob_size(&bytes).ok()?;
    let (width, height) = (
        u32::try_from(size.width).ok()?,
        u32::try_from(size.height).ok()?,
    );
    let is_shown = width > 0 && height > 0 && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    let pixels = if is_turned {
        (height, width)
    } else {
        (width, height)
    };
    Some(Picture {
        bytes,
        pixels: is_shown.then_some(pixels),
    })
}

#[cfg(test)]
mod tests;
