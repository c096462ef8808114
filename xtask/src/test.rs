//! `cargo xtask test`.

use std::time::Instant;

use crate::extension;
use crate::python::{self, Python};
use crate::run::{Result, cargo, command, headline, run, target};

const HINT: &str = "The lines above say which test failed.";

pub(crate) fn test() -> Result {
    let start = Instant::now();
    let pythons = python::all()?;
    let embedded = python::embeddable()?;
    println!("Python-side tests on:");
    for python in &pythons {
        println!("  {python}");
    }
    println!("Embedded in Rust tests:\n  {embedded}");

    headline("Rust: units, documentation, hygiene, the binary, the quick start, messages");
    let mut tests = cargo();
    embedded.embed_in(&mut tests);
    run(tests.args(["test", "--workspace"]), HINT)?;

    headline("Messages, with logging statically off: the same");
    let mut tests = cargo();
    embedded.embed_in(&mut tests);
    tests
        .args(["test", "--package", "pylog-ui-tests", "--target-dir"])
        .arg(target("statically-off"));
    run(tests.env("PYLOG_MAX_LEVEL", "off"), HINT)?;

    headline("Extension modules, on the newest and on the oldest PyO3");
    let modules = extension::build()?;
    for python in &pythons {
        headline(&format!("Python: {python}"));
        test_on(python, &modules)?;
    }
    println!("\nAll tests passed, in {} s.", start.elapsed().as_secs());
    Ok(())
}

fn test_on(python: &Python, modules: &std::path::Path) -> Result {
    let environment = python.environment(
        "test",
        &[
            "hypothesis",
            "pytest",
            "python-json-logger",
            "structlog",
            // Not built where there is no wheel yet: what needs them is then skipped.
            "gevent; python_version < '3.15'",
            "time-machine; python_version < '3.15'",
        ],
    )?;
    let mut pytest = command(environment.python());
    pytest.args([
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "tests/python",
    ]);
    pytest
        .env("PYTHONPATH", modules)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run(&mut pytest, HINT)
}
