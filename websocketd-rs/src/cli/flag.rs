//! Go's `flag` syntax, on top of clap's definition.
//!
//! websocketd's command lines are parsed by Go: `-x` is `--x`, a boolean takes a value only as `=v`, parsing stops at the
//! first word that is no flag, the last of a repeated flag wins, integers may be written `0x1f90` or `8_080`. clap can't be
//! configured for all of that, so this pass reads argv the way Go does and hands clap a canonical form (`--name=value`, `--`, COMMAND).
//! It knows the flags from the clap definition alone: a flag is written down once.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::{Arg, ArgAction, Command};

use super::number::{ValueError, parse_int, parse_uint};

/// Why argv was refused. Displays as Go's own message, without the usage that follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FlagError {
    /// `--help` or `-h` was met before any error.
    Help,
    /// The text for stderr.
    Syntax(String),
}

/// What a flag's value is, by the type clap parses it into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FlagKind {
    Bool,
    Int,
    Uint,
    Text,
}

impl FlagKind {
    /// What the configuration file may say.
    fn allowed(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number of at most 63 bits",
            Self::Uint => "a whole number from 0, of at most 64 bits",
            Self::Text => "a text",
        }
    }
}

/// Flags and COMMAND, their values checked and in the form that clap parses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Name and value in the order given; of a flag that counts once only the last is kept. A boolean is `true` or `false`.
    flags: Vec<(String, OsString)>,
    /// COMMAND and its arguments.
    pub(crate) command: Vec<OsString>,
}

impl Words {
    /// Reads `words` (argv without the program's name).
    ///
    /// # Errors
    /// [`FlagError`], as Go's `flag` package would.
    pub(super) fn read(
        definition: &Command,
        words: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, FlagError> {
        let mut words = words.into_iter();
        let mut read = Self::default();
        while let Some(word) = words.next() {
            let Some((name, value)) = split(&word)? else {
                // `--` only ends the flags; anything else is the first word of COMMAND.
                read.command.extend((word != "--").then_some(word));
                break;
            };
            if name == "help" || name == "h" {
                return Err(FlagError::Help);
            }
            let Some(arg) = find(definition, &name) else {
                return Err(FlagError::Syntax(format!(
                    "flag provided but not defined: -{name}"
                )));
            };
            let kind = kind_of(arg);
            let value = match (kind, value) {
                (FlagKind::Bool, None) => OsString::from("true"),
                (_, Some(value)) => value,
                (_, None) => words
                    .next()
                    .ok_or_else(|| FlagError::Syntax(format!("flag needs an argument: -{name}")))?,
            };
            let value = check(kind, &value)
                .map_err(|error| FlagError::Syntax(error.text(kind, &name, &value)))?;
            read.push(arg, name, value);
        }
        read.command.extend(words);
        Ok(read)
    }

    /// Adds `name` with `value`, which `check` made.
    fn push(&mut self, arg: &Arg, name: String, value: OsString) {
        if !matches!(arg.get_action(), ArgAction::Append) {
            self.remove(&name);
        }
        self.flags.push((name, value));
    }

    /// Adds a flag of the configuration file.
    ///
    /// # Errors
    /// What is wrong with the value, and what is allowed.
    pub(crate) fn add(
        &mut self,
        definition: &Command,
        name: &str,
        value: &OsStr,
    ) -> Result<(), String> {
        let Some(arg) = find(definition, name) else {
            return Err("unknown key".to_owned());
        };
        let kind = kind_of(arg);
        let checked = check(kind, value).map_err(|_| {
            format!(
                "{} is not {}",
                quote(&value.to_string_lossy()),
                kind.allowed()
            )
        })?;
        self.push(arg, name.to_owned(), checked);
        Ok(())
    }

    /// Takes the flag out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.flags.retain(|(present, _)| present != name);
    }

    /// Takes out all flags but those that `is_kept` names.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.flags.retain(|(present, _)| is_kept(present));
    }

    /// The value of a flag, the last one of a repeated flag: of a boolean `true` or `false`.
    pub(crate) fn value(&self, name: &str) -> Option<&OsStr> {
        let mut flags = self.flags.iter().rev();
        let found = flags.find(|(present, _)| present == name);
        found.map(|(_, value)| value.as_os_str())
    }

    /// Whether the flag was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(present, _)| present == name)
    }

    /// These words where `winner` says nothing else. COMMAND and `--dir` exclude each other: naming one replaces both. So do
    /// `--authorize` and `--htpasswd`.
    pub(crate) fn overridden_by(mut self, winner: &Self) -> Self {
        for (name, _) in &winner.flags {
            self.remove(name);
        }
        if winner.has("authorize") || winner.has("htpasswd") {
            self.remove("authorize");
            self.remove("htpasswd");
        }
        if !winner.command.is_empty() || winner.has("dir") {
            self.command.clone_from(&winner.command);
            if !winner.has("dir") {
                self.remove("dir");
            }
        }
        self.flags.extend(winner.flags.iter().cloned());
        self
    }

    /// The words for clap, without a program's name.
    pub(crate) fn into_argv(self, definition: &Command) -> Vec<OsString> {
        let is_bool =
            |name: &str| find(definition, name).is_some_and(|arg| kind_of(arg) == FlagKind::Bool);
        let mut argv = Vec::new();
        for (name, value) in self.flags {
            let mut word = OsString::from(format!("--{name}"));
            if is_bool(&name) {
                if value == "false" {
                    continue;
                }
            } else {
                word.push("=");
                word.push(value);
            }
            argv.push(word);
        }
        argv.push("--".into());
        argv.extend(self.command);
        argv
    }
}

fn find<'definition>(definition: &'definition Command, name: &str) -> Option<&'definition Arg> {
    definition
        .get_arguments()
        .find(|arg| arg.get_long() == Some(name))
}

/// The flag's name and its `=value`; `None` when the word is no flag, or is `--`.
fn split(word: &OsStr) -> Result<Option<(String, Option<OsString>)>, FlagError> {
    let bytes = word.as_bytes();
    let body = match bytes {
        [] | [b'-'] | b"--" => return Ok(None),
        [b'-', b'-', body @ ..] | [b'-', body @ ..] => body,
        _ => return Ok(None),
    };
    if matches!(body.first(), Some(b'-' | b'=')) {
        return Err(FlagError::Syntax(format!(
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

fn kind_of(arg: &Arg) -> FlagKind {
    if !arg.get_action().takes_values() {
        return FlagKind::Bool;
    }
    let parsed = arg.get_value_parser().type_id();
    if parsed == TypeId::of::<i64>() {
        FlagKind::Int
    } else if parsed == TypeId::of::<u64>() {
        FlagKind::Uint
    } else {
        FlagKind::Text
    }
}

/// The value in the form that clap parses.
fn check(kind: FlagKind, value: &OsStr) -> Result<OsString, ValueError> {
    match kind {
        FlagKind::Text => Ok(value.to_owned()),
        FlagKind::Bool => match value.as_bytes() {
            b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Ok("true".into()),
            b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Ok("false".into()),
            _ => Err(ValueError::Syntax),
        },
        FlagKind::Int => {
            let number = value
                .to_str()
                .ok_or(ValueError::Syntax)
                .and_then(parse_int)?;
            Ok(number.to_string().into())
        }
        FlagKind::Uint => {
            let number = value
                .to_str()
                .ok_or(ValueError::Syntax)
                .and_then(parse_uint)?;
            Ok(number.to_string().into())
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

impl ValueError {
    /// In Go's words.
    fn text(self, kind: FlagKind, name: &str, value: &OsStr) -> String {
        let value = quote(&value.to_string_lossy());
        let reason = match self {
            Self::Syntax => "parse error",
            Self::Range => "value out of range",
        };
        match kind {
            FlagKind::Bool => format!("invalid boolean value {value} for -{name}: {reason}"),
            _ => format!("invalid value {value} for flag -{name}: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;
    use clap::CommandFactory;

    fn read(words: &[&str]) -> Result<Vec<String>, FlagError> {
        let definition = Args::command();
        Ok(Words::read(&definition, words.iter().map(OsString::from))?
            .into_argv(&definition)
            .into_iter()
            .map(|word| word.into_string().expect("the tests type UTF-8"))
            .collect())
    }

    fn refused(words: &[&str]) -> String {
        match read(words) {
            Err(FlagError::Syntax(text)) => text,
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
        assert_eq!(read(&["--help"]), Err(FlagError::Help));
        assert_eq!(read(&["-h"]), Err(FlagError::Help));
        assert_eq!(read(&["--help=false", "x"]), Err(FlagError::Help));
        assert_eq!(read(&["--help", "--port=abc"]), Err(FlagError::Help));
        assert_eq!(
            refused(&["--port=x", "-h"]),
            "invalid value \"x\" for flag -port: parse error"
        );
        assert_eq!(read(&["cat", "--help"]).unwrap(), ["--", "cat", "--help"]);
    }

    #[test]
    fn words_that_are_no_utf8_reach_the_command() {
        let odd = OsString::from_vec(vec![b'a', 0xff]);
        let definition = Args::command();
        let words = Words::read(&definition, ["cat".into(), odd.clone()]).unwrap();
        let argv = words.into_argv(&definition);
        assert_eq!(argv, [OsString::from("--"), "cat".into(), odd]);
    }

    fn merged(file: &[&str], typed: &[&str]) -> Vec<String> {
        let definition = Args::command();
        let words = |words: &[&str]| Words::read(&definition, words.iter().map(OsString::from));
        let merged = words(file).unwrap().overridden_by(&words(typed).unwrap());
        let argv = merged.into_argv(&definition).into_iter();
        argv.map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        assert_eq!(
            merged(&["--port=1", "--binary"], &["--port=2"]),
            ["--binary", "--port=2", "--"]
        );
        assert_eq!(merged(&["--binary"], &["--binary=false"]), ["--"]);
        assert_eq!(
            merged(&["--address=a", "--address=b"], &["--address=c"]),
            ["--address=c", "--"]
        );
        assert_eq!(merged(&["--dir=a"], &["cat"]), ["--", "cat"]);
        assert_eq!(merged(&["cat", "-u"], &["--dir=a"]), ["--dir=a", "--"]);
        assert_eq!(
            merged(&["cat", "-u"], &["--ssl"]),
            ["--ssl", "--", "cat", "-u"]
        );
    }

    #[test]
    fn a_value_of_the_file_is_told_what_is_allowed() {
        let definition = Args::command();
        let mut words = Words::default();
        let mut add = |name: &str, value: &str| words.add(&definition, name, value.as_ref());
        assert_eq!(
            add("port", "x").unwrap_err(),
            "\"x\" is not a whole number of at most 63 bits"
        );
        assert_eq!(
            add("ssl", "yes").unwrap_err(),
            "\"yes\" is not true or false"
        );
        assert_eq!(add("nope", "yes").unwrap_err(), "unknown key");
        assert_eq!(add("port", "0x10"), Ok(()));
        assert_eq!(words.into_argv(&definition), ["--port=16", "--"]);
    }
}
