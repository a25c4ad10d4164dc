//! The report: the machine, the targets, every figure.

use std::fmt::Write;

use crate::machine;
use crate::plan::Lab;
use crate::results::{Entry, Results};
use crate::server::Kind;
use crate::targets::{Target, judge, number};

const PREFACE: &str = "# Measurements

Made by `make bench` (`bench/run --full`); do not edit. Each measurement starts each server in turn, A B A B; a figure is the median of its rounds, a ratio the median
of the rounds' own ratios. CPU is user and system time from /proc: of all processes of the server's side, or of the daemon's alone. The load program is not counted.
`websocketd` is Debian's; in the chat it runs a bash script with a `tail` for each person, as `bench/peers/chat.sh` has it, `websocketd-rs` runs `chat-handler`.
";

/// The whole text; unless `all` was to be measured, with the targets of what was.
pub fn render(lab: &Lab, results: &Results, all: bool) -> String {
    let mut targets = judge(results, &lab.size);
    targets.retain(|target| all || target.measured.is_some());
    let mut text = PREFACE.to_owned();
    text.push_str("\n## Machine\n\n");
    for line in machine::describe() {
        let _ = writeln!(text, "- {line}");
    }
    let load = number(machine::load_average());
    let _ = writeln!(text, "- load average at the end: {load}");
    let _ = writeln!(
        text,
        "- {} mode, {} rounds\n",
        lab.size.name, lab.size.rounds
    );
    render_targets(&mut text, &targets);
    text.push_str("## Figures\n");
    for entry in &results.0 {
        render_entry(&mut text, entry);
    }
    text
}

fn render_targets(text: &mut String, targets: &[Target]) {
    let met = targets.iter().filter(|target| target.met).count();
    let _ = writeln!(text, "## Targets: {met} of {} met\n", targets.len());
    text.push_str("| | target | measured | |\n|---|---|---|---|\n");
    for target in targets {
        let (measured, verdict) = match &target.measured {
            None => ("", "not measured"),
            Some(measured) if target.met => (measured.as_str(), "met"),
            Some(measured) => (measured.as_str(), "**not met**"),
        };
        let (group, what) = (target.group, &target.text);
        let _ = writeln!(text, "| {group} | {what} | {measured} | {verdict} |");
    }
    text.push('\n');
}

fn render_entry(text: &mut String, entry: &Entry) {
    let _ = writeln!(text, "\n### {}: {}\n", entry.id, entry.title);
    let kinds: Vec<Kind> = entry.rounds.keys().copied().collect();
    text.push_str("| |");
    for kind in &kinds {
        let _ = write!(text, " {} |", kind.name());
    }
    text.push_str("\n|---|");
    text.push_str(&"---:|".repeat(kinds.len()));
    text.push('\n');
    for figure in entry.figure_names() {
        let _ = write!(text, "| {figure} |");
        for &kind in &kinds {
            let _ = write!(text, " {} |", cell(&entry.values(figure, kind)));
        }
        text.push('\n');
    }
    for (kind, rounds) in &entry.rounds {
        for error in rounds.iter().filter_map(|outcome| outcome.as_ref().err()) {
            let _ = writeln!(text, "\n{}: {error}", kind.name());
        }
    }
}

/// The median, and the range when there is one.
fn cell(values: &[f64]) -> String {
    let Some(median) = crate::figures::median(values) else {
        return String::new();
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if number(least) == number(most) {
        return number(median);
    }
    format!("{} ({} to {})", number(median), number(least), number(most))
}
