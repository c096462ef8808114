//! The command line.

use crate::matrix::TABLES;
use crate::run::Result;

pub(crate) const HELP: &str = "\
usage: cargo xtask COMMAND

  demo             build the example package into a virtual environment and show what it logs
  test             run all tests: the Rust tests, the README's quick start, and the Python-side tests on
                   every Python found
  bench            measure calls beside pyo3-log, log, tracing and Python's own logger
  compare          apply the same random reconfigurations to pylog and to pyo3-log, and count how
                   often each disagrees with Python
  soak SECONDS SEED
                   reconfigure logging at random while threads, signals and processes log, and compare
                   what arrives with Python's own logger; each round of a few seconds has the next seed
  free-threaded    run the Python-side tests on a Python without a GIL, and under ThreadSanitizer
  address-sanitizer
                   run the Python-side tests under AddressSanitizer; needs Rust's nightly toolchain
  matrix [TABLE …] print the tables of the guide's chapter on support: `pyo3` tries each version of PyO3 on
                   each Python, `tests` runs the Python-side tests on each Python, `checks` tries other
                   targets, toolchains and features
  chroot           make a Debian below `target` with Python 3.14 and 3.15, which the other commands then find
                   like the Pythons of this system, and with PyPy; needs Linux, root and debootstrap
  fingerprints     print the functions of Python's `logging` that pylog doesn't know by their bytecode, for
                   each Python found
  release-check    say what is missing for a release of the version in Cargo.toml
  help             show this text

options of `test`:

  --rust           run only the Rust tests
  --pytest         run only the Python-side tests, which pytest runs
  --quick-start    only do what the README's quick start says, on the oldest and the newest Python
  --packages       only package both crates and wheels of the examples, which the other tests don't do: the
                   wheels are built with the oldest Python and installed into the newest
  --no-reference-pool
                   run only the Python-side tests, with an extension that aborts the process where a
                   detached thread drops a reference to a Python object
  --no-fast-path   the same with an extension without pylog's feature `fast-path`
  --python VERSION use only this version, such as 3.13, for all but the Rust tests; may be given
                   several times. After `chroot` also pypy3.11, after `chroot --platforms` also
                   python3.14-aarch64 and python3.13-windows, for the Python-side tests
  -- ARGUMENTS     pass everything behind `--` to pytest; implies --pytest

options of `chroot`:

  --platforms      add QEMU and Wine, with the Pythons of Linux on ARM and of Windows; 4 GB

options of `matrix`:

  --python VERSION only the rows of this Python, named as for `test`, or 3.13t; may be given several times

options of `bench`:

  --python VERSION use this version instead of the newest; may be given several times. The figures of
                   versions other than the newest are only printed, and written to `target/bench`

options of `soak`:

  --python VERSION use only this version; may be given several times. The seconds are shared among all
  --delivery NAME  use only this delivery, such as `default` or `queued`; may be given several times

examples:

  cargo xtask test --python 3.13
  cargo xtask soak 60 1 --python 3.13
  cargo xtask test --python 3.13 -- -k queue -x";

/// The command to run.
#[derive(Debug, PartialEq)]
pub(crate) enum Task {
    Help,
    Demo,
    Test(Selection),
    /// The versions of Python. Empty stands for the newest that is found.
    Bench(Vec<String>),
    Compare,
    Fingerprints,
    Soak(Soak),
    FreeThreaded,
    AddressSanitizer,
    Matrix(Matrix),
    Chroot {
        platforms: bool,
    },
    ReleaseCheck,
}

/// Which tests to run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selection {
    pub(crate) only_rust: bool,
    pub(crate) only_pytest: bool,
    pub(crate) only_quick_start: bool,
    pub(crate) only_packages: bool,
    /// Another build of the extension for the Python-side tests.
    pub(crate) variant: Option<Variant>,
    /// The versions of Python for all but the Rust tests. Empty stands for all that are found.
    pub(crate) pythons: Vec<String>,
    /// Further arguments of pytest.
    pub(crate) pytest: Vec<String>,
}

/// How the extension for the Python-side tests can be built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Variant {
    /// With a PyO3 that aborts the process where a thread that isn't attached drops a reference, as some projects build it.
    NoReferencePool,
    /// Without pylog's feature `fast-path`.
    NoFastPath,
}

/// What the matrix tries.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Matrix {
    /// Empty stands for all.
    pub(crate) tables: Vec<String>,
    /// The Pythons that have a row. Empty stands for all.
    pub(crate) pythons: Vec<String>,
}

/// How long to soak, and with what.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Soak {
    pub(crate) seconds: String,
    pub(crate) seed: String,
    /// The versions of Python. Empty stands for all that are found.
    pub(crate) pythons: Vec<String>,
    /// Empty stands for all that `tests/python/programs/deliveries.py` has.
    pub(crate) deliveries: Vec<String>,
}

/// Parses the arguments behind `cargo xtask`.
///
/// # Errors
/// If a command or an option is unknown, or if options contradict each other.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Task> {
    let mut arguments = arguments.into_iter();
    let command = arguments.next().unwrap_or_else(|| "help".to_owned());
    let options: Vec<_> = arguments.collect();
    let is_help = |argument: &String| ["help", "--help", "-h"].contains(&argument.as_str());
    let mut own_options = options.iter().take_while(|option| *option != "--");
    if is_help(&command) || own_options.any(is_help) {
        return Ok(Task::Help);
    }
    let task = match command.as_str() {
        "demo" => Task::Demo,
        "test" => return selection(options).map(Task::Test).map_err(with_hint),
        "bench" => return bench(options).map(Task::Bench).map_err(with_hint),
        "compare" => Task::Compare,
        "fingerprints" => Task::Fingerprints,
        "soak" => return soak(options).map(Task::Soak).map_err(with_hint),
        "free-threaded" => Task::FreeThreaded,
        "address-sanitizer" => Task::AddressSanitizer,
        "matrix" => return matrix(options).map(Task::Matrix).map_err(with_hint),
        "chroot" if options == ["--platforms"] => return Ok(Task::Chroot { platforms: true }),
        "chroot" => Task::Chroot { platforms: false },
        "release-check" => Task::ReleaseCheck,
        _ => return Err(with_hint(format!("unknown command `{command}`"))),
    };
    match options.first() {
        None => Ok(task),
        Some(option) => Err(with_hint(format!("`{command}` has no option `{option}`"))),
    }
}

fn selection(options: Vec<String>) -> Result<Selection> {
    let mut selection = Selection::default();
    let mut options = options.into_iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--rust" => selection.only_rust = true,
            "--pytest" => selection.only_pytest = true,
            "--quick-start" => selection.only_quick_start = true,
            "--packages" => selection.only_packages = true,
            "--no-reference-pool" => selection.variant = Some(Variant::NoReferencePool),
            "--no-fast-path" => selection.variant = Some(Variant::NoFastPath),
            "--python" => selection.pythons.push(python_version(&mut options)?),
            "--" => {
                selection.only_pytest = true;
                selection.pytest = options.by_ref().collect();
            }
            _ => return Err(format!("`test` has no option `{option}`")),
        }
    }
    selection.only_pytest |= selection.variant.is_some();
    if selection.only_rust && (selection.only_pytest || !selection.pythons.is_empty()) {
        return Err("`--rust` excludes the Python-side tests and their options".to_owned());
    }
    if selection.only_quick_start && (selection.only_rust || selection.only_pytest) {
        return Err("`--quick-start` excludes the other tests and their options".to_owned());
    }
    let others = selection.only_rust || selection.only_pytest || selection.only_quick_start;
    if selection.only_packages && others {
        return Err("`--packages` excludes the other tests and their options".to_owned());
    }
    Ok(selection)
}

fn matrix(options: Vec<String>) -> Result<Matrix> {
    let mut matrix = Matrix::default();
    let mut options = options.into_iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--python" => matrix.pythons.push(python_version(&mut options)?),
            table if TABLES.contains(&table) => matrix.tables.push(option),
            _ => {
                let tables = TABLES.join(", ");
                return Err(format!("`matrix` has no table `{option}`, only {tables}"));
            }
        }
    }
    Ok(matrix)
}

fn bench(options: Vec<String>) -> Result<Vec<String>> {
    let mut pythons = Vec::new();
    let mut options = options.into_iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--python" => pythons.push(python_version(&mut options)?),
            _ => return Err(format!("`bench` has no option `{option}`")),
        }
    }
    Ok(pythons)
}

fn soak(options: Vec<String>) -> Result<Soak> {
    let mut soak = Soak::default();
    let mut numbers = Vec::new();
    let mut options = options.into_iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--python" => soak.pythons.push(python_version(&mut options)?),
            "--delivery" => {
                let delivery = value(&mut options);
                let delivery = delivery.ok_or("`--delivery` needs a name, such as queued")?;
                soak.deliveries.push(delivery);
            }
            number if number.parse::<u32>().is_ok() => numbers.push(option),
            _ => return Err(format!("`soak` has no option `{option}`")),
        }
    }
    let numbers: [String; 2] = numbers
        .try_into()
        .map_err(|_| "`soak` needs two numbers, the seconds and the seed")?;
    [soak.seconds, soak.seed] = numbers;
    Ok(soak)
}

fn python_version(options: &mut impl Iterator<Item = String>) -> Result<String> {
    let version = value(options).ok_or("`--python` needs a version, such as 3.13")?;
    Ok(version)
}

/// The argument of an option.
fn value(options: &mut impl Iterator<Item = String>) -> Option<String> {
    options.next().filter(|value| !value.starts_with('-'))
}

fn with_hint(problem: String) -> String {
    format!("{problem}; `cargo xtask help` lists the commands and their options")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn commands() {
        assert_eq!(parsed("demo"), Ok(Task::Demo));
        assert_eq!(parsed("bench"), Ok(Task::Bench(Vec::new())));
        assert_eq!(parsed("compare"), Ok(Task::Compare));
        assert_eq!(parsed("free-threaded"), Ok(Task::FreeThreaded));
        assert_eq!(parsed("address-sanitizer"), Ok(Task::AddressSanitizer));
        assert_eq!(parsed("matrix"), Ok(Task::Matrix(Matrix::default())));
        let matrix = Matrix {
            tables: owned(&["tests", "pyo3"]),
            pythons: owned(&["3.13"]),
        };
        let line = "matrix tests pyo3 --python 3.13";
        assert_eq!(parsed(line), Ok(Task::Matrix(matrix)));
        for (line, platforms) in [("chroot", false), ("chroot --platforms", true)] {
            assert_eq!(parsed(line), Ok(Task::Chroot { platforms }));
        }
        assert_eq!(parsed("release-check"), Ok(Task::ReleaseCheck));
        assert_eq!(parsed("test"), Ok(Task::Test(Selection::default())));
    }

    #[test]
    fn help() {
        for line in [
            "",
            "help",
            "--help",
            "-h",
            "help test",
            "test --help",
            "demo -h",
        ] {
            assert_eq!(parsed(line), Ok(Task::Help), "{line}");
        }
        for command in [
            "demo",
            "test",
            "bench",
            "compare",
            "soak",
            "free-threaded",
            "matrix",
            "chroot",
            "release-check",
            "help",
        ] {
            assert!(HELP.contains(&format!("\n  {command} ")), "{command}");
        }
    }

    #[test]
    fn one_part_of_the_tests() {
        let rust = Selection {
            only_rust: true,
            ..Selection::default()
        };
        assert_eq!(parsed("test --rust"), Ok(Task::Test(rust)));
        let pytest = Selection {
            only_pytest: true,
            ..Selection::default()
        };
        assert_eq!(parsed("test --pytest"), Ok(Task::Test(pytest)));
        let quick_start = Selection {
            only_quick_start: true,
            pythons: owned(&["3.13"]),
            ..Selection::default()
        };
        let line = "test --quick-start --python 3.13";
        assert_eq!(parsed(line), Ok(Task::Test(quick_start)));
        let packages = Selection {
            only_packages: true,
            ..Selection::default()
        };
        assert_eq!(parsed("test --packages"), Ok(Task::Test(packages)));
        for (option, variant) in [
            ("--no-reference-pool", Variant::NoReferencePool),
            ("--no-fast-path", Variant::NoFastPath),
        ] {
            let selection = Selection {
                only_pytest: true,
                variant: Some(variant),
                ..Selection::default()
            };
            assert_eq!(parsed(&format!("test {option}")), Ok(Task::Test(selection)));
        }
    }

    #[test]
    fn soak() {
        let expected = Soak {
            seconds: "60".to_owned(),
            seed: "7".to_owned(),
            pythons: owned(&["3.9", "3.13"]),
            deliveries: owned(&["queued"]),
        };
        let line = "soak 60 7 --python 3.9 --delivery queued --python 3.13";
        assert_eq!(parsed(line), Ok(Task::Soak(expected)));
        for line in ["soak", "soak 60", "soak 60 7 8", "soak 60 7 --delivery"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn versions_of_python() {
        let expected = Selection {
            pythons: owned(&["3.9", "3.13"]),
            ..Selection::default()
        };
        let line = "test --python 3.9 --python 3.13";
        assert_eq!(parsed(line), Ok(Task::Test(expected)));
        let line = "bench --python 3.9 --python 3.13";
        assert_eq!(parsed(line), Ok(Task::Bench(owned(&["3.9", "3.13"]))));
    }

    #[test]
    fn everything_behind_two_dashes_goes_to_pytest() {
        let expected = Selection {
            only_pytest: true,
            pythons: owned(&["3.13"]),
            pytest: owned(&["-k", "name", "--help", "--", "--rust"]),
            ..Selection::default()
        };
        let line = "test --python 3.13 -- -k name --help -- --rust";
        assert_eq!(parsed(line), Ok(Task::Test(expected)));
    }

    #[test]
    fn mistakes() {
        for (line, problem) in [
            ("tests", "unknown command `tests`"),
            ("--rust", "unknown command `--rust`"),
            ("demo --fast", "`demo` has no option `--fast`"),
            ("bench 3.13", "`bench` has no option `3.13`"),
            ("bench --python", "`--python` needs a version"),
            ("matrix fast", "`matrix` has no table `fast`"),
            ("test --pythons", "`test` has no option `--pythons`"),
            ("test 3.13", "`test` has no option `3.13`"),
            ("test --python", "`--python` needs a version"),
            ("test --python -- -x", "`--python` needs a version"),
            ("test --rust --pytest", "`--rust` excludes"),
            ("test --rust --python 3.13", "`--rust` excludes"),
            ("test --rust -- -x", "`--rust` excludes"),
            ("test --rust --quick-start", "`--quick-start` excludes"),
            ("test --quick-start -- -x", "`--quick-start` excludes"),
            ("test --packages --rust", "`--packages` excludes"),
            ("test --packages --quick-start", "`--packages` excludes"),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.starts_with(problem), "{line}: {error}");
            assert!(error.contains("`cargo xtask help`"), "{line}: {error}");
        }
    }
}
