//! One section of the configuration file, its values checked one by one.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::CommandFactory;

use super::Environment;
use super::check::check_variable;
use super::file::{self, Entry};
use super::keys::{Kind, SHORT_KEYS, unknown_key};
use crate::cli::{Args, Words};

/// What one section says.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) words: Words,
    /// `env = NAME=value`.
    pub(super) variables: Environment,
    /// Each word of `port`.
    pub(super) ports: Vec<i64>,
    /// Line of each flag, the last of a repeated one last.
    lines: Vec<(String, usize)>,
    /// Line of the section itself.
    line: usize,
    /// The file that it stands in.
    file: Arc<PathBuf>,
}

impl Section {
    /// An empty one whose name stands in this line.
    pub(super) fn at(file: &Arc<PathBuf>, line: usize) -> Self {
        Self {
            line,
            file: Arc::clone(file),
            ..Self::default()
        }
    }

    /// `FILE:LINE` of the flag; where no single flag is to blame, of the section.
    pub(super) fn place_of(&self, flag: &str) -> Option<String> {
        let mut lines = self.lines.iter().rev();
        let own = lines.find(|(name, _)| name == flag).map(|(_, line)| *line);
        let line = own.or_else(|| (self.line > 0).then_some(self.line))?;
        Some(place(&self.file, line))
    }

    /// Whether it sets the flag.
    pub(super) fn sets(&self, flag: &str) -> bool {
        self.lines.iter().any(|(name, _)| name == flag)
    }

    /// Whether it sets any flag but those of `flags`.
    pub(super) fn sets_beside(&self, flags: &[&str]) -> bool {
        self.lines
            .iter()
            .any(|(name, _)| !flags.contains(&name.as_str()))
    }

    pub(super) fn add(
        &mut self,
        entry: &Entry,
        kind: Kind,
        allowed: &[&str],
    ) -> Result<(), String> {
        let key = entry.key.as_str();
        let short = SHORT_KEYS.iter().find(|(short, _)| *short == key);
        let flag = short.map_or(key, |(_, flag)| flag);
        self.lines.push((flag.to_owned(), entry.line));
        match key {
            "command" if kind != Kind::Host => {
                let words = file::split_command(&entry.value)?;
                if let Some(operator) = file::shell_operator(&entry.value, &words) {
                    return Err(format!(
                        "'{operator}' is for a shell, and none reads this; write command = sh -c '...'"
                    ));
                }
                self.words.command = words.into_iter().map(Into::into).collect();
                Ok(())
            }
            "env" => {
                self.variables.push(check_variable(&entry.value)?);
                Ok(())
            }
            _ if !allowed.contains(&flag) => Err(unknown_key(key, kind, allowed)),
            _ => {
                self.words
                    .add(&Args::command(), flag, entry.value.as_ref())?;
                if flag == "port" {
                    let port = self.words.value(flag).and_then(OsStr::to_str);
                    self.ports
                        .extend(port.and_then(|port| port.parse::<i64>().ok()));
                }
                Ok(())
            }
        }
    }
}

/// `FILE:LINE`.
pub(super) fn place(file: &std::path::Path, line: usize) -> String {
    format!("{}:{line}", file.display())
}
