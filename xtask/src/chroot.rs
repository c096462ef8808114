//! `cargo xtask chroot`: newer Pythons than this system has, in a Debian below `target`.
//!
//! A program of that Debian sees its `/usr` in place of the one of this system, and everything else as it is: the
//! repository, the toolchain and `/tmp` have the same paths. The mount is in a namespace of that program, so it ends
//! with the program, however that ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::extension::write;
use crate::run::{self, Result, headline, output, run, target};

/// The release that has the newest Pythons.
const RELEASE: &str = "sid";

/// The interpreters. Each has a launcher of this name.
const PYTHONS: [&str; 2] = ["python3.14", "python3.15"];

/// With a compiler, to do the quick start there.
const PACKAGES: &str =
    "gcc,libc6-dev,python3.14-dev,python3.14-venv,python3.15-dev,python3.15-venv";

/// Runs a program of the Debian, with its arguments. Without root, the user has to be root in a namespace.
const ENTER: &str = r#"#!/bin/sh
root=$(dirname "$(realpath "$0")")/root
[ "$(id -u)" = 0 ] || user=--map-root-user
exec unshare $user --mount sh -c 'mount --bind "$0/usr" /usr && exec "$@"' "$root" "$@"
"#;

/// Makes the Debian, if it isn't there.
///
/// # Errors
/// If debootstrap is missing or fails.
pub(crate) fn make() -> Result {
    if !root().exists() {
        let hint = "This needs Linux, root, `debootstrap` and `unshare`: on Debian and Ubuntu, run \
                    `apt install debootstrap util-linux`.";
        headline(&format!("Debian {RELEASE} into {}", root().display()));
        let unfinished = directory().join("unfinished");
        let removed = match unfinished.exists() {
            true => fs::remove_dir_all(&unfinished),
            false => Ok(()),
        };
        removed.map_err(|error| format!("Cannot remove {}: {error}", unfinished.display()))?;
        // What debootstrap mounts is in the namespace of that process, too.
        let mut debootstrap = run::command("unshare");
        debootstrap.args(["--mount", "debootstrap", "--variant=minbase"]);
        debootstrap.arg(format!("--include={PACKAGES}"));
        run(debootstrap.arg(RELEASE).arg(&unfinished), hint)?;
        let renamed = fs::rename(&unfinished, root());
        renamed.map_err(|error| format!("Cannot rename {}: {error}", unfinished.display()))?;
    }
    write_script(&enter(), ENTER)?;
    for python in PYTHONS {
        let program = Path::new("/usr/bin").join(python);
        let launcher = launchers().join(python);
        write_launcher(&launcher, &program)?;
        let version = output(run::command(&launcher).arg("--version"));
        let version = version.ok_or(format!("{} doesn't run.", launcher.display()))?;
        println!("{}: {}", launcher.display(), version.trim());
    }
    println!("`cargo xtask test`, `soak` and `matrix` find them: `cargo xtask test --python 3.15`");
    Ok(())
}

fn directory() -> PathBuf {
    target("chroot")
}

fn root() -> PathBuf {
    directory().join("root")
}

fn launchers() -> PathBuf {
    directory().join("bin")
}

/// The program that runs another one with the `/usr` of the Debian.
fn enter() -> PathBuf {
    directory().join("enter")
}

/// A command that runs a program of the Debian in the root of the repository.
pub(crate) fn command(program: &str) -> Command {
    let mut command = run::command(enter());
    command.arg(program);
    command
}

/// The launchers of the interpreters. They may be missing.
pub(crate) fn pythons() -> impl Iterator<Item = PathBuf> {
    PYTHONS.iter().map(|python| launchers().join(python))
}

/// Whether this is one of the launchers.
pub(crate) fn has(executable: &Path) -> bool {
    executable.starts_with(directory())
}

/// Writes a script that runs `program` with the `/usr` of the Debian.
pub(crate) fn write_launcher(launcher: &Path, program: &Path) -> Result {
    let [enter, program] = [&enter(), program].map(|path| path.display().to_string());
    write_script(
        launcher,
        &format!("#!/bin/sh\nexec '{enter}' '{program}' \"$@\"\n"),
    )
}

fn write_script(path: &Path, text: &str) -> Result {
    write(path, text)?;
    run(
        run::command("chmod").arg("+x").arg(path),
        "A launcher has to be executable.",
    )
}
