//! Names of sessions.

use std::io;

/// 128 random bits, in hexadecimal: the `UNIQUE_ID` of a session.
///
/// # Errors
/// When the kernel has none.
pub fn unique_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let (one, two) = (unique_id().unwrap(), unique_id().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 32);
    }
}
