//! One statement, tried on both daemons.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use e2e::under_test::Subject;
use libtest_mimic::{Failed, Trial};

use crate::table::{Row, Table};

/// Cases at once: each is mostly a daemon that is waited for.
pub(crate) const THREADS: usize = 6;

/// How often the original may try.
const ORIGINAL_ATTEMPTS: usize = 4;

/// A statement about a websocketd.
pub(crate) struct Case {
    section: &'static str,
    name: &'static str,
    expected: Expected,
    check: Check,
}

/// Panics where the statement does not hold.
type Check = Box<dyn Fn(&Subject) + Send + Sync>;

/// What the two daemons are to make of it.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// It holds for both.
    Same,
    /// The original came before it or has not got it; only ours is tried, for the reason given.
    OursOnly(&'static str),
    /// It holds for ours and is seen to fail on the original: a weakness, by its number.
    Better(&'static str),
}

/// Cases of one section.
pub(crate) struct Section {
    name: &'static str,
    cases: Vec<Case>,
}

impl Section {
    /// An empty one.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            cases: Vec::new(),
        }
    }

    /// It holds for both.
    pub(crate) fn same(
        &mut self,
        name: &'static str,
        check: impl Fn(&Subject) + Send + Sync + 'static,
    ) {
        self.add(name, Expected::Same, Box::new(check));
    }

    /// It holds for ours; 0.4.1 is not tried for this reason.
    pub(crate) fn ours(
        &mut self,
        name: &'static str,
        reason: &'static str,
        check: impl Fn(&Subject) + Send + Sync + 'static,
    ) {
        self.add(name, Expected::OursOnly(reason), Box::new(check));
    }

    /// It holds for ours and must be seen to fail on the original.
    pub(crate) fn better(
        &mut self,
        weakness: &'static str,
        name: &'static str,
        check: impl Fn(&Subject) + Send + Sync + 'static,
    ) {
        self.add(name, Expected::Better(weakness), Box::new(check));
    }

    /// Its cases.
    pub(crate) fn into_cases(self) -> Vec<Case> {
        self.cases
    }

    fn add(&mut self, name: &'static str, expected: Expected, check: Check) {
        self.cases.push(Case {
            section: self.name,
            name,
            expected,
            check,
        });
    }
}

impl Case {
    /// The test that tries it.
    pub(crate) fn into_trial(self, table: &Table) -> Trial {
        let table = table.clone();
        let name = format!("{} :: {}", self.section, self.name);
        Trial::test(name, move || {
            let (row, outcome) = self.judge();
            table.add(row);
            outcome.map_err(Failed::from)
        })
    }

    fn judge(&self) -> (Row, Result<(), String>) {
        let original = match self.expected {
            Expected::OursOnly(_) => None,
            Expected::Same => Some(self.attempt_several_times(&Subject::original())),
            Expected::Better(_) => Some(self.attempt(&Subject::original())),
        };
        let ours = self.attempt(&Subject::under_test());
        let (verdict, outcome) = match (self.expected, &original, &ours) {
            (_, _, Err(why)) => ("FAILS".to_owned(), Err(format!("ours: {why}"))),
            (Expected::Same, Some(Err(why)), _) => {
                ("UNTRUE".to_owned(), Err(format!("the original: {why}")))
            }
            (Expected::Better(_), Some(Ok(())), _) => (
                "NOT SHOWN".to_owned(),
                Err(
                    "the original has this weakness no more, or the case does not show it"
                        .to_owned(),
                ),
            ),
            (Expected::Same, ..) => ("same".to_owned(), Ok(())),
            (Expected::Better(weakness), ..) => (format!("better: {weakness}"), Ok(())),
            (Expected::OursOnly(reason), ..) => (format!("ours: {reason}"), Ok(())),
        };
        let word = |outcome: &Result<(), String>| if outcome.is_ok() { "yes" } else { "no" };
        let row = Row {
            section: self.section,
            name: self.name,
            original: original.as_ref().map_or("-", word),
            ours: word(&ours),
            verdict,
        };
        (row, outcome)
    }

    /// The original loses the output of a program that ends at once now and then: what it does in one of several
    /// attempts is what it does. Ours gets one.
    fn attempt_several_times(&self, subject: &Subject) -> Result<(), String> {
        let mut outcome = self.attempt(subject);
        for _ in 1..ORIGINAL_ATTEMPTS {
            if outcome.is_ok() {
                break;
            }
            outcome = self.attempt(subject);
        }
        outcome
    }

    /// Runs the check; its panic is the answer and is not printed.
    fn attempt(&self, subject: &Subject) -> Result<(), String> {
        keep_panics_quiet();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| (self.check)(subject)));
        outcome.map_err(|_| LAST_PANIC.with_borrow_mut(std::mem::take))
    }
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Panics of this program are answers: their text is kept for the report.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            LAST_PANIC.with_borrow_mut(|text| *text = info.to_string());
        }));
    });
}
