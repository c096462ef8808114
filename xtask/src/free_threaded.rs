//! `cargo xtask free-threaded`: runs the Python-side tests without a GIL and with `ThreadSanitizer`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;

use crate::extension::{BUILD_HINT, cargo_build, copy, write};
use crate::python::{self, Python};
use crate::run::{Result, command, headline, root, run, target};
use crate::sanitizer::{self, MANIFEST, Sanitizer, ignored, packages, with_packages};

/// The tests that run under `ThreadSanitizer`. They run in one program that embeds Python.
const SANITIZED: [&str; 4] = [
    "test_races.py",
    "test_model.py",
    "test_invalidation.py",
    "test_queue.py",
];

const HINT: &str = "The output above names the test that failed.";

pub(crate) fn free_threaded() -> Result {
    let python = match python::free_threaded() {
        Some(python) => python,
        None => build_python()?,
    };
    println!("{python}");

    headline("The Python-side tests, without a GIL");
    let (paths, mut pytest) = without_gil(&python)?;
    run(&mut pytest, HINT)?;

    headline("Microseconds of a call, in one, two and four threads at once");
    time_threads(&python)?;

    headline("Under ThreadSanitizer");
    let mut pytest = sanitizer::pytest(&python, Sanitizer::Thread, &paths)?;
    pytest.args(SANITIZED.map(|file| format!("tests/python/{file}")));
    // Python itself isn't instrumented. If the sanitizer finds a race, the program exits with 66.
    let suppressions = root().join("tests/free-threaded/suppressions.txt");
    let options = format!(
        "ignore_noninstrumented_modules=1 exitcode=66 suppressions={}",
        suppressions.display()
    );
    run(pytest.env("TSAN_OPTIONS", options), HINT)?;
    println!("\nAll tests passed without a GIL, and ThreadSanitizer found nothing.");
    Ok(())
}

/// The Python-side tests, as a command, and the directories of the extensions and of the packages.
pub(crate) fn without_gil(python: &Python) -> Result<([PathBuf; 2], Command)> {
    let modules = target("free-threaded/modules");
    build_modules(python, &modules)?;
    let paths = [modules, packages()?];
    let mut pytest = with_packages(&python.executable, &paths);
    pytest.args(["-W", "ignore", "-m", "pytest", "-q", "--tb=short"]);
    pytest.args(["-p", "no:cacheprovider", "tests/python"]);
    pytest.args(ignored());
    Ok((paths, pytest))
}

fn time_threads(python: &Python) -> Result {
    let directory = target("free-threaded");
    let arguments = format!("{MANIFEST} --release --package pylog-free-threaded-scaling");
    let mut build = cargo_build(&arguments, &directory);
    run(build.env("PYO3_PYTHON", &python.executable), BUILD_HINT)?;
    let modules = directory.join("scaling");
    let library = directory.join("release/libpylog_scaling.so");
    copy(&library, &modules.join("pylog_scaling.so"))?;
    let mut program = command(&python.executable);
    program.arg("tests/free-threaded/scaling/scaling.py");
    run(program.env("PYTHONPATH", modules), HINT)
}

/// Builds an interpreter from the sources that `CPYTHON_SOURCE` names.
fn build_python() -> Result<Python> {
    let missing = "No free-threaded Python with a shared library found: searched PATH, pyenv and uv. \
                   Install one (`uv python install 3.14t`, `pyenv install 3.14t`), or set \
                   CPYTHON_SOURCE to a directory with the sources of CPython 3.13 or 3.14 to build it.";
    let source = std::env::var_os("CPYTHON_SOURCE").ok_or(missing)?;
    let source = PathBuf::from(source);
    headline(&format!(
        "Building a free-threaded Python from {}",
        source.display()
    ));
    let build = target("free-threaded/build");
    std::fs::create_dir_all(&build)
        .map_err(|error| format!("Cannot create {}: {error}", build.display()))?;
    let hint =
        "This needs a C compiler, make, and the development files of OpenSSL, libffi and zlib.";
    let prefix = target("free-threaded/python");
    let mut configure = command(source.join("configure"));
    configure.args([
        "-q",
        "--disable-gil",
        "--enable-shared",
        "--without-ensurepip",
    ]);
    configure.arg(format!("--prefix={}", prefix.display()));
    configure.arg(format!(
        "LDFLAGS=-Wl,-rpath,{}",
        prefix.join("lib").display()
    ));
    run(configure.current_dir(&build), hint)?;
    let jobs = available_parallelism().map_or(2, usize::from);
    for goal in ["all", "install"] {
        let mut make = command("make");
        make.args(["-s", "-j", &jobs.to_string(), goal]);
        run(make.current_dir(&build), hint)?;
    }
    python::free_threaded().ok_or_else(|| missing.to_owned())
}

fn build_modules(python: &Python, modules: &Path) -> Result {
    let directory = target("free-threaded");
    let arguments = format!(
        "{MANIFEST} --package pylog-free-threaded --package pylog-free-threaded-second --lib \
         --features extension-module"
    );
    let mut build = cargo_build(&arguments, &directory);
    run(build.env("PYO3_PYTHON", &python.executable), BUILD_HINT)?;
    for (library, module) in [
        ("pylog_test_extension", "pylog_probe/_native.so"),
        ("pylog_oldest", "pylog_oldest.so"),
    ] {
        let library = directory.join(format!("debug/lib{library}.so"));
        copy(&library, &modules.join(module))?;
    }
    write(&modules.join("pylog_probe/__init__.py"), "")
}

#[cfg(test)]
mod tests {
    use crate::run::root;

    /// The manifest here names the dependencies again, with another PyO3.
    #[test]
    fn the_manifest_has_each_dependency_of_the_extension() {
        let dependencies = |package: &str| -> Vec<String> {
            let manifest = root().join(format!("tests/{package}/Cargo.toml"));
            let manifest = std::fs::read_to_string(manifest).expect("a manifest");
            let (_, after) = manifest
                .split_once("[dependencies]\n")
                .expect("dependencies");
            let lines = after.lines().take_while(|line| !line.starts_with('['));
            let names = lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()));
            names.collect()
        };
        let here = dependencies("free-threaded");
        for name in dependencies("extension") {
            assert!(here.contains(&name), "{name} is missing");
        }
    }
}
