//! Each file in `cases` makes one kind of mistake; the `.stderr` file beside it has the compiler's
//! output. Those in `cases-without-log` are compiled without pylog's default features. `cargo xtask test` runs these tests twice, with logging statically on and with
//! `PYLOG_MAX_LEVEL=off`: the output must be the same.
//!
//! `TRYBUILD=overwrite cargo test --package pylog-ui-tests` writes the `.stderr` files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Rust version whose compiler wrote the `.stderr` files. The output of another version may
/// differ in wording, notes and underlining.
const WRITTEN_WITH: &str = "1.95";

/// Parts of messages that look like pylog's own, but come from `format_args!` and from the traits of
/// the standard library.
const FROM_THE_STANDARD_LIBRARY: [&str; 3] = [
    "argument never used",
    "positional argument in format string",
    "doesn't implement `",
];

/// Where the crates that the cases use are built.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/ui-tests");

/// The complete output, compared with trybuild.
#[test]
fn output_is_the_same_to_the_letter() {
    let version = rustc_version();
    let patch = version
        .strip_prefix(WRITTEN_WITH)
        .and_then(|rest| rest.strip_prefix('.'));
    if patch.is_some_and(|patch| patch.parse::<u32>().is_ok()) {
        trybuild::TestCases::new().compile_fail("cases/*.rs");
    } else {
        report(&format!(
            "skipped: Rust {WRITTEN_WITH} wrote the .stderr files, and this is Rust {version}; \
             only pylog's messages and the lines of all errors are compared"
        ));
    }
}

/// What holds with every compiler: each error of the `.stderr` file is reported at the same line,
/// with the same message if the message is pylog's.
#[test]
fn errors_are_reported_at_their_lines() {
    let mut failures = String::new();
    let mut count = 0;
    for (directory, features) in [
        ("cases", &[][..]),
        ("cases-without-log", &["--no-default-features"]),
    ] {
        let cases = cases(directory);
        assert!(!cases.is_empty());
        count += cases.len();
        failures += &failures_of(&cases, &build_libraries(features));
    }
    assert!(failures.is_empty(), "{failures}");
    report(&format!(
        "{count} cases fail to compile at the expected lines, with pylog's messages"
    ));
}

/// The errors that are missing in the compiler's output.
fn failures_of(cases: &[PathBuf], libraries: &[(&str, PathBuf)]) -> String {
    let mut failures = String::new();
    for case in cases {
        let expected_output = fs::read_to_string(case.with_extension("stderr"))
            .expect("each case has a .stderr file");
        let expected = errors(&expected_output);
        assert!(!expected.is_empty(), "no error in {expected_output}");
        let output = compile(case, libraries);
        let actual = errors(&output);
        for error in expected {
            if !actual.iter().any(|other| error.is_same_as(other)) {
                failures += &format!("missing: {error:?}\nThe compiler's output:\n{output}\n");
            }
        }
    }
    failures
}

/// An error in the compiler's output.
#[derive(Debug)]
struct Error<'a> {
    /// The first line of the error, such as `error: duplicate key`.
    message: &'a str,
    /// The file and the line, but not the column.
    place: &'a str,
}

impl Error<'_> {
    fn is_same_as(&self, other: &Error<'_>) -> bool {
        self.place == other.place && (!self.is_from_pylog() || self.message == other.message)
    }

    /// Whether pylog wrote the message. Macros report errors without a code, and E0277 is the code
    /// of `#[diagnostic::on_unimplemented]`. The compiler writes all others.
    fn is_from_pylog(&self) -> bool {
        (self.message.starts_with("error: ") || self.message.starts_with("error[E0277]: "))
            && !FROM_THE_STANDARD_LIBRARY
                .iter()
                .any(|part| self.message.contains(part))
    }
}

/// The errors in the compiler's output. An error without a place, such as "aborting due to 2 previous
/// errors", isn't one of them.
fn errors(output: &str) -> Vec<Error<'_>> {
    let mut errors = Vec::new();
    let mut message = None;
    for line in output.lines() {
        if line.starts_with("error") {
            message = Some(line);
        } else if let Some(place) = line.trim_start().strip_prefix("--> ") {
            let place = place.rsplit_once(':').map_or(place, |(line, _column)| line);
            errors.extend(message.take().map(|message| Error { message, place }));
        }
    }
    errors
}

fn cases(directory: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).expect("the cases are there");
    let mut cases: Vec<_> = files.flatten().map(|file| file.path()).collect();
    cases.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    cases.sort();
    cases
}

/// Compiles pylog and PyO3 as dependencies of this package, and returns their metadata files.
fn build_libraries(features: &[&str]) -> [(&'static str, PathBuf); 2] {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["check", "--quiet", "--lib", "--package", "pylog-ui-tests"]);
    cargo.args(features);
    cargo.args(["--offline", "--message-format=json", "--target-dir"]);
    let output = cargo.arg(TARGET).output();
    let output = output.expect("cargo can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let messages: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("cargo writes JSON");
    ["pylog", "pyo3"].map(|name| {
        let artifact = messages.iter().find(|message| {
            message["reason"] == "compiler-artifact" && message["target"]["name"] == name
        });
        let file = artifact.and_then(|artifact| artifact["filenames"][0].as_str());
        (name, file.expect("cargo names the library").into())
    })
}

/// Returns the compiler's output for a case.
fn compile(case: &Path, libraries: &[(&str, PathBuf)]) -> String {
    let mut rustc = rustc();
    rustc.args(["--edition=2024", "--emit=metadata", "--error-format=human"]);
    rustc.args(["--out-dir", TARGET]);
    for (name, file) in libraries {
        rustc.args(["--extern", &format!("{name}={}", file.display())]);
        let directory = file.parent().expect("the library is in a directory");
        rustc.args(["-L", &format!("dependency={}", directory.display())]);
    }
    let output = rustc.arg(case).output().expect("rustc can be run");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{} compiles", case.display());
    stderr
}

/// The version of the compiler that compiles the cases, such as `1.95.0` or `1.97.0-nightly`.
fn rustc_version() -> String {
    let output = rustc().arg("--version").output().expect("rustc can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().nth(1);
    version.expect("rustc writes its version").to_owned()
}

/// The compiler that cargo uses.
fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Writes a line that is also shown if the test passes: the test harness captures only what
/// `print!` and `eprint!` write.
fn report(text: &str) {
    let _ = writeln!(std::io::stderr(), "ui-tests: {text}");
}
