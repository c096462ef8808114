//! Builds the extension modules for the tests, and puts them where Python can import them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Result, cargo, run, target};

/// Builds `pylog_probe` with the newest PyO3, `pylog_oldest` with the oldest, `pylog_templates`, `pylog_tracing`,
/// `pylog_tracing_oldest`, and the package `forms` of a project with a helper crate. Returns the directory to import them from.
pub(crate) fn build() -> Result<PathBuf> {
    let modules = target("modules");
    build_member(
        "pylog-test-extension",
        &modules.join("pylog_probe/_native.abi3.so"),
    )?;
    write(&modules.join("pylog_probe/__init__.py"), "")?;

    for (directory, libraries) in [
        ("oldest-pyo3", &[("pylog_oldest", "pylog_oldest")][..]),
        ("templates", &[("pylog_templates", "pylog_templates")]),
        ("tracing", &[("pylog_tracing", "pylog_tracing")]),
        (
            "tracing-oldest-pyo3",
            &[("pylog_tracing_oldest", "pylog_tracing_oldest")],
        ),
        (
            "forms",
            &[
                ("forms_native", "forms/_native"),
                ("forms_filtered", "forms/_filtered"),
            ],
        ),
    ] {
        let manifest = format!("--manifest-path tests/{directory}/Cargo.toml");
        cargo_build(&manifest, &target(directory), &[])?;
        for (library, module) in libraries {
            copy(
                &target(directory).join(format!("debug/lib{library}.so")),
                &modules.join(format!("{module}.abi3.so")),
            )?;
        }
    }
    write(&modules.join("forms/__init__.py"), "")?;
    Ok(modules)
}

/// Builds `pylog_probe` with a PyO3 that aborts the process where a thread that isn't attached drops a reference, as some
/// projects build it. Returns the directory to import it from.
pub(crate) fn build_without_reference_pool() -> Result<PathBuf> {
    let modules = target("modules-without-reference-pool");
    let directory = target("without-reference-pool");
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let flags = format!("{flags} --cfg pyo3_disable_reference_pool");
    let package = "pylog-test-extension";
    cargo_build(
        &format!("--package {package} --features abi3"),
        &directory,
        &[("RUSTFLAGS", Path::new(&flags))],
    )?;
    copy(
        &directory.join("debug/libpylog_test_extension.so"),
        &modules.join("pylog_probe/_native.abi3.so"),
    )?;
    write(&modules.join("pylog_probe/__init__.py"), "")?;
    Ok(modules)
}

/// Builds a member of the workspace as an extension module for every Python version.
pub(crate) fn build_member(package: &str, module: &Path) -> Result {
    let extensions = target("extensions");
    let arguments = format!("--package {package} --features abi3");
    cargo_build(&arguments, &extensions, &[])?;
    let library = format!("debug/lib{}.so", package.replace('-', "_"));
    copy(&extensions.join(library), module)
}

/// Runs `cargo build` with these arguments and environment variables, for libraries that Python imports.
/// `directory` is the target directory.
pub(crate) fn cargo_build(
    arguments: &str,
    directory: &Path,
    variables: &[(&str, &Path)],
) -> Result {
    let hint = "If cargo could not fetch a crate, check that it can reach crates.io or a mirror.";
    let mut build = cargo();
    build.args(["build", "--quiet", "--target-dir"]);
    build.arg(directory).args(arguments.split_whitespace());
    // Such libraries don't link to libpython. maturin and setuptools-rust set this, too.
    build.env("PYO3_BUILD_EXTENSION_MODULE", "1");
    run(build.envs(variables.iter().copied()), hint)
}

/// Copies a file, and creates the directory for it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result {
    make_parent(to)?;
    // Don't overwrite the old file: a process may have loaded it.
    let _ = fs::remove_file(to);
    let copied = fs::copy(from, to);
    copied
        .map(drop)
        .map_err(|error| format!("Cannot copy {}: {error}", from.display()))
}

pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result {
    make_parent(path)?;
    fs::write(path, content).map_err(|error| format!("Cannot write {}: {error}", path.display()))
}

fn make_parent(path: &Path) -> Result {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent)
        .map_err(|error| format!("Cannot create {}: {error}", parent.display()))
}
