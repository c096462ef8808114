//! The quick start of the README, done as it says.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use pylog_tests::repository;

/// The first block in `language` after the heading "Quick start".
fn block<'a>(readme: &'a str, language: &str) -> &'a str {
    let (_, quick_start) = readme.split_once("## Quick start").expect("a quick start");
    let (_, block) = quick_start
        .split_once(&format!("```{language}\n"))
        .expect(language);
    block.split_once("```").expect("the end of the block").0
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("it can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    output
}

#[test]
fn the_quick_start_prints_what_it_says() {
    let root = repository();
    let readme = fs::read_to_string(root.join("README.md")).expect("a README");
    let directory = root.join("target/quick-start");
    fs::create_dir_all(directory.join("src")).expect("a directory");

    // As a user has it, but with the pylog that is here.
    let local = |package: &str, folder: &str| {
        let path = root.join(folder);
        format!("{package} = {{ path = {:?} }}\n", path.display())
    };
    let manifest = block(&readme, "toml").to_owned()
        + "\n[workspace]\n\n[patch.crates-io]\n"
        + &local("pylog", "runtime")
        + &local("pylog-macros", "macros");
    fs::write(directory.join("Cargo.toml"), manifest).expect("written");
    fs::write(directory.join("src/lib.rs"), block(&readme, "rust")).expect("written");
    fs::write(directory.join("main.py"), block(&readme, "python")).expect("written");
    run(Command::new(env!("CARGO"))
        .args(["build", "--quiet"])
        .current_dir(&directory)
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .env_remove("PYLOG_MAX_LEVEL"));
    let library = directory.join("target/debug/liborders.so");
    fs::copy(library, directory.join("orders.so")).expect("copied");

    let python = std::env::var_os("PYO3_PYTHON").unwrap_or_else(|| "python3".into());
    let ran = run(Command::new(Path::new(&python))
        .arg("main.py")
        .current_dir(&directory));
    let printed = String::from_utf8(ran.stderr).expect("text");
    assert_eq!(printed, block(&readme, "text"));
}
