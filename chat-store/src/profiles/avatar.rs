//! Pictures of people: a file beside the profile, which names it by a number of chance. Who was shown somebody knows
//! the number; nobody else can ask for the picture.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use super::{Profile, ProfileError, find, number_of, try_change};
use crate::cluster::order::{self, After};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::people::person::PersonId;

/// Bytes of the number.
const ID_BYTES: usize = 16;
/// The largest picture that is kept, in bytes: 128 pixels square are 64 KiB where nothing can be pressed.
pub const MAX_AVATAR_BYTES: usize = 80 * 1024;

/// The number of a picture: another picture has another one, so that it may be kept by browsers for as long as they
/// like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvatarId(Box<str>);

impl AvatarId {
    fn new() -> io::Result<Self> {
        let mut bytes = [0; ID_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let mut text = String::with_capacity(2 * ID_BYTES);
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text.into()))
    }

    /// What a client says it is; `None`: not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 2 * ID_BYTES && text.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    /// As hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn path(dirs: &Dirs, person: &PersonId) -> PathBuf {
    dirs.profiles.join(format!("{}.avatar", person.as_str()))
}

/// The picture of a person, if it is the one of this number.
///
/// # Errors
/// Those of reading the files.
pub fn avatar(dirs: &Dirs, person: &PersonId, id: &AvatarId) -> io::Result<Option<Vec<u8>>> {
    let is_it = find(dirs, person)?.is_some_and(|profile| profile.avatar.as_ref() == Some(id));
    if !is_it {
        return Ok(None);
    }
    let bytes = file::read_whole(&path(dirs, person), MAX_AVATAR_BYTES as u64)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

/// The picture that a profile has.
///
/// # Errors
/// As [`avatar`].
pub fn avatar_of(dirs: &Dirs, profile: &Profile) -> io::Result<Option<Vec<u8>>> {
    match (number_of(&profile.account), &profile.avatar) {
        (Some(person), Some(id)) => avatar(dirs, &person, id),
        _ => Ok(None),
    }
}

/// Puts a picture in place of the one that an account has. It is given out as it is: make sure before that it is a
/// picture, and nothing else besides.
///
/// # Errors
/// The profile has the picture that it had, or none.
pub fn set_avatar(dirs: &Dirs, account: &str, bytes: &[u8]) -> Result<Profile, ProfileError> {
    let Some(person) = number_of(account).filter(|_| bytes.len() <= MAX_AVATAR_BYTES) else {
        let error = io::Error::from(io::ErrorKind::InvalidInput);
        return Err(ProfileError::Io(error));
    };
    let id = AvatarId::new()?;
    let path = path(dirs, &person);
    let (profile, _) = try_change(dirs, account, &mut |profile| {
        // Within the lock: who asks by the former number between this and the profile is given the new picture.
        order::edit(dirs, &path, MAX_AVATAR_BYTES as u64, |_| {
            Ok::<_, io::Error>((After::Text(bytes.to_vec()), ()))
        })?;
        profile.avatar = Some(id.clone());
        Ok(())
    })?;
    Ok(profile)
}
