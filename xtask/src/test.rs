//! `cargo xtask test`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::arguments::{Selection, Variant};
use crate::python::{self, Python};
use crate::run::{Result, cargo, command, headline, run, run_quietly};
use crate::{extension, packages, quick_start};

const HINT: &str = "The output above names the test that failed.";

/// Packages whose work with pylog's records is tested.
const PACKAGES: [&str; 19] = [
    "awslambdaric",
    "celery",
    "coverage",
    "ddtrace",
    "eventlet",
    "freezegun",
    "gevent",
    "gunicorn",
    "ipykernel",
    "loguru",
    "opentelemetry-instrumentation-logging",
    "opentelemetry-sdk",
    "python-json-logger",
    "pyuwsgi",
    "rich",
    "sentry-sdk",
    "structlog",
    "time-machine",
    "uvicorn",
];

pub(crate) fn test(selection: &Selection) -> Result {
    let start = Instant::now();
    // Missing interpreters are reported before anything is built.
    let pythons = if selection.only_rust {
        Vec::new()
    } else {
        python::all_of(&selection.pythons)?
    };
    let Selection {
        only_rust,
        only_pytest,
        only_quick_start,
        only_packages,
        ..
    } = *selection;
    let all = !only_rust && !only_pytest && !only_quick_start && !only_packages;
    if all || only_rust {
        test_rust(&python::embeddable()?)?;
    }
    if all || only_quick_start {
        quick_start::test(&pythons)?;
    }
    if all {
        packages::readme()?;
    }
    if only_packages {
        packages::test(&pythons)?;
    }
    if all || only_pytest {
        test_pythons(&pythons, selection)?;
    }
    println!("\nThe tests passed, in {} s.", start.elapsed().as_secs());
    Ok(())
}

fn test_rust(embedded: &Python) -> Result {
    headline(&format!("Rust tests, with {embedded}"));
    let mut tests = cargo();
    embedded.embed_in(&mut tests);
    // That package has no tests, and its 20,000 calls take minutes to build.
    run(
        tests.args(["test", "--workspace", "--exclude", "pylog-benches"]),
        HINT,
    )?;

    headline("The examples of the feature tracing");
    let mut tests = cargo();
    embedded.embed_in(&mut tests);
    tests.args(["test", "--package", "pylog", "--features", "tracing"]);
    run(tests.args(["--doc", "tracing"]), HINT)?;

    headline("Compile errors, with logging statically off: they must be the same");
    let mut tests = cargo();
    embedded.embed_in(&mut tests);
    tests.args(["test", "--package", "pylog-ui-tests"]);
    run(tests.env("PYLOG_MAX_LEVEL", "off"), HINT)
}

fn test_pythons(pythons: &[Python], selection: &Selection) -> Result {
    let (usual, others): (Vec<_>, Vec<_>) = pythons.iter().partition(|python| python.is_usual());
    for python in others {
        headline(&format!("Building the extension modules for {python}"));
        let modules = extension::build_for(python)?;
        headline(&format!("Python-side tests, with {python}"));
        run(&mut pytest(python, &[modules], selection, false)?, HINT)?;
    }
    if usual.is_empty() {
        return Ok(());
    }
    headline("Building the extension modules, with the newest and the oldest PyO3");
    let mut modules = vec![extension::build()?];
    if let Some(variant) = selection.variant {
        headline(&format!("Building the extension module: {variant:?}"));
        modules.insert(0, extension::build_variant(variant)?);
    }
    // To install the packages and to test with them takes a minute.
    let newest = usual.last();
    let tests_packages = |python: &Python| {
        let is_newest = newest.is_some_and(|newest| std::ptr::eq(*newest, python));
        is_newest || !selection.pythons.is_empty()
    };
    let pytest = |python| pytest(python, &modules, selection, tests_packages(python));
    if let [python] = usual[..] {
        headline(&format!("Python-side tests, with {python}"));
        return run(&mut pytest(python)?, HINT);
    }
    // One more at a time than there are processors: the tests wait half of the time. The newest has most of them, so that it
    // begins first.
    let next = AtomicUsize::new(0);
    let test_next = || {
        let python = usual
            .iter()
            .rev()
            .nth(next.fetch_add(1, Ordering::Relaxed))?;
        let tested = pytest(python).and_then(|mut pytest| {
            let (output, result) = run_quietly(&mut pytest, HINT);
            headline(&format!("Python-side tests, with {python}\n{output}"));
            result
        });
        Some(tested)
    };
    let test_some = || std::iter::from_fn(test_next).fold(Ok(()), Result::and);
    thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..=processors).map(|_| scope.spawn(test_some)).collect();
        let results = threads.into_iter().map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|_| Err("The output above has the cause.".to_owned()))
        });
        results.fold(Ok(()), Result::and)
    })
}

/// Tests that need packages with compiled code.
pub(crate) const COMPILED: [&str; 4] = [
    "test_differential.py",
    "test_handlers.py",
    "test_handling.py",
    "test_packages.py",
];

/// The Python-side tests, as a command. `modules` is the directory with the extensions.
pub(crate) fn pytest(
    python: &Python,
    modules: &[PathBuf],
    selection: &Selection,
    tests_packages: bool,
) -> Result<Command> {
    let mut paths = modules.to_vec();
    let mut pytest = if python.foreign().is_some() {
        // pytest needs colorama on Windows.
        paths.push(python::pure_packages(&["pytest", "colorama"])?);
        let mut pytest = command(&python.executable);
        pytest.args(["-m", "pytest"]);
        pytest.args(COMPILED.map(|file| format!("--ignore=tests/python/{file}")));
        pytest
    } else {
        let environment = python.environment("test", &["hypothesis", "pytest"])?;
        if tests_packages {
            for package in environment.install_wheels(&PACKAGES) {
                println!(
                    "{package} has no wheel for {python}: the tests that need it are skipped."
                );
            }
        }
        let mut pytest = command(environment.python());
        pytest.args(["-m", "pytest"]);
        // Some of the packages have plugins. Each process of pytest, of which there are a hundred, would load them for
        // four seconds.
        pytest
            .env("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            .env("PYTEST_PLUGINS", "_hypothesis_pytestplugin");
        pytest
    };
    // With the reasons of expected failures.
    pytest.args(["-q", "-rfEx", "-p", "no:cacheprovider", "--tb=short"]);
    // Used if the arguments name no file.
    pytest
        .args(["-o", "testpaths=tests/python"])
        .args(&selection.pytest);
    if selection.variant == Some(Variant::NoReferencePool) {
        // `pyo3-async-runtimes` itself drops references in detached threads.
        pytest.args(["--deselect", "tests/python/test_tasks.py::test_awaitables"]);
    }
    if !python.is_usual() {
        // There each step takes ten times as long, in PyPy because of the collector.
        pytest.env("PYLOG_MODEL_STEPS", "2000");
    }
    let paths = std::env::join_paths(paths).unwrap_or_default();
    pytest
        .env("PYTHONPATH", paths)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(pytest)
}
