//! `cargo xtask bench`: measures calls of pylog and of its peers.

use std::path::Path;

use crate::python::Python;
use crate::run::{Result, command, headline, root, run, target};
use crate::{extension, packages, python};

/// Runs the benchmark on these versions of Python, or on the newest found if there are none.
///
/// The figures of the newest Python go to `benches/results.json`, and from there to the README, to the
/// guide (`runtime/docs/cost.md`) and to the charts in `benches`. Those of others go to
/// `target/bench/results-VERSION.json`, and are printed as a table.
pub(crate) fn bench(versions: &[String]) -> Result {
    let newest = python::all()?.pop().ok_or("No Python found.")?;
    if versions.is_empty() {
        return measure_and_report(&newest);
    }
    for python in python::all_of(versions)? {
        if python.minor == newest.minor {
            measure_and_report(&python)?;
        } else {
            let results = target(&format!("bench/results-{}.json", python.version));
            measure(&python, &results)?;
            report(&python, Some(&results))?;
        }
    }
    Ok(())
}

fn measure_and_report(python: &Python) -> Result {
    measure(python, &root().join("benches/results.json"))?;
    report(python, None)?;
    packages::write_readme().map(drop)
}

/// Builds the loops for this Python, times them, and writes the figures to the file `results`.
fn measure(python: &Python, results: &Path) -> Result {
    headline(&format!("{python}"));
    let directory = target("bench");
    let variables = [
        ("PYO3_PYTHON", python.executable.as_path()),
        (
            "PYLOG_MAX_LEVEL",
            Path::new("trace,pylog_benches::statically_off=off"),
        ),
    ];
    let build = |arguments: &str, library: &str, module: &str| {
        let mut build = extension::cargo_build(&format!("--release {arguments}"), &directory);
        run(build.envs(variables), extension::BUILD_HINT)?;
        let library = directory.join(format!("release/lib{library}.so"));
        extension::copy(&library, &directory.join(format!("modules/{module}.so")))
    };
    for package in ["pylog-benches", "pylog-bridge-benches"] {
        let module = package.replace('-', "_");
        build(&format!("--package {package}"), &module, &module)?;
    }
    for feature in ["layer", "fmt", "log"] {
        build(
            &format!("--manifest-path benches/tracing/Cargo.toml --features {feature}"),
            "pylog_tracing_benches",
            &format!("pylog_{feature}_benches"),
        )?;
    }

    let mut bench = command(&python.executable);
    bench
        .env("PYTHONPATH", directory.join("modules"))
        .arg("benches/bench.py")
        .arg(target("build-cost"))
        .arg(results);
    run(&mut bench, "The benchmark failed.")
}

/// Prints a table of the figures in this file, or updates the pages with those in
/// `benches/results.json`.
fn report(python: &Python, results: Option<&Path>) -> Result {
    let mut report = command(&python.executable);
    report.arg("benches/report.py").args(results);
    run(&mut report, "The report could not be written.")
}
