//! The Python interpreters on this machine.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chroot::{self, Foreign};
use crate::run::{Result, command, output, run, target};

/// The oldest version that pylog supports.
const OLDEST: (u32, u32) = (3, 9);

const QUERY: &str = "\
import platform, sys, sysconfig
get = sysconfig.get_config_var
print(sys.implementation.name, *sys.version_info[:2], platform.python_version(),
      bool(get('Py_GIL_DISABLED')), sep='\\n')
print(sys.executable)
print(get('LIBDIR') if get('Py_ENABLE_SHARED') else '')
print(get('LDLIBRARY') or '')
print(get('EXT_SUFFIX'))";

/// One interpreter.
#[derive(Clone)]
pub(crate) struct Python {
    /// What runs it. In the chroot it has another path.
    pub(crate) executable: PathBuf,
    pub(crate) version: String,
    pub(crate) minor: (u32, u32),
    /// The directory of libpython, if it is a shared library that programs of this system can load.
    library: Option<PathBuf>,
    is_free_threaded: bool,
    is_pypy: bool,
    /// How it names the files of extensions.
    extension_suffix: String,
}

impl fmt::Display for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.title(), self.executable.display())
    }
}

/// The interpreter that `PYO3_PYTHON` names, or else `python3`, or else the newest one found.
pub(crate) fn default() -> Result<Python> {
    let usual = |python: &Path| query(python).filter(Python::is_usual);
    if let Some(python) =
        std::env::var_os("PYO3_PYTHON").and_then(|python| usual(Path::new(&python)))
    {
        return Ok(python);
    }
    let preferred = usual(Path::new("python3"));
    let newest = || all().ok()?.pop();
    preferred.or_else(newest).ok_or_else(missing)
}

/// One interpreter for each minor version, from the oldest to the newest. Searches `PYO3_PYTHON`,
/// `PATH`, pyenv, uv and the chroot.
///
/// # Errors
/// If none is found.
pub(crate) fn all() -> Result<Vec<Python>> {
    let mut found = BTreeMap::new();
    let pythons = candidates().into_iter().filter_map(|it| query(&it));
    for python in pythons.filter(Python::is_usual) {
        found.entry(python.minor).or_insert(python);
    }
    if found.is_empty() {
        return Err(missing());
    }
    Ok(found.into_values().collect())
}

/// The interpreters of [`all`] that have one of these versions, such as `3.13` or `3.13.0`, and those of [`others`] whose
/// launchers have these names. If `versions` is empty, all of [`all`].
///
/// # Errors
/// If one of the versions isn't found.
pub(crate) fn all_of(versions: &[String]) -> Result<Vec<Python>> {
    let mut found = all()?;
    if versions
        .iter()
        .any(|version| version.contains(char::is_alphabetic))
    {
        found.extend(others());
    }
    for version in versions {
        let is_wanted = |python: &Python| python.is(version);
        if !found.iter().any(is_wanted) {
            let found: Vec<_> = found.iter().map(|python| format!("  {python}")).collect();
            let found = found.join("\n");
            return Err(format!(
                "No Python {version} found. These were found:\n{found}"
            ));
        }
    }
    let is_selected = |python: &Python| {
        let is_wanted = |version: &String| python.is(version);
        versions.is_empty() || versions.iter().any(is_wanted)
    };
    Ok(found.into_iter().filter(is_selected).collect())
}

/// PyPy and the interpreters of other systems, in the chroot.
pub(crate) fn others() -> Vec<Python> {
    let candidates = chroot::pythons().chain(chroot::foreign_pythons());
    let pythons = candidates.filter_map(|it| query(&it));
    pythons.filter(|python| !python.is_usual()).collect()
}

/// Whether `full` is `version` or a patch release of it: `3.13.0` is a `3.13`, but not a `3.1`.
fn is_version(full: &str, version: &str) -> bool {
    let rest = full.strip_prefix(version);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The newest free-threaded interpreter with a shared library. Also searches the one that
/// `cargo xtask free-threaded` builds.
pub(crate) fn free_threaded() -> Option<Python> {
    let pythons = free_threaded_pythons().filter(|python| python.library.is_some());
    pythons.max_by_key(|python| python.minor)
}

/// One free-threaded interpreter for each minor version, from the oldest to the newest.
pub(crate) fn all_free_threaded() -> Vec<Python> {
    let mut found = BTreeMap::new();
    for python in free_threaded_pythons() {
        found.entry(python.minor).or_insert(python);
    }
    found.into_values().collect()
}

fn free_threaded_pythons() -> impl Iterator<Item = Python> {
    let built = target("free-threaded/python/bin/python3");
    let pythons = candidates().into_iter().chain([built]);
    pythons
        .filter_map(|it| query(&it))
        .filter(|python| python.is_free_threaded)
}

fn missing() -> String {
    let (major, minor) = OLDEST;
    format!(
        "No Python found. pylog needs CPython {major}.{minor} or newer. Install it so that \
         `python3` runs it, or set PYO3_PYTHON to its path."
    )
}

fn candidates() -> Vec<PathBuf> {
    let mut candidates: Vec<PathBuf> = std::env::var_os("PYO3_PYTHON")
        .map(Into::into)
        .into_iter()
        .collect();
    for directory in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        candidates.push(directory.join("python3"));
        for minor in OLDEST.1..30 {
            candidates.push(directory.join(format!("python3.{minor}")));
            candidates.push(directory.join(format!("python3.{minor}t")));
        }
    }
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    for collection in [pyenv.join("versions"), home.join(".local/share/uv/python")] {
        let entries = std::fs::read_dir(collection)
            .into_iter()
            .flatten()
            .flatten();
        candidates.extend(entries.map(|entry| entry.path().join("bin/python3")));
    }
    candidates.extend(chroot::pythons());
    // A name without a directory comes from `PYO3_PYTHON`, and is looked up on the path.
    candidates.retain(|candidate| candidate.components().count() == 1 || candidate.exists());
    candidates
}

/// Asks an interpreter for its properties. Returns `None` if it can't be run, as with a launcher of a
/// version that isn't installed, or if pylog doesn't support it.
fn query(candidate: &Path) -> Option<Python> {
    let answer = output(command(candidate).args(["-c", QUERY]))?;
    let lines: Vec<&str> = answer.lines().collect();
    let [
        implementation,
        major,
        minor,
        version,
        no_gil,
        executable,
        libdir,
        library,
        suffix,
    ] = lines[..]
    else {
        return None;
    };
    let minor = (major.parse().ok()?, minor.parse().ok()?);
    let is_pypy = implementation == "pypy";
    if !is_pypy && implementation != "cpython" || minor < OLDEST {
        return None;
    }
    let libdir = PathBuf::from(libdir);
    let is_in_chroot = chroot::has(candidate);
    let has_library = !is_in_chroot && libdir.join(library).exists();
    Some(Python {
        executable: match is_in_chroot {
            true => candidate.to_owned(),
            false => executable.into(),
        },
        version: version.to_owned(),
        minor,
        library: has_library.then_some(libdir),
        is_free_threaded: no_gil == "True",
        is_pypy,
        extension_suffix: suffix.to_owned(),
    })
}

/// The interpreter to embed in Rust tests: the default one, or else the newest with a shared library.
pub(crate) fn embeddable() -> Result<Python> {
    let mut candidates = vec![default()?];
    candidates.extend(all()?.into_iter().rev());
    let names: Vec<_> = candidates.iter().map(Python::to_string).collect();
    candidates.into_iter().find(Python::is_embeddable).ok_or_else(|| {
        format!(
            "The Rust tests embed Python, and none of these has a shared library with its development \
             files: {}.\nOn Debian and Ubuntu, run `apt install python3-dev`. With pyenv, run \
             `PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install 3.13`.",
            names.join(", ")
        )
    })
}

impl Python {
    /// Whether a build of the limited API for this system loads there.
    pub(crate) fn is_usual(&self) -> bool {
        !self.is_free_threaded && !self.is_pypy && self.foreign().is_none()
    }

    /// Whether a person means this one by `version`: `3.13`, `3.13t`, or the name of a launcher.
    pub(crate) fn is(&self, version: &str) -> bool {
        match version.strip_suffix('t') {
            Some(version) if self.is_free_threaded => is_version(&self.version, version),
            None if self.is_usual() => is_version(&self.version, version),
            _ => self.executable.ends_with(version),
        }
    }

    /// The version, with a `t` if it is free-threaded. Different for each Python.
    pub(crate) fn name(&self) -> String {
        let suffix = if self.is_free_threaded { "t" } else { "" };
        let system = self.foreign().map(|foreign| format!("-{}", foreign.target));
        let implementation = if self.is_pypy { "pypy-" } else { "" };
        format!(
            "{implementation}{}{suffix}{}",
            self.version,
            system.unwrap_or_default()
        )
    }

    /// What a person calls it.
    pub(crate) fn title(&self) -> String {
        let implementation = if self.is_pypy { "PyPy" } else { "CPython" };
        let suffix = if self.is_free_threaded { "t" } else { "" };
        let system = self
            .foreign()
            .map(|foreign| format!(", {}", foreign.target));
        format!(
            "{implementation} {}{suffix}{}",
            self.version,
            system.unwrap_or_default()
        )
    }

    /// The other system that it runs on.
    pub(crate) fn foreign(&self) -> Option<&'static Foreign> {
        chroot::foreign(&self.executable)
    }

    /// How a build for this Python names the files of extensions, and whether it is one of the limited API.
    pub(crate) fn extension_suffix(&self) -> (&str, bool) {
        match self.foreign() {
            Some(foreign) if foreign.target.contains("windows") => (".pyd", true),
            None if self.is_pypy || self.is_free_threaded => (&self.extension_suffix, false),
            _ => (".abi3.so", true),
        }
    }

    /// The installation directory.
    pub(crate) fn prefix(&self) -> PathBuf {
        // The executable is `bin/python3` there.
        self.executable
            .ancestors()
            .nth(2)
            .map_or_else(PathBuf::new, Path::to_owned)
    }

    /// Whether it runs only in the chroot.
    pub(crate) fn is_in_chroot(&self) -> bool {
        chroot::has(&self.executable)
    }

    /// Whether there is a libpython to embed.
    pub(crate) fn is_embeddable(&self) -> bool {
        self.library.is_some()
    }

    /// Makes PyO3 build for this interpreter, and the dynamic loader find its library.
    pub(crate) fn embed_in(&self, command: &mut Command) {
        command.env("PYO3_PYTHON", &self.executable);
        if let Some(library) = &self.library {
            let before = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
            let paths = std::iter::once(library.clone()).chain(std::env::split_paths(&before));
            if let Ok(paths) = std::env::join_paths(paths) {
                command.env("LD_LIBRARY_PATH", paths);
            }
        }
    }

    /// Returns a virtual environment below `target` with these packages. Creates it if necessary.
    pub(crate) fn environment(&self, name: &str, packages: &[&str]) -> Result<Environment> {
        let directory = target("venv").join(format!("{name}-{}", self.name()));
        let environment = Environment {
            directory,
            is_in_chroot: self.is_in_chroot(),
        };
        // If Debian's `python3-venv` is missing, a try leaves an environment without pip behind.
        if output(command(environment.python()).args(["-c", "import pip"])).is_none() {
            let (major, minor) = self.minor;
            let hint = format!(
                "{self} cannot create virtual environments: its module `venv` or `ensurepip` may be \
                 missing. On Debian and Ubuntu, they are in the package `python{major}.{minor}-venv`: \
                 run `apt install python{major}.{minor}-venv`."
            );
            let mut venv = command(&self.executable);
            run(
                venv.args(["-m", "venv", "--clear"])
                    .arg(&environment.directory),
                &hint,
            )?;
            if environment.is_in_chroot {
                let python = environment.directory.join("bin/python");
                chroot::write_launcher(&environment.python(), &python)?;
            }
        }
        if !packages.is_empty() {
            environment.install(packages)?;
        }
        Ok(environment)
    }
}

/// Installs packages that are pure Python into a directory, for a Python without pip, and returns that directory. The
/// pip of another Python does it.
pub(crate) fn pure_packages(packages: &[&str]) -> Result<PathBuf> {
    let directory = target("packages-for-others");
    let mut arguments: Vec<&OsStr> = vec!["--upgrade".as_ref(), "--target".as_ref()];
    arguments.push(directory.as_os_str());
    arguments.extend(packages.iter().map(OsStr::new));
    default()?.environment("pip", &[])?.install(&arguments)?;
    Ok(directory)
}

/// A virtual environment.
pub(crate) struct Environment {
    directory: PathBuf,
    pub(crate) is_in_chroot: bool,
}

impl Environment {
    pub(crate) fn python(&self) -> PathBuf {
        let name = match self.is_in_chroot {
            true => "bin/python-in-chroot",
            false => "bin/python",
        };
        self.directory.join(name)
    }

    /// A shell in which the environment is active.
    pub(crate) fn shell(&self) -> Command {
        let mut shell = match self.is_in_chroot {
            true => chroot::command("sh"),
            false => command("sh"),
        };
        let before = std::env::var_os("PATH").unwrap_or_default();
        let paths =
            std::iter::once(self.directory.join("bin")).chain(std::env::split_paths(&before));
        if let Ok(paths) = std::env::join_paths(paths) {
            shell.env("PATH", paths);
        }
        shell.env("VIRTUAL_ENV", &self.directory);
        shell
    }

    /// Runs `pip install`.
    pub(crate) fn install<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result {
        let hint = "pip could not install the packages. Check that it can reach PyPI or a mirror.";
        run(self.pip_install().args(arguments), hint)
    }

    /// The same, and shows what pip and the build backend do.
    pub(crate) fn install_verbosely<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result {
        let hint = "The output above has the cause.";
        let mut pip = command(self.python());
        pip.args(["-m", "pip", "install", "--verbose"]);
        pip.arg("--disable-pip-version-check").args(arguments);
        run(&mut pip, hint)
    }

    /// Installs those of the packages that need no compiler. Returns the others.
    pub(crate) fn install_wheels<'a>(&self, packages: &[&'a str]) -> Vec<&'a str> {
        let is_installed = |packages: &[&str]| {
            let mut pip = self.pip_install();
            output(pip.arg("--only-binary=:all:").args(packages)).is_some()
        };
        if is_installed(packages) {
            return Vec::new();
        }
        let is_missing = |package: &&&str| !is_installed(&[**package]);
        packages.iter().filter(is_missing).copied().collect()
    }

    fn pip_install(&self) -> Command {
        let mut pip = command(self.python());
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        pip
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_stands_for_its_patches() {
        assert!(super::is_version("3.13.0", "3.13"));
        assert!(super::is_version("3.13.0", "3.13.0"));
        assert!(!super::is_version("3.13.0", "3.1"));
        assert!(!super::is_version("3.13.0", "3.13.1"));
        assert!(!super::is_version("3.13.0", "3.12"));
    }
}
