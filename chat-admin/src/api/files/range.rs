//! Which part of a file is asked for (RFC 9110 section 14). Pure. Players ask for one; several at once are
//! answered with all of it, as may be done.

/// What is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    All,
    /// From the first number up to before the second.
    Some(u64, u64),
    /// There is no such part.
    Nothing,
}

/// Reads `Range` for a file of `size` bytes.
pub(super) fn read(range: Option<&str>, size: u64) -> Part {
    let parts = range.and_then(|range| range.trim().strip_prefix("bytes="));
    let Some((first, last)) = parts.and_then(|parts| parts.trim().split_once('-')) else {
        return Part::All;
    };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let (start, end) = match (number(first.trim()), number(last.trim())) {
        (Some(start), None) if last.trim().is_empty() => (start, size),
        (Some(start), Some(last)) if start <= last => (start, size.min(last.saturating_add(1))),
        (None, Some(count)) if first.trim().is_empty() => (size.saturating_sub(count), size),
        // Not understood: as if it were not there.
        _ => return Part::All,
    };
    if start < end {
        Part::Some(start, end)
    } else {
        Part::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_understood() {
        for (range, part) in [
            ("bytes=0-", Part::Some(0, 100)),
            ("bytes=10-19", Part::Some(10, 20)),
            ("bytes=90-500", Part::Some(90, 100)),
            ("bytes=-10", Part::Some(90, 100)),
            ("bytes=-500", Part::Some(0, 100)),
            ("bytes=100-", Part::Nothing),
            ("bytes=-0", Part::Nothing),
            ("bytes=99999999999999999999-", Part::Nothing),
            ("bytes=5-1", Part::All),
            ("bytes=0-1,5-6", Part::All),
            ("lines=0-1", Part::All),
            ("bytes=", Part::All),
            ("bytes=-", Part::All),
            ("bytes=+1-2", Part::All),
        ] {
            assert_eq!(read(Some(range), 100), part, "{range}");
        }
        assert_eq!(read(None, 100), Part::All);
        assert_eq!(read(Some("bytes=0-"), 0), Part::Nothing);
    }
}
