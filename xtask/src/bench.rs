//! `cargo xtask bench`: what calls cost, side by side with the peers.

use crate::run::{Result, command, headline, root, run, target};
use crate::{extension, python};

/// Times the calls on the newest Python found, and writes the figures to `benches/results.json`.
pub(crate) fn bench() -> Result {
    let python = python::all()?.pop().ok_or("no Python")?;
    headline(&format!("{python}"));
    let directory = target("bench");
    extension::cargo_build(
        "--release --package pylog-benches --features extension-module",
        &directory,
        &[("PYO3_PYTHON", &python.executable)],
    )?;
    let library = directory.join("release/libpylog_benches.so");
    extension::copy(&library, &directory.join("modules/pylog_benches.so"))?;

    let mut bench = command(&python.executable);
    bench
        .env("PYTHONPATH", directory.join("modules"))
        .arg("benches/bench.py");
    run(
        bench.arg(root().join("benches/results.json")),
        "The benchmark failed.",
    )
}
