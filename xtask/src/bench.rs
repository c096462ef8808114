//! `cargo xtask bench`: what calls cost, side by side with the peers.

use std::path::Path;

use crate::run::{Result, command, headline, root, run, target};
use crate::{extension, python};

/// Times the calls on the newest Python found, and writes the figures to `benches/results.json`
/// and draws `benches/results.svg`.
pub(crate) fn bench() -> Result {
    let python = python::all()?.pop().ok_or("no Python")?;
    headline(&format!("{python}"));
    let directory = target("bench");
    extension::cargo_build(
        "--release --package pylog-benches --features extension-module",
        &directory,
        &[
            ("PYO3_PYTHON", &python.executable),
            (
                "PYLOG_MAX_LEVEL",
                Path::new("trace,pylog_benches::statically_off=off"),
            ),
        ],
    )?;
    let library = directory.join("release/libpylog_benches.so");
    extension::copy(&library, &directory.join("modules/pylog_benches.so"))?;

    let mut bench = command(&python.executable);
    bench
        .env("PYTHONPATH", directory.join("modules"))
        .arg("benches/bench.py");
    bench.arg(target("build-cost"));
    run(
        bench.arg(root().join("benches/results.json")),
        "The benchmark failed.",
    )?;
    let mut chart = command(&python.executable);
    run(chart.arg("benches/chart.py"), "No chart was drawn.")
}
