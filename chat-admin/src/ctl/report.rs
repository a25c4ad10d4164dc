//! What a command answers, for people and for programs.

use std::io::{self, Write};

use serde_json::Value;

/// What a command answers: the same facts twice.
#[derive(Debug)]
pub(super) struct Report {
    text: String,
    json: Value,
    exit_code: u8,
}

impl Report {
    pub(super) fn new(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
            exit_code: 0,
        }
    }

    /// The same, after which the program's exit status is `exit_code`.
    pub(super) fn exits(self, exit_code: u8) -> Self {
        Self { exit_code, ..self }
    }

    /// The program's exit status.
    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Everything was written already.
    pub(super) fn nothing() -> Self {
        Self::new("", Value::Null)
    }

    /// Both of it.
    pub(super) fn parts(self) -> (String, Value) {
        (self.text, self.json)
    }

    pub(super) fn write_to(&self, json: bool, out: &mut dyn Write) -> io::Result<()> {
        match (json, &self.json) {
            (_, Value::Null) => {}
            (true, value) => writeln!(out, "{value}")?,
            (false, _) if self.text.is_empty() => {}
            (false, _) => writeln!(out, "{}", self.text)?,
        }
        out.flush()
    }
}

/// A table with columns as wide as they need to be; the last one is not padded.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (cell, &width) in cells.zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        line.truncate(line.trim_end().len());
        line
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(
        rows.iter()
            .map(|row| line(&mut row.iter().map(String::as_str))),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_line() {
        let rows = [
            vec!["Železná".to_owned(), "1".to_owned()],
            vec!["a".to_owned(), String::new()],
        ];
        assert_eq!(table(&["ROOM", "N"], &rows), "ROOM     N\nŽelezná  1\na");
    }
}
