//! Go's `flag` syntax, on top of clap's definition.
//!
//! websocketd's command lines are parsed by Go: `-x` is `--x`, a boolean takes a value only as `=v`, parsing stops at the
//! first word that is no flag, the last of a repeated flag wins, integers may be written `0x1f90` or `8_080`. clap can't be
//! told all of that, so this pass reads argv the way Go does and hands clap a canonical form (`--name=value`, `--`, COMMAND).
//! It knows the flags from the clap definition alone: a flag is written down once.

use std::any::TypeId;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::{Arg, ArgAction, Command};

/// Why argv was refused. Displays as Go's own message, without the usage that follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `--help` or `-h` was met before any error.
    Help,
    /// The text for stderr.
    Syntax(String),
}

/// What a flag's value is, by the type clap parses it into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Uint,
    Text,
}

/// Rewrites `words` (argv without the program's name) into words that clap parses to the same meaning.
///
/// # Errors
/// [`Refusal`], as Go's `flag` package would.
pub(super) fn canonicalize(
    definition: &Command,
    words: impl IntoIterator<Item = OsString>,
) -> Result<Vec<OsString>, Refusal> {
    let flags: HashMap<&str, &Arg> = definition
        .get_arguments()
        .filter_map(|arg| Some((arg.get_long()?, arg)))
        .collect();
    let mut canonical: Vec<(String, Option<OsString>)> = Vec::new();
    let mut words = words.into_iter();
    let mut command = None;
    while let Some(word) = words.next() {
        let Some((name, value)) = split(&word)? else {
            // `--` only ends the flags; anything else is the first word of COMMAND.
            command = (word != "--").then_some(word);
            break;
        };
        if name == "help" || name == "h" {
            return Err(Refusal::Help);
        }
        let Some(arg) = flags.get(name.as_str()) else {
            return Err(Refusal::Syntax(format!(
                "flag provided but not defined: -{name}"
            )));
        };
        let kind = kind_of(arg);
        let value = match (kind, value) {
            (Kind::Bool, None) => OsString::from("true"),
            (_, Some(value)) => value,
            (_, None) => words
                .next()
                .ok_or_else(|| Refusal::Syntax(format!("flag needs an argument: -{name}")))?,
        };
        let value = check(kind, &name, value)?;
        if !matches!(arg.get_action(), ArgAction::Append) {
            canonical.retain(|(earlier, _)| *earlier != name);
        }
        match (kind, value.as_bytes()) {
            (Kind::Bool, b"true") => canonical.push((name, None)),
            (Kind::Bool, _) => {}
            (_, _) => canonical.push((name, Some(value))),
        }
    }
    let mut argv: Vec<OsString> = canonical.into_iter().map(join).collect();
    argv.push("--".into());
    argv.extend(command);
    argv.extend(words);
    Ok(argv)
}

/// The flag's name and its `=value`; `None` when the word is no flag, or is `--`.
fn split(word: &OsStr) -> Result<Option<(String, Option<OsString>)>, Refusal> {
    let bytes = word.as_bytes();
    let body = match bytes {
        [] | [b'-'] | b"--" => return Ok(None),
        [b'-', b'-', body @ ..] | [b'-', body @ ..] => body,
        _ => return Ok(None),
    };
    if matches!(body.first(), Some(b'-' | b'=')) {
        return Err(Refusal::Syntax(format!(
            "bad flag syntax: {}",
            word.to_string_lossy()
        )));
    }
    let (name, value) = match body.iter().position(|&byte| byte == b'=') {
        Some(at) => (
            &body[..at],
            Some(OsString::from_vec(body[at + 1..].to_vec())),
        ),
        None => (body, None),
    };
    Ok(Some((String::from_utf8_lossy(name).into_owned(), value)))
}

fn kind_of(arg: &Arg) -> Kind {
    if !arg.get_action().takes_values() {
        return Kind::Bool;
    }
    let parsed = arg.get_value_parser().type_id();
    if parsed == TypeId::of::<i64>() {
        Kind::Int
    } else if parsed == TypeId::of::<u64>() {
        Kind::Uint
    } else {
        Kind::Text
    }
}

/// The value in the form that clap parses, or Go's error for it.
fn check(kind: Kind, name: &str, value: OsString) -> Result<OsString, Refusal> {
    let invalid = |reason: &str| {
        let shown = value.to_string_lossy();
        Refusal::Syntax(format!(
            "invalid value {} for flag -{name}: {reason}",
            quote(&shown)
        ))
    };
    match kind {
        Kind::Text => Ok(value),
        Kind::Bool => match value.as_bytes() {
            b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Ok("true".into()),
            b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Ok("false".into()),
            _ => Err(Refusal::Syntax(format!(
                "invalid boolean value {} for -{name}: parse error",
                quote(&value.to_string_lossy())
            ))),
        },
        Kind::Int => {
            let parsed = value
                .to_str()
                .ok_or(NumberError::Syntax)
                .and_then(parse_int);
            parsed
                .map(|number| number.to_string().into())
                .map_err(|error| invalid(error.text()))
        }
        Kind::Uint => {
            let parsed = value
                .to_str()
                .ok_or(NumberError::Syntax)
                .and_then(parse_uint);
            parsed
                .map(|number| number.to_string().into())
                .map_err(|error| invalid(error.text()))
        }
    }
}

/// As Go's `%q` prints it, for what can be typed.
fn quote(text: &str) -> String {
    format!(
        "\"{}\"",
        text.escape_debug().to_string().replace("\\'", "'")
    )
}

fn join((name, value): (String, Option<OsString>)) -> OsString {
    let mut word = OsString::from(format!("--{name}"));
    if let Some(value) = value {
        word.push("=");
        word.push(value);
    }
    word
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    Syntax,
    Range,
}

impl NumberError {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Syntax => "parse error",
            Self::Range => "value out of range",
        }
    }
}

/// A signed integer as Go's `strconv.ParseInt(s, 0, 64)` reads it.
fn parse_int(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| NumberError::Range)
}

/// An unsigned integer as Go's `strconv.ParseUint(s, 0, 64)` reads it: the prefixes 0x, 0o, 0b and 0 choose the base,
/// an underscore may stand between two digits or after the prefix.
fn parse_uint(text: &str) -> Result<u64, NumberError> {
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
        let digit = character.to_digit(base).ok_or(NumberError::Syntax)?;
        after_digit = true;
        number = number
            .checked_mul(u64::from(base))
            .and_then(|number| number.checked_add(u64::from(digit)))
            .ok_or(NumberError::Range)?;
    }
    if digits.is_empty() || !after_digit {
        return Err(NumberError::Syntax);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;
    use clap::CommandFactory;

    fn read(words: &[&str]) -> Result<Vec<String>, Refusal> {
        let words = words.iter().map(OsString::from);
        Ok(canonicalize(&Args::command(), words)?
            .into_iter()
            .map(|word| word.into_string().expect("the tests type UTF-8"))
            .collect())
    }

    fn refused(words: &[&str]) -> String {
        match read(words) {
            Err(Refusal::Syntax(text)) => text,
            other => panic!("{words:?} gave {other:?}"),
        }
    }

    #[test]
    fn one_dash_and_two_are_the_same() {
        assert_eq!(
            read(&["-port", "1", "--port=2", "cat"]).unwrap(),
            ["--port=2", "--", "cat"]
        );
    }

    #[test]
    fn a_boolean_takes_its_value_only_after_an_equals_sign() {
        assert_eq!(
            read(&["--binary", "false", "x"]).unwrap(),
            ["--binary", "--", "false", "x"]
        );
        assert_eq!(read(&["--binary=F", "x"]).unwrap(), ["--", "x"]);
        assert_eq!(read(&["--binary", "--binary=0", "x"]).unwrap(), ["--", "x"]);
        for yes in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(read(&[&format!("--ssl={yes}")]).unwrap(), ["--ssl", "--"]);
        }
        assert_eq!(
            refused(&["--ssl=maybe"]),
            "invalid boolean value \"maybe\" for -ssl: parse error"
        );
        assert_eq!(
            refused(&["--ssl="]),
            "invalid boolean value \"\" for -ssl: parse error"
        );
    }

    #[test]
    fn flags_end_at_the_first_other_word() {
        assert_eq!(
            read(&["cat", "--port", "-x"]).unwrap(),
            ["--", "cat", "--port", "-x"]
        );
        assert_eq!(read(&["-", "--port"]).unwrap(), ["--", "-", "--port"]);
        assert_eq!(read(&["--", "--port"]).unwrap(), ["--", "--port"]);
        assert_eq!(read(&["--", "--", "a"]).unwrap(), ["--", "--", "a"]);
        assert_eq!(read(&["", "a"]).unwrap(), ["--", "", "a"]);
    }

    #[test]
    fn a_value_may_look_like_a_flag() {
        assert_eq!(
            read(&["--origin", "--ssl", "x"]).unwrap(),
            ["--origin=--ssl", "--", "x"]
        );
        assert_eq!(
            read(&["--origin=a=b", "x"]).unwrap(),
            ["--origin=a=b", "--", "x"]
        );
    }

    #[test]
    fn the_last_wins_but_addresses_and_headers_add_up() {
        assert_eq!(
            read(&["--address=a", "--address", "b", "--dir=x", "--dir=y"]).unwrap(),
            ["--address=a", "--address=b", "--dir=y", "--"]
        );
        for name in ["header", "header-ws", "header-http"] {
            assert_eq!(
                read(&[&format!("--{name}=A: 1"), &format!("--{name}=A: 2")]).unwrap(),
                [
                    format!("--{name}=A: 1"),
                    format!("--{name}=A: 2"),
                    "--".into()
                ]
            );
        }
    }

    #[test]
    fn errors_are_those_of_go() {
        assert_eq!(
            refused(&["--nope", "cat"]),
            "flag provided but not defined: -nope"
        );
        assert_eq!(
            refused(&["-nope=3"]),
            "flag provided but not defined: -nope"
        );
        assert_eq!(refused(&["---x"]), "bad flag syntax: ---x");
        assert_eq!(refused(&["--=x"]), "bad flag syntax: --=x");
        assert_eq!(refused(&["-=x"]), "bad flag syntax: -=x");
        assert_eq!(refused(&["--port"]), "flag needs an argument: -port");
        assert_eq!(
            refused(&["--port=abc"]),
            "invalid value \"abc\" for flag -port: parse error"
        );
        assert_eq!(
            refused(&["--port="]),
            "invalid value \"\" for flag -port: parse error"
        );
        assert_eq!(
            refused(&["--port=a\"b"]),
            "invalid value \"a\\\"b\" for flag -port: parse error"
        );
        assert_eq!(
            refused(&["--closems=-1"]),
            "invalid value \"-1\" for flag -closems: parse error"
        );
        assert_eq!(
            refused(&["--port=9223372036854775808"]),
            "invalid value \"9223372036854775808\" for flag -port: value out of range"
        );
        assert_eq!(
            refused(&["--pingms=18446744073709551616"]),
            "invalid value \"18446744073709551616\" for flag -pingms: value out of range"
        );
    }

    #[test]
    fn help_counts_when_it_is_reached() {
        assert_eq!(read(&["--help"]), Err(Refusal::Help));
        assert_eq!(read(&["-h"]), Err(Refusal::Help));
        assert_eq!(read(&["--help=false", "x"]), Err(Refusal::Help));
        assert_eq!(read(&["--help", "--port=abc"]), Err(Refusal::Help));
        assert_eq!(
            refused(&["--port=x", "-h"]),
            "invalid value \"x\" for flag -port: parse error"
        );
        assert_eq!(read(&["cat", "--help"]).unwrap(), ["--", "cat", "--help"]);
    }

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
            assert_eq!(parse_int(text), Err(NumberError::Syntax), "{text}");
        }
        assert_eq!(parse_int("-9223372036854775809"), Err(NumberError::Range));
        assert_eq!(
            parse_int("99999999999999999999999x"),
            Err(NumberError::Range)
        );
        assert_eq!(parse_uint("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse_uint("+1"), Err(NumberError::Syntax));
    }

    #[test]
    fn words_that_are_no_utf8_reach_the_command() {
        let odd = OsString::from_vec(vec![b'a', 0xff]);
        let argv = canonicalize(&Args::command(), ["cat".into(), odd.clone()]).unwrap();
        assert_eq!(argv, [OsString::from("--"), "cat".into(), odd]);
    }
}
