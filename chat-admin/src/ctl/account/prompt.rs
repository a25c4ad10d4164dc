//! Passwords from standard input, or from whoever sits there, without echo.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use super::super::Failure;
use crate::login::{MAX_PASSWORD, Password};
use chat_store::name::Nick;

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 4 * MAX_PASSWORD as u64 + 2;

/// A new password for an account.
pub(super) fn chosen(name: &Nick) -> Result<Password, Failure> {
    let text = if io::stdin().is_terminal() {
        let text = rpassword::prompt_password(format!("Password of {name}: "))?;
        if rpassword::prompt_password("The same again: ")? != text {
            return Err(Failure::Refused("these are two passwords".to_owned()));
        }
        text
    } else {
        line()?
    };
    Password::chosen(&text, name).map_err(Failure::refused)
}

/// One that is to be compared.
pub(super) fn typed(name: &Nick) -> Result<Password, Failure> {
    let text = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Password of {name}: "))?
    } else {
        line()?
    };
    Ok(Password::typed(&text))
}

fn line() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().lock().take(MAX_LINE).read_line(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        let words = "there is no password on standard input: write it there as a line";
        return Err(Failure::Refused(words.to_owned()));
    }
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
