//! `cargo xtask matrix`: which versions and targets pylog works with, as a table.
//!
//! A cell is only about what was tried: a tool, a target or a Python that isn't here is "not installed".

mod checks;
mod extensions;
mod suites;

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use crate::arguments::Matrix;
use crate::run::{Result, headline, run_quietly, target};

const HINT: &str = "The output above has the cause.";

/// What a cell says.
enum Outcome {
    Passed,
    Failed,
    /// PyO3 doesn't support this Python.
    Refused,
    /// What isn't there, such as "not installed".
    Missing(&'static str),
}

const NOT_INSTALLED: Outcome = Outcome::Missing("not installed");

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "**failed**",
            Self::Refused => "PyO3 refuses",
            Self::Missing(what) => what,
        })
    }
}

/// The cells so far.
#[derive(Default)]
struct Report {
    failed: Vec<String>,
}

impl Report {
    /// Tries something, and shows its output if it fails.
    fn attempt(&mut self, name: &str, attempt: impl FnOnce() -> Result) -> Outcome {
        headline(name);
        let problem = match attempt() {
            Ok(()) => {
                println!("{}", Outcome::Passed);
                return Outcome::Passed;
            }
            Err(problem) => problem,
        };
        println!("{problem}");
        // PyO3's build scripts say so.
        let refusals = [
            "PyO3's maximum supported version",
            "PyO3 does not support the free-threaded build",
        ];
        if refusals.iter().any(|refusal| problem.contains(refusal)) {
            return Outcome::Refused;
        }
        self.failed.push(name.to_owned());
        Outcome::Failed
    }
}

/// Runs a command. The error contains its output.
fn run_captured(command: &mut Command) -> Result {
    let (text, result) = run_quietly(command, HINT);
    result.map_err(|problem| text + &problem)
}

/// The directory for what the matrix builds.
fn directory() -> PathBuf {
    target("matrix")
}

/// A table of `runtime/docs/support.md`, by its name on the command line.
pub(crate) const TABLES: [&str; 3] = ["pyo3", "tests", "checks"];

/// Prints these tables. Without names, all of them.
///
/// # Errors
/// If a cell failed.
pub(crate) fn matrix(wanted: &Matrix) -> Result {
    let mut report = Report::default();
    let mut text = String::new();
    for name in TABLES {
        if !wanted.tables.is_empty() && !wanted.tables.iter().any(|it| it == name) {
            continue;
        }
        let table = match name {
            "pyo3" => extensions::table(&mut report, &wanted.pythons)?,
            "tests" => suites::table(&mut report, &wanted.pythons)?,
            _ => checks::table(&mut report)?,
        };
        text += "\n";
        text += &table;
    }
    println!("{text}");
    match report.failed.as_slice() {
        [] => Ok(()),
        failed => Err(format!("Failed:\n  {}", failed.join("\n  "))),
    }
}

/// A row of a Markdown table.
fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<_> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        let mut report = Report::default();
        let refused = "error: the configured CPython version (3.15) is newer than PyO3's maximum supported version (3.14)";
        for (result, cell) in [
            (Ok(()), "passed"),
            (Err(refused), "PyO3 refuses"),
            (Err("error: mismatched types"), "**failed**"),
        ] {
            let outcome = report.attempt(cell, || result.map_err(str::to_owned));
            assert_eq!(outcome.to_string(), cell);
        }
        assert_eq!(report.failed, ["**failed**"]);
    }
}
