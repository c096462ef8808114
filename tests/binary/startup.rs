//! How many instructions an import and the first record take. Callgrind counts them, so that they are the same in each run.

use std::path::Path;
use std::process::Command;

use pylog_tests::Build;

/// The minor version of CPython 3, and the most instructions that pylog may take there: at the import of an extension, and for
/// the first record of the process.
const LIMITS: [(u8, u64, u64); 3] = [
    (11, 330_000, 185_000),
    (12, 170_000, 207_000),
    (13, 161_000, 207_000),
];

const PROGRAM: &str = "
import logging
logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
import size
size.double(1)";

/// The instructions within a function.
fn count(python: &str, modules: &Path, function: &str) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        &format!("--toggle-collect=*{function}*"),
        python,
        "-c",
        PROGRAM,
    ]);
    valgrind
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONPATH", modules);
    let output = valgrind.output().expect("valgrind runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let (_, counted) = text.split_once("Collected : ").expect("a count");
    let digits = counted.split(|it: char| !it.is_ascii_digit()).next();
    let count = digits.unwrap_or_default().parse();
    count.expect("a number")
}

#[test]
#[ignore = "compiles an extension with optimization, and needs valgrind; `cargo xtask matrix` runs it"]
fn an_import_and_the_first_record_take_few_instructions() {
    let python = std::env::var("PYO3_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let minor = Command::new(&python)
        .args(["-c", "import sys; print(sys.version_info.minor)"])
        .output()
        .expect("Python runs");
    let minor = String::from_utf8_lossy(&minor.stdout)
        .trim()
        .parse::<u8>()
        .expect("a number");
    let limits = LIMITS.into_iter().find(|limits| limits.0 == minor);
    let (_, import, first) =
        limits.unwrap_or_else(|| panic!("there are no limits for Python 3.{minor}"));
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("Nothing is counted: valgrind is not installed.");
        return;
    }
    let modules = pylog_tests::repository().join("target/startup");
    std::fs::create_dir_all(&modules).expect("a directory");
    Build::of("size")
        .profile("release")
        .features("queue,pylog/default")
        .settings(&["profile.release.strip = 'none'"])
        .library("size")
        .write(&modules.join("size.so"));
    let counted = ["pylog::module::init", "check_and_log_with"]
        .map(|function| count(&python, &modules, function));
    println!(
        "Python 3.{minor}: import {}, first record {}",
        counted[0], counted[1]
    );
    assert!((1..=import).contains(&counted[0]), "{counted:?}");
    assert!((1..=first).contains(&counted[1]), "{counted:?}");
}
