//! The packages: the crates as a registry gets them, and wheels of the examples as pip gets them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::extension::write;
use crate::python::{self, Environment, Python};
use crate::run::{Result, cargo, command, headline, output, root, run, run_quietly, target};

/// The crates that are published, in that order, with their directories.
pub(crate) const CRATES: [(&str, &str); 2] = [("pylog-macros", "macros"), ("pylog", "runtime")];

/// The files that each package must have beside its code.
const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Packages both crates and builds them from the packaged files. Then builds a source distribution and a
/// wheel of `examples/treewalk` with the first of these Pythons, and installs the wheel into the last one.
/// Builds a wheel of `examples/fetch` with the first one, too, and runs its demo on the first and the last one.
pub(crate) fn test(pythons: &[Python]) -> Result {
    let (Some(first), Some(last)) = (pythons.first(), pythons.last()) else {
        return Ok(());
    };
    readme()?;
    crates(&["package", "--allow-dirty"])?;
    treewalk(first, last)?;
    fetch(first, last)
}

/// Compares `runtime/README.md` with the README of the repository.
///
/// # Errors
/// If they differ. The file is correct afterwards.
pub(crate) fn readme() -> Result {
    if write_readme()? {
        return Err(
            "runtime/README.md differed from README.md. It is written again: commit it.".to_owned(),
        );
    }
    Ok(())
}

/// Writes `runtime/README.md` from the README of the repository, and returns whether it differed.
pub(crate) fn write_readme() -> Result<bool> {
    let [from, to] = ["README.md", "runtime/README.md"].map(|path| root().join(path));
    let expected = readme_of_package(&read(&from)?);
    let missing: Vec<_> = links(&expected)
        .filter(|link| !root().join("runtime").join(path_of(link)).exists())
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "README.md has links to files that don't exist: {}",
            missing.join(", ")
        ));
    }
    let differed = !read(&to).is_ok_and(|found| found == expected);
    if differed {
        write(&to, expected)?;
    }
    Ok(differed)
}

/// The README with links that are relative to `runtime`, as a registry resolves those of the package.
fn readme_of_package(readme: &str) -> String {
    let mut parts = readme.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text += "](";
        if !is_relative(part) {
            text += part;
        } else if let Some(part) = part.strip_prefix("runtime/") {
            text += part;
        } else {
            text += "../";
            text += part;
        }
    }
    text
}

/// The relative links of a Markdown text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter(|part| is_relative(part));
    links.filter_map(|part| Some(part.split_once(')')?.0))
}

fn is_relative(link: &str) -> bool {
    !link.starts_with("http") && !link.starts_with('#')
}

fn path_of(link: &str) -> &str {
    link.split('#').next().unwrap_or(link)
}

/// Runs `cargo package` or `cargo publish --dry-run` of both crates. cargo builds them from the packaged files,
/// the second one with the package of the first.
pub(crate) fn crates(arguments: &[&str]) -> Result {
    headline(&format!("cargo {} of both crates", arguments.join(" ")));
    let python = python::default()?;
    let both = CRATES.map(|(package, _)| ["--package", package]);
    for (package, _) in CRATES {
        let mut list = cargo();
        list.args(["package", "--list", "--allow-dirty", "--package", package]);
        let list = output(&mut list).ok_or("`cargo package --list` failed.")?;
        for file in FILES {
            if !list.lines().any(|line| line == file) {
                return Err(format!("The package {package} has no {file}."));
            }
        }
        println!("{package}: {} files", list.lines().count());
    }
    let mut package = cargo();
    package.args(arguments).args(both.as_flattened());
    package.args(["--quiet", "--all-features", "--target-dir"]);
    package.arg(target("packages"));
    let hint = "The output above has the cause.";
    run(package.env("PYO3_PYTHON", &python.executable), hint)
}

/// Builds with one Python, installs into another.
fn treewalk(builder: &Python, user: &Python) -> Result {
    headline(&format!(
        "A wheel of examples/treewalk, built with {builder}"
    ));
    let distributions = empty("packages/treewalk")?;
    let maturin = maturin(builder)?;
    let mut sdist = command(maturin.python());
    sdist.args(["-m", "maturin", "sdist"]);
    sdist.args(["--manifest-path", "examples/treewalk/Cargo.toml", "--out"]);
    let hint = "maturin could not build the source distribution.";
    run_shown(sdist.arg(&distributions), hint)?;
    // From the source distribution: that shows that nothing is missing in it.
    let mut wheel = command(maturin.python());
    wheel.args(["-m", "pip", "wheel", "--no-deps", "--quiet"]);
    wheel.args(["--disable-pip-version-check", "--wheel-dir"]);
    wheel.arg(&distributions);
    wheel.arg(with_extension(&distributions, "tar.gz")?);
    let hint = "pip could not build the wheel from the source distribution.";
    run_shown(&mut wheel, hint)?;

    log_once(&install(&wheel_in(&distributions)?, user)?)
}

/// Builds with one Python, and runs the demo on both.
fn fetch(builder: &Python, user: &Python) -> Result {
    headline(&format!("A wheel of examples/fetch, built with {builder}"));
    let distributions = empty("packages/fetch")?;
    let mut build = command(maturin(builder)?.python());
    build.args(["-m", "maturin", "build"]);
    build.args(["--manifest-path", "examples/fetch/Cargo.toml", "--out"]);
    build.arg(&distributions);
    build.env("CARGO_TARGET_DIR", target("fetch"));
    run_shown(&mut build, "maturin could not build the wheel.")?;
    let wheel = wheel_in(&distributions)?;
    for python in [builder, user] {
        let environment = install(&wheel, python)?;
        let mut demo = command(environment.python());
        run(demo.arg("examples/fetch/demo.py"), "The demo failed.")?;
    }
    Ok(())
}

/// An empty directory below `target`.
fn empty(name: &str) -> Result<PathBuf> {
    let directory = target(name);
    let removed = match directory.exists() {
        true => fs::remove_dir_all(&directory),
        false => Ok(()),
    };
    removed.map_err(|error| format!("Cannot remove {}: {error}", directory.display()))?;
    Ok(directory)
}

/// An environment with maturin.
fn maturin(python: &Python) -> Result<Environment> {
    python.environment("packages", &["maturin>=1.9.4,<2"])
}

/// The wheel in a directory, which must be one for every Python.
fn wheel_in(directory: &Path) -> Result<PathBuf> {
    let wheel = with_extension(directory, "whl")?;
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    println!("{name}");
    match name.contains("-cp39-abi3-") {
        true => Ok(wheel),
        false => Err("The wheel isn't one for the limited API of Python 3.9.".to_owned()),
    }
}

/// Installs a wheel into an environment of this Python.
fn install(wheel: &Path, python: &Python) -> Result<Environment> {
    headline(&format!("The wheel, installed into {python}"));
    let environment = python.environment("wheel", &[])?;
    environment.install(&[
        "--force-reinstall".as_ref(),
        "--no-deps".as_ref(),
        "--no-index".as_ref(),
        wheel.as_os_str(),
    ])?;
    Ok(environment)
}

/// Walks a directory with one file, and looks for the record of its end.
fn log_once(environment: &Environment) -> Result {
    let directory = target("packages/walked");
    write(&directory.join("file.txt"), "one line\n")?;
    let mut walk = command(environment.python());
    walk.args(["-m", "treewalk"]).arg(&directory);
    let (printed, result) = run_quietly(&mut walk, "treewalk failed.");
    print!("{printed}");
    result?;
    let is_logged = printed
        .lines()
        .any(|line| line.contains(" INFO     treewalk"));
    match is_logged && printed.contains("1 directories, 1 files, 1 lines") {
        true => Ok(()),
        false => Err("treewalk did not log what it found.".to_owned()),
    }
}

/// Runs a command, and shows its output if it fails.
fn run_shown(command: &mut Command, hint: &str) -> Result {
    let (text, result) = run_quietly(command, hint);
    result.map_err(|problem| text + &problem)
}

/// The file in a directory whose name ends so.
fn with_extension(directory: &Path, extension: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths = entries.map(|entry| entry.path());
    let found = paths.find(|path| path.to_string_lossy().ends_with(extension));
    found.ok_or_else(|| format!("{} has no {extension}.", directory.display()))
}

pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("Cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_links_of_the_package_are_relative_to_its_directory() {
        let readme = "[a](runtime/docs/a.md#b) ![c](benches/c.svg) [d](https://d.org) [e](#e)";
        let package = "[a](docs/a.md#b) ![c](../benches/c.svg) [d](https://d.org) [e](#e)";
        assert_eq!(readme_of_package(readme), package);
        let links: Vec<_> = links(package).map(path_of).collect();
        assert_eq!(links, ["docs/a.md", "../benches/c.svg"]);
    }
}
