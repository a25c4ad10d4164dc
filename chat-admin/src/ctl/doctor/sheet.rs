//! What was looked at and what was found, on one page and in JSON. Pure.

use chat_store::record::clean;
use serde_json::json;

use crate::ctl::report::Report;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Looked at, nothing wrong.
    Good,
    /// There is nothing to look at: the site does not use it.
    Unused,
    /// It works, and will not for long, or not for all.
    Warning,
    /// It does not work, or somebody can read what is not theirs.
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unused => "unused",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

#[derive(Debug)]
struct Finding {
    check: &'static str,
    level: Level,
    text: String,
    mend: String,
}

/// The page.
#[derive(Debug, Default)]
pub(super) struct Sheet(Vec<Finding>);

impl Sheet {
    /// `check` found nothing wrong.
    pub(super) fn good(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, Level::Good, &text.into(), String::new());
    }

    /// The site has nothing that `check` could look at.
    pub(super) fn unused(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, Level::Unused, &text.into(), String::new());
    }

    /// What will be wrong soon or for some, and how to mend it.
    pub(super) fn warn(
        &mut self,
        check: &'static str,
        text: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.add(check, Level::Warning, &text.into(), mend.into());
    }

    /// What is wrong, and how to mend it.
    pub(super) fn error(
        &mut self,
        check: &'static str,
        text: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.add(check, Level::Error, &text.into(), mend.into());
    }

    /// Says that `check` is good, unless it has found something already.
    pub(super) fn good_unless_found(&mut self, check: &'static str, text: impl Into<String>) {
        if !self.0.iter().any(|found| found.check == check) {
            self.good(check, text);
        }
    }

    // Names of files and lines of other programs may hold anything.
    fn add(&mut self, check: &'static str, level: Level, text: &str, mend: String) {
        let text = clean(text).into_owned();
        self.0.push(Finding {
            check,
            level,
            text,
            mend,
        });
    }

    fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|found| found.level == level).count()
    }

    /// The page; its exit status is 1 when anything is wrong.
    pub(super) fn report(&self) -> Report {
        let width = |texts: &mut dyn Iterator<Item = &str>| texts.map(str::len).max().unwrap_or(0);
        let levels = width(&mut self.0.iter().map(|found| found.level.name()));
        let checks = width(&mut self.0.iter().map(|found| found.check));
        let mut lines: Vec<String> = Vec::new();
        for found in &self.0 {
            let (level, check, text) = (found.level.name(), found.check, &found.text);
            lines.push(format!("{level:levels$}  {check:checks$}  {text}"));
            if !found.mend.is_empty() {
                lines.push(format!(
                    "{:1$}mend: {2}",
                    "",
                    levels + checks + 4,
                    found.mend
                ));
            }
        }
        let (errors, warnings) = (self.count(Level::Error), self.count(Level::Warning));
        let is_good = errors + warnings == 0;
        lines.push(if is_good {
            "nothing is wrong".to_owned()
        } else {
            format!("{errors} errors, {warnings} warnings")
        });
        let findings: Vec<_> = self
            .0
            .iter()
            .map(|found| {
                json!({ "check": found.check, "level": found.level.name().to_ascii_lowercase(), "text": found.text,
                        "mend": found.mend })
            })
            .collect();
        let value = json!({ "good": is_good, "errors": errors, "warnings": warnings, "findings": findings });
        Report::new(lines.join("\n"), value).exits(u8::from(!is_good))
    }
}
