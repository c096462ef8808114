//! The quick start of the README, done as a reader does it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::extension::{copy, write};
use crate::packages::read;
use crate::python::{Environment, Python};
use crate::run::{Result, cargo, headline, root, target};

const QUICK_START: &str = "## Quick start";

/// Tests the quick start with the last of these Pythons, which is the newest. Each Python needs a build of PyO3 of its
/// own, so all of them would take too long; `cargo xtask matrix` tries each.
pub(crate) fn test(pythons: &[Python]) -> Result {
    let Some(newest) = pythons.last() else {
        return Ok(());
    };
    with_maturin(newest)?;
    with_setuptools_rust(newest)
}

/// Writes the settings for the tools that call cargo themselves, and returns the README.
pub(crate) fn prepare() -> Result<String> {
    let directory = target("quick-start");
    write(
        &directory.join(".cargo/config.toml"),
        format!("build.target-dir = {:?}\n", directory.join("target")),
    )?;
    read(&root().join("README.md"))
}

pub(crate) fn with_maturin(python: &Python) -> Result {
    headline(&format!("The quick start with maturin and {python}"));
    let environment = python.environment("quick-start", &[])?;
    let readme = prepare()?;
    let project = write_project("project", &readme)?;
    let console = block(&readme, QUICK_START, "console")?.replace("$ ", "");
    let mut build = in_environment(&environment, environment.shell(), &project);
    output(build.args(["-e", "-c", &console]))?;
    run_example(&environment.python(), None, &project, &readme)?;

    if !python.is_embeddable() {
        println!("`cargo test` is left out: there is no shared library of this Python to link to.");
        return Ok(());
    }
    add_test(&project)?;
    let mut test = in_environment(&environment, environment.shell(), &project);
    // It can name the directory of a libpython.
    test.env_remove("LD_LIBRARY_PATH");
    output(test.args(["-e", "-c", "cargo test --quiet"])).map(drop)
}

/// Adds the test of the chapter on testing, and the build script with which it finds libpython.
fn add_test(project: &Path) -> Result {
    let chapter = read(&root().join("runtime/docs/testing.md"))?;
    let append = |file: &str, added: &str| {
        let file = project.join(file);
        let text = read(&file)?;
        write(&file, text + "\n" + added)
    };
    let [finding, looking] = ["# How `cargo test` finds", "# Rust tests that look"];
    append("Cargo.toml", block(&chapter, finding, "toml")?)?;
    append("Cargo.toml", block(&chapter, looking, "toml")?)?;
    append("src/lib.rs", block(&chapter, looking, "rust,ignore")?)?;
    write(
        &project.join("build.rs"),
        block(&chapter, finding, "rust,ignore")?,
    )
}

fn with_setuptools_rust(python: &Python) -> Result {
    headline(&format!(
        "The quick start with setuptools-rust and {python}"
    ));
    let environment = python.environment("setuptools-rust", &[])?;
    let readme = prepare()?;
    let project = write_project("setuptools-rust", &readme)?;
    copy(
        &root().join("tests/setuptools-rust/pyproject.toml"),
        &project.join("pyproject.toml"),
    )?;
    let mut pip = in_environment(&environment, Command::new(environment.python()), &project);
    output(pip.args(["-m", "pip", "install", "--force-reinstall", "."]))?;
    run_example(&environment.python(), None, &project, &readme)
}

/// Builds the project with cargo alone, and returns the library.
pub(crate) fn build(project: &Path, python: &Python, features: Option<&str>) -> Result<PathBuf> {
    let mut build = in_project(cargo(), project);
    build.args(["build", "--quiet"]);
    build.args(features.iter().flat_map(|it| ["--features", it]));
    build.env("PYO3_BUILD_EXTENSION_MODULE", "1");
    output(build.env("PYO3_PYTHON", &python.executable))?;
    Ok(target("quick-start/target/debug").join("liborders.so"))
}

/// Writes the files of the README, and returns their directory.
pub(crate) fn write_project(name: &str, readme: &str) -> Result<PathBuf> {
    let project = target("quick-start").join(name);
    // `add_test` has added files to it the last time.
    let _ = std::fs::remove_dir_all(&project);
    // As a user has it, but with the pylog that is here.
    let local = |package: &str, folder: &str| {
        let path = root().join(folder);
        format!("{package} = {{ path = {:?} }}\n", path.display())
    };
    let manifest = block(readme, QUICK_START, "toml")?.to_owned()
        + "\n[workspace]\n\n[patch.crates-io]\n"
        + &local("pylog", "runtime")
        + &local("pylog-macros", "macros");
    write(&project.join("Cargo.toml"), manifest)?;
    write(
        &project.join("src/lib.rs"),
        block(readme, QUICK_START, "rust")?,
    )?;
    write(
        &project.join("main.py"),
        block(readme, QUICK_START, "python")?,
    )?;
    Ok(project)
}

/// Runs the Python code of the README, and compares what it prints. `modules` is the directory of the extension, unless
/// it is installed.
pub(crate) fn run_example(
    python: &Path,
    modules: Option<&Path>,
    project: &Path,
    readme: &str,
) -> Result {
    let mut example = in_project(Command::new(python), project);
    example.envs(modules.map(|modules| ("PYTHONPATH", modules)));
    let printed = output(example.arg("main.py"))?;
    let expected = block(readme, QUICK_START, "text")?;
    if printed != expected {
        return Err(format!(
            "The quick start prints\n\n{printed}\ninstead of\n\n{expected}"
        ));
    }
    print!("{printed}");
    Ok(())
}

/// The first block in `language` behind a heading.
fn block<'a>(text: &'a str, heading: &str, language: &str) -> Result<&'a str> {
    let block = text.split_once(heading).and_then(|(_, rest)| {
        let (_, block) = rest.split_once(&format!("```{language}\n"))?;
        Some(block.split_once("```")?.0)
    });
    block.ok_or_else(|| format!("There is no block `{language}` behind `{heading}`."))
}

/// Runs a command in the project, without the variables that choose another Python, another target
/// directory or other levels.
fn in_project(mut command: Command, project: &Path) -> Command {
    command.current_dir(project).stdin(Stdio::null());
    for variable in [
        "CARGO_TARGET_DIR",
        "PYLOG_MAX_LEVEL",
        "PYO3_PYTHON",
        "PYTHONPATH",
    ] {
        command.env_remove(variable);
    }
    command
}

/// The same for a command that builds with the Python of `environment`. In the chroot, cargo has a target directory of its
/// own: a build script that is linked to the newer libc there doesn't run here.
fn in_environment(environment: &Environment, command: Command, project: &Path) -> Command {
    let mut command = in_project(command, project);
    if environment.is_in_chroot {
        command.env("CARGO_TARGET_DIR", target("quick-start/target-chroot"));
    }
    command
}

/// Runs a command, and returns what it wrote to its standard error.
fn output(command: &mut Command) -> Result<String> {
    let output = command.output();
    let output = output.map_err(|error| format!("Cannot run {command:?}: {error}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(stderr)
    } else {
        let stdout = String::from_utf8_lossy(&output.stdout);
        Err(format!("{command:?} failed:\n{stdout}{stderr}"))
    }
}
