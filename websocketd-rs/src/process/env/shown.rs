//! Variables as the log shows them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// A variable is taken for a secret when its name holds one of these.
const SECRETS: [&str; 8] = [
    "AUTH",
    "COOKIE",
    "CREDENTIAL",
    "KEY",
    "PASS",
    "SECRET",
    "SESSION",
    "TOKEN",
];

/// A line of the log, in websocketd's words; of a secret only how long it is.
pub fn shown(name: &OsStr, value: &OsStr) -> String {
    let name = name.to_string_lossy();
    let kind = match name.strip_prefix("HTTP_") {
        Some(_) => "Header",
        None => "Std.",
    };
    let upper = name.to_ascii_uppercase();
    let is_secret = SECRETS.iter().any(|secret| upper.contains(secret));
    if is_secret && !value.is_empty() {
        format!(
            "{kind} variable: {name}=(hidden, {} bytes)",
            value.as_bytes().len()
        )
    } else {
        format!("{kind} variable: {name}={}", value.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        for (name, value, expected) in [
            (
                "HTTP_COOKIE",
                "a=b",
                "Header variable: HTTP_COOKIE=(hidden, 3 bytes)",
            ),
            (
                "my_password",
                "x",
                "Std. variable: my_password=(hidden, 1 bytes)",
            ),
            ("AUTH_TYPE", "", "Std. variable: AUTH_TYPE="),
            ("QUERY_STRING", "a=1", "Std. variable: QUERY_STRING=a=1"),
            ("HTTP_HOST", "h", "Header variable: HTTP_HOST=h"),
        ] {
            assert_eq!(shown(name.as_ref(), value.as_ref()), expected);
        }
    }
}
