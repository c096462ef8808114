//! `cargo xtask bench`: measures calls of pylog and of its peers.

use std::path::Path;

use crate::run::{Result, command, headline, root, run, target};
use crate::{extension, python};

/// Runs the benchmark on the newest Python found. Writes the figures to `benches/results.json`, and
/// from there to the README, to the guide (`runtime/docs/cost.md`) and to `benches/results.svg`.
pub(crate) fn bench() -> Result {
    let python = python::all()?.pop().ok_or("No Python found.")?;
    headline(&format!("{python}"));
    let directory = target("bench");
    let variables = [
        ("PYO3_PYTHON", python.executable.as_path()),
        (
            "PYLOG_MAX_LEVEL",
            Path::new("trace,pylog_benches::statically_off=off"),
        ),
    ];
    for package in ["pylog-benches", "pylog-bridge-benches"] {
        let build = format!("--release --package {package}");
        extension::cargo_build(&build, &directory, &variables)?;
        let module = package.replace('-', "_");
        let library = directory.join(format!("release/lib{module}.so"));
        extension::copy(&library, &directory.join(format!("modules/{module}.so")))?;
    }

    let mut bench = command(&python.executable);
    bench
        .env("PYTHONPATH", directory.join("modules"))
        .arg("benches/bench.py");
    bench.arg(target("build-cost"));
    run(
        bench.arg(root().join("benches/results.json")),
        "The benchmark failed.",
    )?;
    let mut report = command(&python.executable);
    run(
        report.arg("benches/report.py"),
        "The report could not be written.",
    )
}
