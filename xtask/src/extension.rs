//! Builds the extension modules for the tests, and puts them where Python can import them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments::Variant;
use crate::chroot::Foreign;
use crate::python::Python;
use crate::run::{Result, cargo, run, target};

/// Builds `pylog_probe` with the newest PyO3, `pylog_oldest` with the oldest, `pylog_templates`, `pylog_tracing`,
/// `pylog_tracing_oldest`, and the package `forms` of a project with a helper crate. Returns the directory to import them from.
pub(crate) fn build() -> Result<PathBuf> {
    build_all(&Build::default())
}

/// The same for one Python, which can't load those of [`build`].
pub(crate) fn build_for(python: &Python) -> Result<PathBuf> {
    let (suffix, is_limited) = python.extension_suffix();
    build_all(&Build {
        directory: target("others").join(python.name()),
        suffix: suffix.to_owned(),
        is_limited,
        python: (!is_limited).then(|| python.executable.clone()),
        foreign: python.foreign(),
    })
}

/// What the extensions are built for.
struct Build {
    /// For the target directories and for the modules.
    directory: PathBuf,
    /// The end of the names of the modules.
    suffix: String,
    is_limited: bool,
    python: Option<PathBuf>,
    foreign: Option<&'static Foreign>,
}

impl Default for Build {
    /// For each CPython of this system.
    fn default() -> Build {
        Build {
            directory: target(""),
            suffix: ".abi3.so".to_owned(),
            is_limited: true,
            python: None,
            foreign: None,
        }
    }
}

fn build_all(build: &Build) -> Result<PathBuf> {
    let modules = build.directory.join("modules");
    let features = if build.is_limited {
        "--features abi3"
    } else {
        ""
    };
    let member = format!("--package pylog-test-extension {features}");
    let manifest = |directory: &str| format!("--manifest-path tests/{directory}/Cargo.toml");
    for (directory, arguments, libraries) in [
        (
            "extensions",
            member,
            &[("pylog_test_extension", "pylog_probe/_native")][..],
        ),
        (
            "oldest-pyo3",
            manifest("oldest-pyo3"),
            &[("pylog_oldest", "pylog_oldest")],
        ),
        (
            "templates",
            manifest("templates"),
            &[("pylog_templates", "pylog_templates")],
        ),
        (
            "tracing",
            manifest("tracing"),
            &[("pylog_tracing", "pylog_tracing")],
        ),
        (
            "tracing-oldest-pyo3",
            manifest("tracing-oldest-pyo3"),
            &[("pylog_tracing_oldest", "pylog_tracing_oldest")],
        ),
        (
            "forms",
            manifest("forms"),
            &[
                ("forms_native", "forms/_native"),
                ("forms_filtered", "forms/_filtered"),
            ],
        ),
    ] {
        println!("{directory}");
        let built = build.cargo(&arguments, &build.directory.join(directory))?;
        for (library, module) in libraries {
            let module = format!("{module}{}", build.suffix);
            copy(&built.join(build.library(library)), &modules.join(module))?;
        }
    }
    for package in ["forms", "pylog_probe"] {
        write(&modules.join(package).join("__init__.py"), "")?;
    }
    Ok(modules)
}

/// Builds another `pylog_probe`. Returns the directory to import it from.
pub(crate) fn build_variant(variant: Variant) -> Result<PathBuf> {
    let (name, arguments, flag) = match variant {
        Variant::NoReferencePool => (
            "without-reference-pool",
            "",
            "--cfg pyo3_disable_reference_pool",
        ),
        Variant::NoFastPath => ("without-fast-path", "--no-default-features", ""),
    };
    let modules = target(&format!("modules-{name}"));
    let directory = target(name);
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let arguments = format!("--package pylog-test-extension --features abi3 {arguments}");
    let mut build = cargo_build(&arguments, &directory);
    build.env("RUSTFLAGS", format!("{flags} {flag}"));
    run(&mut build, BUILD_HINT)?;
    copy(
        &directory.join("debug/libpylog_test_extension.so"),
        &modules.join("pylog_probe/_native.abi3.so"),
    )?;
    write(&modules.join("pylog_probe/__init__.py"), "")?;
    Ok(modules)
}

impl Build {
    /// Runs `cargo build`, and returns the directory of the libraries.
    fn cargo(&self, arguments: &str, directory: &Path) -> Result<PathBuf> {
        let mut build = cargo_build(arguments, directory);
        if let Some(python) = &self.python {
            build.env("PYO3_PYTHON", python);
        }
        let mut built = directory.to_owned();
        if let Some(foreign) = self.foreign {
            foreign.set_up(&mut build);
            build.args(["--target", foreign.target]);
            built.push(foreign.target);
        }
        run(&mut build, BUILD_HINT)?;
        Ok(built.join("debug"))
    }

    fn library(&self, name: &str) -> String {
        match self.suffix.as_str() {
            ".pyd" => format!("{name}.dll"),
            _ => format!("lib{name}.so"),
        }
    }
}

/// Builds a member of the workspace as an extension module for every Python version.
pub(crate) fn build_member(package: &str, module: &Path) -> Result {
    let build = Build::default();
    let arguments = format!("--package {package} --features abi3");
    let built = build.cargo(&arguments, &target("extensions"))?;
    copy(
        &built.join(build.library(&package.replace('-', "_"))),
        module,
    )
}

pub(crate) const BUILD_HINT: &str =
    "If cargo could not fetch a crate, check that it can reach crates.io or a mirror.";

/// `cargo build` with these arguments, for libraries that Python imports. `directory` is the target directory.
pub(crate) fn cargo_build(arguments: &str, directory: &Path) -> Command {
    let mut build = cargo();
    build.args(["build", "--target-dir"]);
    build.arg(directory).args(arguments.split_whitespace());
    // Such libraries don't link to libpython. maturin and setuptools-rust set this, too.
    build.env("PYO3_BUILD_EXTENSION_MODULE", "1");
    build
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
