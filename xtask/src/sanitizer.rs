//! The Python-side tests in a program that contains the extensions, and that a sanitizer of the nightly toolchain watches.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::{self, Python};
use crate::run::{Result, command, headline, output, run, target, toolchain};
use crate::test::COMPILED;

/// The manifest of the program, and of extensions for a Python without a GIL.
pub(crate) const MANIFEST: &str = "--manifest-path tests/free-threaded/Cargo.toml";

/// Tests that need an extension that isn't built here.
const OF_OTHER_EXTENSIONS: [&str; 3] = ["test_tracing.py", "test_names.py", "test_templates.py"];

/// The arguments by which pytest leaves out what can't run here.
pub(crate) fn ignored() -> impl Iterator<Item = String> {
    let files = COMPILED.iter().chain(&OF_OTHER_EXTENSIONS);
    files.map(|file| format!("--ignore=tests/python/{file}"))
}

/// The packages that the other tests need, or use if they are there.
pub(crate) fn packages() -> Result<PathBuf> {
    python::pure_packages(&["pytest", "python-json-logger", "structlog"])
}

#[derive(Clone, Copy)]
pub(crate) enum Sanitizer {
    Address,
    Thread,
}

/// `cargo xtask address-sanitizer`: runs the Python-side tests under `AddressSanitizer`.
pub(crate) fn test_addresses() -> Result {
    let python = python::embeddable()?;
    headline(&format!("Under AddressSanitizer, with {python}"));
    let mut pytest = pytest(&python, Sanitizer::Address, &[packages()?])?;
    pytest.args(["-m", "not own_interpreter", "tests/python"]);
    pytest.args(ignored());
    // Each object of Python's in a block that the sanitizer knows. Python itself doesn't free all of them. The other check
    // moves local variables out of the stack, whose depth pylog reads from their addresses.
    pytest.env("PYTHONMALLOC", "malloc");
    pytest.env(
        "ASAN_OPTIONS",
        "detect_leaks=0:detect_stack_use_after_return=0",
    );
    run(&mut pytest, "The output above has the cause.")?;
    println!("\nAll tests passed, and AddressSanitizer found nothing.");
    Ok(())
}

/// pytest in a program that embeds a Python, with these directories of packages.
pub(crate) fn pytest(
    python: &Python,
    sanitizer: Sanitizer,
    packages: &[PathBuf],
) -> Result<Command> {
    let mut pytest = with_packages(&build(python, sanitizer)?, packages);
    python.embed_in(&mut pytest);
    pytest.args(["-q", "-s", "--tb=short", "-p", "no:cacheprovider"]);
    pytest.env("PYTHONHOME", python.prefix());
    // A program in an interpreter of its own couldn't import the extension.
    pytest.env("PYLOG_TESTS_EMBEDDED", "1");
    Ok(pytest)
}

pub(crate) fn with_packages(program: &Path, packages: &[PathBuf]) -> Command {
    let mut command = command(program);
    let paths = std::env::join_paths(packages).unwrap_or_default();
    command.env("PYTHONPATH", paths);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Builds the program. A sanitizer must be linked into the program itself, so that an interpreter can't do it.
fn build(python: &Python, sanitizer: Sanitizer) -> Result<PathBuf> {
    let hint = "This needs the nightly toolchain with its sources: `rustup toolchain install nightly \
                --component rust-src`.";
    let sysroot = output(command("rustup").args(["run", "nightly", "rustc", "--print=sysroot"]));
    let host = output(command("rustup").args(["run", "nightly", "rustc", "--print=host-tuple"]));
    let (Some(_), Some(host)) = (sysroot, host) else {
        return Err(hint.to_owned());
    };
    let host = host.trim();
    let mut build = toolchain("nightly");
    build.args(["build", "--quiet"]);
    let (flag, directory) = match sanitizer {
        Sanitizer::Address => ("-Zsanitizer=address", target("address-sanitized")),
        Sanitizer::Thread => {
            // It has to see each access, those of the standard library too.
            build.arg("-Zbuild-std");
            ("-Zsanitizer=thread", target("free-threaded-sanitized"))
        }
    };
    build.args(["--bin", "sanitized", "--target", host, "--target-dir"]);
    build.arg(&directory).args(MANIFEST.split_whitespace());
    build.env("RUSTFLAGS", flag);
    run(build.env("PYO3_PYTHON", &python.executable), hint)?;
    Ok(directory.join(host).join("debug/sanitized"))
}
