//! Commands of somebody who is not at the shell: the web administration does nothing but these.

use std::ffi::OsString;
use std::io;

use clap::Parser as _;
use serde_json::Value;

use super::{Arguments, Failure, dispatch};
use chat_handler::settings::Settings;

/// What came of it.
pub(crate) struct Done {
    /// As it is told at the shell.
    pub(crate) text: String,
    /// The same for programs.
    pub(crate) value: Value,
}

/// A command that was understood.
pub(crate) struct Order(Arguments);

impl Order {
    /// Understands what `words` say behind `chatctl`. They are the caller's own, with what a client chose only where a
    /// value stands: behind `--` or in `--option=VALUE`.
    ///
    /// # Errors
    /// What is wrong with them, for people.
    pub(crate) fn parse(words: &[String]) -> Result<Self, Failure> {
        let typed = std::iter::once("chatctl").chain(words.iter().map(String::as_str));
        let arguments = Arguments::try_parse_from(typed.map(OsString::from))
            .map_err(|error| Failure::Refused(reason(&error)))?;
        Ok(Self(arguments))
    }

    /// What is noted of it; `None`: it changes nothing.
    pub(crate) fn deed(&self) -> Option<String> {
        self.0.command.deed()
    }

    /// Does it.
    ///
    /// # Errors
    /// As at the shell.
    pub(crate) fn run(self, settings: &Settings) -> Result<Done, Failure> {
        let report = dispatch(self.0.command, settings, true, &mut io::sink())?;
        let (text, value) = report.parts();
        Ok(Done { text, value })
    }
}

/// The first line of what the shell would show; the rest is about the shell.
fn reason(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
