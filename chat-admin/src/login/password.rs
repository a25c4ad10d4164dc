//! What somebody types, prepared as RFC 4013 (`SASLprep`) says, so that it is the same from every keyboard and
//! for every protocol that logs in by the same verifier. It is shown in no message, and has no `Debug` that
//! would.

use std::fmt;

use chat_store::name::Nick;

/// The least characters of a new password (NIST SP 800-63B, section 5.1.1.2).
pub const MIN_PASSWORD: usize = 8;
/// The most, of any.
pub const MAX_PASSWORD: usize = 256;

/// The first that anybody tries, of eight characters and more, in lower case.
const COMMON: [&str; 24] = [
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
    "87654321",
    "qwertyui",
    "qwertyuiop",
    "qwerty123",
    "1q2w3e4r",
    "1qaz2wsx",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "letmein1",
    "changeme",
];

/// A password, prepared.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// Fewer characters than [`MIN_PASSWORD`].
    TooShort,
    /// More than [`MAX_PASSWORD`].
    TooLong,
    /// It holds what no password may: control characters, or letters that run both ways.
    Forbidden,
    /// Everybody tries it first: a common one, the name, one character again and again.
    Guessed,
}

impl PasswordError {
    /// The word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::Forbidden => "bad_password",
            Self::Guessed => "password_guessed",
        }
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(
                f,
                "the password is too short, use {MIN_PASSWORD} characters or more"
            ),
            Self::TooLong => write!(
                f,
                "the password is too long, use at most {MAX_PASSWORD} characters"
            ),
            Self::Forbidden => f.write_str(
                "the password holds characters that none may, such as control characters",
            ),
            Self::Guessed => {
                f.write_str("the password is one of those that are tried first, use several words")
            }
        }
    }
}

impl std::error::Error for PasswordError {}

impl Password {
    /// One that somebody chooses for an account.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn chosen(text: &str, name: &Nick) -> Result<Self, PasswordError> {
        let count = text.chars().take(MAX_PASSWORD + 1).count();
        if count > MAX_PASSWORD {
            return Err(PasswordError::TooLong);
        }
        let prepared = stringprep::saslprep(text).map_err(|_| PasswordError::Forbidden)?;
        let mut characters = prepared.chars();
        let first = characters.next();
        if prepared.chars().count() < MIN_PASSWORD {
            return Err(PasswordError::TooShort);
        }
        let lower = prepared.to_lowercase();
        let is_name = Nick::parse(&prepared).is_ok_and(|it| it.key() == name.key());
        let is_one = characters.all(|c| Some(c) == first);
        if is_one || is_name || COMMON.contains(&lower.as_str()) {
            return Err(PasswordError::Guessed);
        }
        Ok(Self(prepared.into_owned()))
    }

    /// One that somebody types to log in: whatever cannot be prepared is nobody's, and is compared all the same.
    pub fn typed(text: &str) -> Self {
        let end = text.char_indices().nth(MAX_PASSWORD).map(|(at, _)| at);
        let text = &text[..end.unwrap_or(text.len())];
        Self(match stringprep::saslprep(text) {
            Ok(prepared) => prepared.into_owned(),
            Err(_) => text.to_owned(),
        })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// As bcrypt looks at it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
