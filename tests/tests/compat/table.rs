//! The table of results.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use e2e::under_test::target;

/// What became of one case.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Section of the statement.
    pub(crate) section: &'static str,
    /// The statement.
    pub(crate) name: &'static str,
    /// Whether it holds for the original; `-` when it was not tried.
    pub(crate) original: &'static str,
    /// Whether it holds for ours.
    pub(crate) ours: &'static str,
    /// What that means.
    pub(crate) verdict: String,
}

/// All rows so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    rows: Arc<Mutex<Vec<Row>>>,
}

impl Table {
    /// Adds a row.
    pub(crate) fn add(&self, row: Row) {
        self.rows.lock().expect("no row panics").push(row);
    }

    /// Writes the table to `target/compat.txt` and to stdout.
    pub(crate) fn publish(&self) {
        let text = self.render();
        let path = target().join("compat.txt");
        fs::write(&path, &text).expect("target/ is writable");
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{text}\n(also in {})", path.display()).expect("stdout is open");
    }

    fn render(&self) -> String {
        let mut rows = self.rows.lock().expect("no row panics").clone();
        // Stable: within a section they stay in the order in which they ended.
        rows.sort_by_key(|row| (row.section, row.name));
        let width = rows
            .iter()
            .map(|row| row.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut text = format!("{:width$}  0.4.1  ours  verdict\n", "case");
        let mut section = "";
        for row in &rows {
            if row.section != section {
                section = row.section;
                let _ = writeln!(text, "\n{section}");
            }
            let Row {
                name,
                original,
                ours,
                verdict,
                ..
            } = row;
            let _ = writeln!(text, "{name:width$}  {original:5}  {ours:4}  {verdict}");
        }
        text
    }
}
