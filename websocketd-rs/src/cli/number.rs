//! Integers as Go's `strconv` reads them. Pure.

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueError {
    Syntax,
    Range,
}

/// A signed integer as Go's `strconv.ParseInt(s, 0, 64)` reads it.
pub(super) fn parse_int(text: &str) -> Result<i64, ValueError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| ValueError::Range)
}

/// An unsigned integer as Go's `strconv.ParseUint(s, 0, 64)` reads it: the prefixes 0x, 0o, 0b and 0 choose the base,
/// an underscore may stand between two digits or after the prefix.
pub(super) fn parse_uint(text: &str) -> Result<u64, ValueError> {
    let lower = text.to_ascii_lowercase();
    let (base, prefixed, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, true, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, true, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, true, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, true, &lower[1..])
    } else {
        (10, false, lower.as_str())
    };
    let mut number: u64 = 0;
    let mut after_digit = prefixed;
    for character in digits.chars() {
        if character == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = character.to_digit(base).ok_or(ValueError::Syntax)?;
        after_digit = true;
        number = number
            .checked_mul(u64::from(base))
            .and_then(|number| number.checked_add(u64::from(digit)))
            .ok_or(ValueError::Range)?;
    }
    if digits.is_empty() || !after_digit {
        return Err(ValueError::Syntax);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_of_go() {
        for (text, number) in [
            ("8080", 8080),
            ("+1", 1),
            ("-1", -1),
            ("0x1F90", 8080),
            ("0o17", 15),
            ("017", 15),
            ("0b101", 5),
            ("8_080", 8080),
            ("0x_1f", 31),
            ("0_7", 7),
            ("0", 0),
            ("-0x8000000000000000", i64::MIN),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(parse_int(text), Ok(number), "{text}");
        }
        for text in [
            "", "-", "+", "0x", "1__0", "_1", "1_", "08", "0b2", "1e3", " 1", "1 ", "--1", "+-1",
            "१",
        ] {
            assert_eq!(parse_int(text), Err(ValueError::Syntax), "{text}");
        }
        assert_eq!(parse_int("-9223372036854775809"), Err(ValueError::Range));
        assert_eq!(
            parse_int("99999999999999999999999x"),
            Err(ValueError::Range)
        );
        assert_eq!(parse_uint("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse_uint("+1"), Err(ValueError::Syntax));
    }
}
