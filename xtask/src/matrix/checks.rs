//! Toolchains, targets, features, versions of the dependencies, documentation and packages.

use std::fs;
use std::process::Command;

use super::{HINT, NOT_INSTALLED, Outcome, Report, directory, row, run_captured};
use crate::extension::write;
use crate::packages::{self, read};
use crate::python;
use crate::release::value;
use crate::run::{Result, cargo, command, output, root, run, toolchain};

/// The targets of other systems. Linux on x86-64 is where this runs.
const TARGETS: [&str; 6] = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-gnu",
    "wasm32-unknown-emscripten",
    "x86_64-pc-windows-gnu",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-musl",
];

const ARM: &str = TARGETS[1];

/// The table, with a row for each check.
pub(super) fn table(report: &mut Report) -> Result<String> {
    let mut table = row(["check".to_owned(), "result".to_owned()]);
    table += &row(vec!["---".to_owned(); 2]);
    let mut check = |name: &str, missing: Option<Outcome>, attempt: &dyn Fn() -> Result| {
        let outcome = missing.unwrap_or_else(|| report.attempt(name, attempt));
        table += &row([name.to_owned(), outcome.to_string()]);
    };

    let manifest = read(&root().join("Cargo.toml"))?;
    let msrv = value(&manifest, "rust-version").ok_or("Cargo.toml has no rust-version.")?;
    check(&format!("Rust {msrv}"), missing_toolchain(msrv), &|| {
        // Old compilers may warn of more. Users don't see the warnings of a dependency.
        run_captured(&mut cargo_check(toolchain(msrv), &["--package", "pylog"])?)
    });
    for oldest in ["minimal-versions", "direct-minimal-versions"] {
        let name = format!("the oldest dependencies, `-Z{oldest}`");
        check(&name, missing_toolchain("nightly"), &|| {
            with_oldest_dependencies(oldest, &manifest)
        });
    }
    let targets = output(command("rustup").args(["target", "list", "--installed"]));
    let targets = targets.unwrap_or_default();
    let missing_target = |target: &str| {
        let is_installed = targets.lines().any(|line| line == target);
        (!is_installed).then_some(NOT_INSTALLED)
    };
    for target in TARGETS {
        let name = format!("`cargo check` for {target}");
        check(&name, missing_target(target), &|| compiles_for(target));
    }
    check(
        &format!("a call that is off, {ARM}"),
        missing_target(ARM),
        &|| run_ignored("aarch64::"),
    );
    check("the size of an extension", None, &|| run_ignored("size::"));
    let valgrind = output(command("valgrind").arg("--version"));
    let missing = valgrind.is_none().then_some(NOT_INSTALLED);
    let name = "the instructions of an import and of a first record";
    check(name, missing, &|| run_ignored("startup::"));
    let miri = output(toolchain("nightly").args(["miri", "--version"]));
    let missing = miri.is_none().then_some(NOT_INSTALLED);
    check("memory that threads share, in Miri", missing, &in_miri);

    let features = features()?;
    check("cargo features: none, each one, all", None, &|| {
        with_features(&features)
    });
    check(
        "all sets of cargo features, cargo-hack",
        missing_subcommand("hack"),
        &|| with_all_sets(&features),
    );
    let tag = output(command("git").args(["describe", "--tags", "--abbrev=0"]));
    let missing = match tag {
        Some(_) => missing_subcommand("semver-checks"),
        None => Some(Outcome::Missing("no release yet")),
    };
    check(
        "the API since the last release, cargo-semver-checks",
        missing,
        &|| {
            let mut semver = cargo();
            semver.args(["semver-checks", "--package", "pylog", "--baseline-rev"]);
            run_captured(semver.arg(tag.as_deref().unwrap_or_default().trim()))
        },
    );
    check(
        "the documentation as docs.rs builds it",
        missing_toolchain("nightly"),
        &document,
    );
    let pythons = python::all()?;
    check("both packages, and a wheel of the example", None, &|| {
        packages::test(&pythons)
    });
    Ok(table)
}

fn missing_toolchain(name: &str) -> Option<Outcome> {
    let version = output(toolchain(name).arg("--version"));
    version.is_none().then_some(NOT_INSTALLED)
}

fn missing_subcommand(name: &str) -> Option<Outcome> {
    let version = output(cargo().args([name, "--version"]));
    version.is_none().then_some(NOT_INSTALLED)
}

fn cargo_check(mut cargo: Command, arguments: &[&str]) -> Result<Command> {
    cargo.args(["check", "--quiet", "--target-dir"]);
    cargo.arg(directory().join("check")).args(arguments);
    cargo.env("PYO3_PYTHON", python::default()?.executable);
    Ok(cargo)
}

/// Runs `cargo check`. A warning is an error: no other check sees those of a target or of a set of features.
fn compiles(cargo: Command, arguments: &[&str]) -> Result {
    run_captured(cargo_check(cargo, arguments)?.env("RUSTFLAGS", "-Dwarnings"))
}

/// For a target whose Python isn't here: first for one version of Python, then for the limited API.
fn compiles_for(target: &str) -> Result {
    let base = ["--package", "pylog", "--target", target];
    let mut one_version = cargo();
    one_version.env("PYO3_CROSS_PYTHON_VERSION", "3.13");
    compiles(one_version, &base)?;
    let mut limited = cargo();
    limited.env("PYO3_NO_PYTHON", "1");
    // Otherwise PyO3 looks for the library of a Python with the system of this one, such as Linux with musl.
    limited.env("PYO3_BUILD_EXTENSION_MODULE", "1");
    let features = ["--all-features", "--features", "pyo3/abi3-py39"];
    compiles(limited, &[&base[..], &features].concat())
}

/// Both crates in a workspace of their own, whose `Cargo.lock` may change.
fn with_oldest_dependencies(flag: &str, manifest: &str) -> Result {
    let workspace = directory().join(flag);
    let removed = match workspace.exists() {
        true => fs::remove_dir_all(&workspace),
        false => Ok(()),
    };
    removed.map_err(|error| format!("Cannot remove {}: {error}", workspace.display()))?;
    let members = manifest
        .split_once("members = [")
        .and_then(|(before, rest)| {
            let (_, after) = rest.split_once(']')?;
            Some(format!(
                "{before}members = [\"macros\", \"runtime\"]{after}"
            ))
        });
    let members = members.ok_or("Cargo.toml has no list of members.")?;
    write(&workspace.join("Cargo.toml"), members)?;
    let mut copy = command("cp");
    run(copy.args(["-R", "macros", "runtime"]).arg(&workspace), HINT)?;

    let mut lock = toolchain("nightly");
    lock.args(["generate-lockfile", &format!("-Z{flag}")]);
    run_captured(lock.current_dir(&workspace))?;
    let mut check = toolchain("nightly");
    check.current_dir(&workspace);
    compiles(check, &["--all-features"])
}

/// Runs the tests of a module of `tests/binary` that are ignored elsewhere.
fn run_ignored(module: &str) -> Result {
    let mut test = cargo();
    python::embeddable()?.embed_in(&mut test);
    test.args(["test", "--quiet", "--package", "pylog-tests"]);
    test.args(["--test", "binary", "--", module, "--ignored"]);
    run_captured(&mut test)
}

/// What is unsafe and doesn't call Python, which Miri couldn't run.
fn in_miri() -> Result {
    let mut test = toolchain("nightly");
    test.args(["miri", "test", "--quiet", "--package", "pylog", "--lib"]);
    test.arg("--target-dir").arg(directory().join("miri"));
    test.args(["--", "raw::list::", "raw::once::", "raw::shared::"]);
    test.env("PYO3_PYTHON", python::default()?.executable);
    run_captured(&mut test)
}

/// The names of pylog's cargo features.
fn features() -> Result<Vec<String>> {
    let manifest = read(&root().join("runtime/Cargo.toml"))?;
    let section = manifest.split_once("\n[features]\n").map(|(_, rest)| rest);
    let section = section.and_then(|rest| rest.split("\n[").next());
    let section = section.ok_or("runtime/Cargo.toml has no features.")?;
    let names = section.lines().filter(|line| !line.starts_with('#'));
    let names = names.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()));
    Ok(names.filter(|name| name != "default").collect())
}

fn with_features(features: &[String]) -> Result {
    let without_default = ["--package", "pylog", "--no-default-features"];
    let each = features.iter().map(|it| vec!["--features", it.as_str()]);
    for set in [vec![], vec!["--all-features"]].into_iter().chain(each) {
        compiles(cargo(), &[&without_default[..], &set].concat())?;
    }
    Ok(())
}

/// The static levels count as one feature: only the first that is set has an effect.
fn with_all_sets(features: &[String]) -> Result {
    let is_level = |name: &&String| name.contains("max_level_");
    let levels: Vec<_> = features.iter().filter(is_level).cloned().collect();
    let levels = levels.join(",");
    let mut hack = cargo();
    hack.args(["hack", "check", "--quiet", "--package", "pylog"]);
    hack.args(["--feature-powerset", "--group-features", &levels]);
    hack.arg("--target-dir").arg(directory().join("check"));
    hack.env("PYO3_PYTHON", python::default()?.executable);
    run_captured(hack.env("RUSTFLAGS", "-Dwarnings"))
}

fn document() -> Result {
    let mut doc = toolchain("nightly");
    doc.args(["doc", "--quiet", "--no-deps", "--all-features"]);
    doc.args(["--package", "pylog", "--target-dir"]);
    doc.arg(directory().join("doc"));
    doc.env("PYO3_PYTHON", python::default()?.executable);
    run_captured(doc.env("RUSTDOCFLAGS", "--cfg docsrs -D warnings"))
}
