//! An extension with each version of PyO3, on each Python.

use std::fs;
use std::path::{Path, PathBuf};

use super::{NOT_INSTALLED, Report, directory, row};
use crate::extension::copy;
use crate::packages::read;
use crate::python::{self, Python};
use crate::quick_start;
use crate::run::{Result, root};

/// The minor versions of CPython 3 that have a row.
const MINORS: std::ops::RangeInclusive<u32> = 9..=15;

/// The same of the free-threaded CPython.
const FREE_THREADED_MINORS: std::ops::RangeInclusive<u32> = 13..=15;

/// The table, with a row for each Python and a column for each PyO3. Each cell stands for the extension of the README's
/// quick start: it is built and imported, and what it logs is what the README says.
/// Without these Pythons, all rows.
pub(super) fn table(report: &mut Report, wanted: &[String]) -> Result<String> {
    let projects = projects()?;
    let with_gil = python::all()?;
    let free_threaded = python::all_free_threaded();
    let versions = projects
        .iter()
        .map(|project| format!("PyO3 0.{}", project.pyo3));
    let heading = std::iter::once("CPython".to_owned())
        .chain(versions)
        .chain(["quick start".to_owned()]);
    let mut table = row(heading);
    table += &row(vec!["---".to_owned(); projects.len() + 2]);

    let mut rows_of = |minor: u32, suffix: &str, pythons: &[Python]| {
        let python = pythons.iter().find(|python| python.minor == (3, minor));
        let is_wanted = python.is_some_and(|python| wanted.iter().any(|it| python.is(it)));
        if !wanted.is_empty() && !is_wanted {
            return;
        }
        let Some(python) = python else {
            let missing = vec![NOT_INSTALLED.to_string(); projects.len() + 1];
            table += &row(std::iter::once(format!("3.{minor}{suffix}")).chain(missing));
            return;
        };
        let name = python.name();
        let mut cells = vec![name.clone()];
        for project in &projects {
            let attempt = format!("CPython {name}, PyO3 0.{}", project.pyo3);
            cells.push(
                report
                    .attempt(&attempt, || project.works(python, None))
                    .to_string(),
            );
        }
        let with_maturin = || quick_start::with_maturin(python);
        let attempt = format!("CPython {name}, the quick start with maturin");
        cells.push(report.attempt(&attempt, with_maturin).to_string());
        table += &row(cells);
        // The limited API doesn't exist without a GIL, below Python 3.15.
        if !suffix.is_empty() {
            return;
        }
        let mut cells = vec![format!("{name}, abi3")];
        for project in &projects {
            let attempt = format!("CPython {name}, PyO3 0.{}, abi3", project.pyo3);
            let builder = with_gil.first();
            let works = || project.works(python, builder);
            cells.push(report.attempt(&attempt, works).to_string());
        }
        cells.push(String::new());
        table += &row(cells);
    };
    for minor in MINORS {
        rows_of(minor, "", &with_gil);
    }
    for minor in FREE_THREADED_MINORS {
        rows_of(minor, "t", &free_threaded);
    }
    Ok(table)
}

/// The extension of the quick start, with one version of PyO3.
struct Project {
    pyo3: u32,
    directory: PathBuf,
    readme: String,
}

/// A project for each version of PyO3 that the workspace allows.
fn projects() -> Result<Vec<Project>> {
    let manifest = read(&root().join("Cargo.toml"))?;
    let readme = quick_start::prepare()?;
    let projects = pyo3_versions(&manifest)?.map(|pyo3| {
        let readme = with_pyo3(&readme, pyo3)?;
        let directory = quick_start::write_project(&format!("pyo3-0.{pyo3}"), &readme)?;
        // So that this is the newest release, as in a new project.
        let _ = fs::remove_file(directory.join("Cargo.lock"));
        Ok(Project {
            pyo3,
            directory,
            readme,
        })
    });
    projects.collect()
}

/// The minor versions in the requirement `>=0.26, <0.31`.
fn pyo3_versions(manifest: &str) -> Result<std::ops::Range<u32>> {
    let bound = |operator: &str| {
        let pyo3 = manifest.lines().find(|line| line.starts_with("pyo3 = "))?;
        let (_, rest) = pyo3.split_once(operator)?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u32>().ok()
    };
    match (bound(">=0."), bound("<0.")) {
        (Some(first), Some(end)) => Ok(first..end),
        _ => Err("Cargo.toml has no range of versions of PyO3.".to_owned()),
    }
}

/// The README with another version of PyO3 in the quick start.
fn with_pyo3(readme: &str, minor: u32) -> Result<String> {
    let (before, rest) = readme
        .split_once("\npyo3 = \"0.")
        .ok_or("The README's quick start has no version of PyO3.")?;
    let (_, after) = rest.split_once('"').unwrap_or_default();
    Ok(format!("{before}\npyo3 = \"0.{minor}\"{after}"))
}

impl Project {
    /// Builds the extension, and compares what it logs in `python`. With a `builder`, it is built with that Python, for
    /// the limited API.
    fn works(&self, python: &Python, builder: Option<&Python>) -> Result {
        let (features, kind) = match builder {
            Some(_) => (Some("pyo3/abi3-py39"), "abi3".to_owned()),
            None => (None, python.name()),
        };
        let library = quick_start::build(&self.directory, builder.unwrap_or(python), features)?;
        let modules = directory().join(format!("pyo3-0.{}-{kind}", self.pyo3));
        copy(&library, &modules.join("orders.so"))?;
        self.logs(python, &modules)
    }

    fn logs(&self, python: &Python, modules: &Path) -> Result {
        quick_start::run_example(
            &python.executable,
            Some(modules),
            &self.directory,
            &self.readme,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_pyo3() {
        let manifest = "\n[workspace.dependencies]\npyo3 = { version = \">=0.26, <0.31\" }\n";
        assert_eq!(pyo3_versions(manifest), Ok(26..31));
        let readme = "pylog = \"0.1\"\npyo3 = \"0.30\"\n```\n";
        let expected = "pylog = \"0.1\"\npyo3 = \"0.26\"\n```\n";
        assert_eq!(with_pyo3(readme, 26).as_deref(), Ok(expected));
    }
}
