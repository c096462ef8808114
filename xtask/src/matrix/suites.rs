//! The Python-side tests, on each Python.

use std::path::Path;
use std::process::Command;

use super::{NOT_INSTALLED, Report, row};
use crate::arguments::Selection;
use crate::python::{self, Python};
use crate::run::{Result, run_quietly};
use crate::{chroot, extension, free_threaded, test};

/// What is tested where a Python is emulated, which takes ten times as long: the log crate, the level cache, the queue, and
/// threads.
const EMULATED: [&str; 5] = ["bridge", "invalidation", "model", "queue", "races"];

/// What is tested on Windows, where the other tests need forks or signals, or start programs, which takes Wine seconds.
const ON_WINDOWS: [&str; 6] = [
    "bridge",
    "invalidation",
    "model",
    "races",
    "records",
    "values",
];

/// The table, with a row for each of these Pythons; for each one, if there are none. A cell is the last line of pytest.
pub(super) fn table(report: &mut Report, pythons: &[String]) -> Result<String> {
    let is_wanted = |python: &Python| pythons.is_empty() || pythons.iter().any(|it| python.is(it));
    let mut table = row(["Python", "tests", "result"].map(str::to_owned));
    table += &row(vec!["---".to_owned(); 3]);
    let mut add = |python: &str, tests: &str, result: String| {
        table += &row([python.to_owned(), tests.to_owned(), result]);
    };
    let usual = python::all()?.into_iter().filter(is_wanted);
    let mut modules = None;
    for python in usual {
        let modules = match &modules {
            Some(modules) => modules,
            None => modules.insert(extension::build()?),
        };
        let result = attempt(report, &python, &[], || Ok(modules));
        add(&python.title(), "all", result);
    }
    match python::free_threaded() {
        Some(python) if !is_wanted(&python) => {}
        Some(python) => {
            let name = format!("Python-side tests, {}", python.title());
            let result = summary(report, &name, || Ok(free_threaded::without_gil(&python)?.1));
            add(&python.title(), "without packages", result);
        }
        None => add(
            "CPython 3.14t",
            "without packages",
            NOT_INSTALLED.to_string(),
        ),
    }
    let others = python::others();
    for (launcher, name) in chroot::others() {
        let files: &[&str] = match name {
            it if it.contains("windows") => &ON_WINDOWS,
            it if it.contains("aarch64") => &EMULATED,
            _ => &[],
        };
        let tests = match files {
            [] => "all".to_owned(),
            files => files.join(", "),
        };
        match others.iter().find(|python| python.executable == launcher) {
            Some(python) if !is_wanted(python) => {}
            Some(python) => {
                let build = || extension::build_for(python);
                let result = attempt(report, python, files, build);
                add(&python.title(), &tests, result);
            }
            None if !pythons.is_empty() => {}
            None => add(name, &tests, NOT_INSTALLED.to_string()),
        }
    }
    Ok(table)
}

fn attempt<P: AsRef<Path>>(
    report: &mut Report,
    python: &Python,
    files: &[&str],
    modules: impl FnOnce() -> Result<P>,
) -> String {
    let name = format!("Python-side tests, {}", python.title());
    let files: Vec<_> = files
        .iter()
        .map(|file| format!("tests/python/test_{file}.py"))
        .collect();
    summary(report, &name, || {
        let selection = Selection {
            pytest: files,
            ..Selection::default()
        };
        test::pytest(python, &[modules()?.as_ref().to_owned()], &selection, false)
    })
}

/// Runs pytest. Returns what its last line says, without the time.
fn summary(report: &mut Report, name: &str, pytest: impl FnOnce() -> Result<Command>) -> String {
    let mut line = String::new();
    let outcome = report.attempt(name, || {
        let (text, result) = run_quietly(&mut pytest()?, super::HINT);
        let last = text.lines().rev().find(|line| line.contains(" passed"));
        let last = last.and_then(|line| line.split(" in ").next());
        line = last.unwrap_or_default().trim_matches([' ', '=']).to_owned();
        println!("{line}");
        result.map_err(|problem| text + &problem)
    });
    match line.is_empty() {
        true => outcome.to_string(),
        false => line,
    }
}
