//! Arguments as typed: websocketd's flags, parsed as Go's `flag` package parses them.
//!
//! [`Args`] is the one definition of every flag: the parser, `--help`, the man page and the shell completions come from it.

mod args;
mod flag;
mod limits;
mod linger;
mod number;
mod shared;
mod terminal;
mod text;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::{CommandFactory, FromArgMatches};

pub use args::{
    AboutFlags, AccessFlags, Args, ContentFlags, DaemonFlags, ListenFlags, ProgramFlags, TlsFlags,
};
pub(crate) use flag::Words;
pub use limits::LimitFlags;
pub use linger::LingerFlags;
pub use shared::SharedFlags;
pub use terminal::TerminalFlags;
pub use text::version;

/// An end of the program before it serves anything: what goes to which stream, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Ending code.
    pub code: u8,
    /// Text for stdout.
    pub stdout: String,
    /// Text for stderr.
    pub stderr: String,
}

impl Ending {
    /// Writes both texts. A closed pipe is no error: the exit code says the rest.
    pub fn print(&self) -> u8 {
        let _ = io::stdout().write_all(self.stdout.as_bytes());
        let _ = io::stdout().flush();
        let _ = io::stderr().write_all(self.stderr.as_bytes());
        self.code
    }

    /// `message` and the short usage on stderr.
    pub fn usage(code: u8, message: &str, program: &str) -> Self {
        let stderr = format!("{message}\n{}", text::short_usage(program));
        Self {
            code,
            stdout: String::new(),
            stderr,
        }
    }

    /// `message` alone on stdout, as a success.
    pub fn good(message: &str) -> Self {
        Self {
            code: 0,
            stdout: format!("{message}\n"),
            stderr: String::new(),
        }
    }

    /// `message` alone on stderr.
    pub fn alone(code: u8, message: &str) -> Self {
        Self {
            code,
            stdout: String::new(),
            stderr: format!("{message}\n"),
        }
    }

    /// What is wrong, in one line and without the usage.
    pub fn reason(&self) -> String {
        let text = if self.stdout.is_empty() {
            &self.stderr
        } else {
            &self.stdout
        };
        let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
        lines.join("; ")
    }

    /// `message` on stdout, the short usage on stderr.
    pub fn told_on_stdout(code: u8, message: &str, program: &str) -> Self {
        Self {
            code,
            stdout: format!("{message}\n"),
            stderr: text::short_usage(program),
        }
    }
}

/// The name the program was called by, for its own texts.
pub fn program_name(argv: &[OsString]) -> String {
    let base = argv.first().and_then(|word| Path::new(word).file_name());
    base.map_or_else(
        || "websocketd-rs".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Reads `argv` (the program's name first) as far as its words can be judged by themselves.
///
/// # Errors
/// What to print and the exit code, when the words are wrong or ask for a text.
pub(crate) fn read(argv: &[OsString]) -> Result<Words, Ending> {
    let program = program_name(argv);
    let words = match Words::read(&Args::command(), argv.iter().skip(1).cloned()) {
        Ok(words) => words,
        Err(flag::FlagError::Help) => {
            let stderr = text::help(&program);
            return Err(Ending {
                code: 0,
                stdout: String::new(),
                stderr,
            });
        }
        Err(flag::FlagError::Syntax(message)) => return Err(Ending::usage(2, &message, &program)),
    };
    if argv.len() <= 1 {
        let missing = "Command line arguments are missing.";
        return Err(Ending::told_on_stdout(1, missing, &program));
    }
    let typed = type_words(words.clone(), &program)?;
    if typed.about.version || typed.about.license {
        let mut stdout = format!("{}\n", version(&program));
        if !typed.about.version {
            stdout.push('\n');
            stdout.push_str(text::LICENSE);
        }
        return Err(Ending {
            code: 0,
            stdout,
            stderr: String::new(),
        });
    }
    Ok(words)
}

/// The words with their types.
///
/// # Errors
/// For texts that are not UTF-8 where clap wants them to be.
pub(crate) fn type_words(words: Words, program: &str) -> Result<Args, Ending> {
    let definition = Args::command();
    let invalid = |error: clap::Error| Ending::usage(2, error.to_string().trim_end(), program);
    let name = OsString::from("websocketd-rs");
    let words = std::iter::once(name).chain(words.into_argv(&definition));
    let matches = definition.try_get_matches_from(words).map_err(invalid)?;
    Args::from_arg_matches(&matches).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(words: &[&str]) -> Ending {
        let argv: Vec<OsString> = std::iter::once("/usr/bin/wd")
            .chain(words.iter().copied())
            .map(Into::into)
            .collect();
        read(&argv).expect_err("these words end the program")
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_names_every_flag_and_goes_to_stderr() {
        let help = exit(&["--help"]);
        assert_eq!((help.code, help.stdout.as_str()), (0, ""));
        for arg in Args::command().get_arguments() {
            let Some(name) = arg.get_long() else { continue };
            assert!(
                help.stderr.lines().any(|line| line
                    .split([' ', '=', ','])
                    .any(|word| word == format!("--{name}"))),
                "--help lacks --{name}"
            );
            assert!(arg.get_help().is_some(), "--{name} has no text");
        }
        assert_eq!(exit(&["-h"]), help);
    }

    #[test]
    fn no_arguments_at_all() {
        let exit = exit(&[]);
        assert_eq!(exit.code, 1);
        assert_eq!(exit.stdout, "Command line arguments are missing.\n");
        assert!(exit.stderr.starts_with("\nUsage:\n"), "{}", exit.stderr);
        assert!(
            exit.stderr
                .contains("\n    wd [options] COMMAND [command args]\n")
        );
    }

    #[test]
    fn version_and_license() {
        let version = exit(&["--version"]);
        assert_eq!((version.code, version.stderr.as_str()), (0, ""));
        assert!(version.stdout.starts_with("wd "), "{}", version.stdout);
        assert!(version.stdout.contains("websocketd") && version.stdout.ends_with('\n'));
        let license = exit(&["--license"]);
        assert_eq!((license.code, license.stderr.as_str()), (0, ""));
        assert!(license.stdout.starts_with(&version.stdout));
        assert!(license.stdout.contains("MIT"));
        assert_eq!(exit(&["--license", "--version=1", "cat"]), version);
    }

    #[test]
    fn bad_words_exit_with_2_and_the_short_usage() {
        let unknown = exit(&["--nope", "cat"]);
        assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
        assert!(
            unknown
                .stderr
                .starts_with("flag provided but not defined: -nope\n\nUsage:\n")
        );
        for words in [["--port=x", "cat"], ["--binary=x", "cat"], ["cat", ""]] {
            if words[0] != "cat" {
                assert_eq!(exit(&words).code, 2, "{words:?}");
            }
        }
        assert_eq!(exit(&["--port"]).code, 2);
    }

    #[test]
    fn words_become_args() {
        let parse = |words: &[&str]| {
            let argv: Vec<OsString> = words.iter().map(Into::into).collect();
            type_words(read(&argv).unwrap(), "wd").unwrap()
        };
        let words = [
            "wd",
            "-port",
            "0x50",
            "--ssl=f",
            "--header=A: b",
            "--",
            "cat",
            "--ssl",
            "-",
        ];
        let typed = parse(&words);
        assert_eq!(typed.listening.port, Some(80));
        assert!(!typed.tls.ssl);
        assert_eq!(typed.content.header, ["A: b"]);
        assert_eq!(typed.command, ["cat", "--ssl", "-"]);
        assert_eq!(
            (typed.limits.maxforks, typed.limits.maxframesize),
            (1024, 1 << 20)
        );
        assert_eq!(typed.daemon.loglevel, "access");
        let negative = parse(&["wd", "--maxforks=-1", "--port", "-5", "cat"]);
        assert_eq!(
            (negative.limits.maxforks, negative.listening.port),
            (-1, Some(-5))
        );
    }
}
