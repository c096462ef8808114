//! Runs other programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The error is a message for the user.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// A directory below `target`.
pub(crate) fn target(name: &str) -> PathBuf {
    root().join("target").join(name)
}

/// When the current step began, once there is one.
static STEP: Mutex<Option<Instant>> = Mutex::new(None);

/// Prints how long the last step took, and the next step.
pub(crate) fn headline(text: &str) {
    end_step();
    println!("\n== {text}");
    *step() = Some(Instant::now());
}

/// Prints how long the last step took.
pub(crate) fn end_step() {
    if let Some(start) = step().take() {
        println!("-- {:.1} s", start.elapsed().as_secs_f64());
    }
}

fn step() -> MutexGuard<'static, Option<Instant>> {
    STEP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A command that runs in the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The cargo of another toolchain, such as `nightly`. Doesn't install it.
pub(crate) fn toolchain(name: &str) -> Command {
    let mut cargo = command("rustup");
    cargo.args(["run", name, "cargo"]);
    // These variables name the toolchain that runs this program.
    for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "RUSTDOC"] {
        cargo.env_remove(variable);
    }
    cargo.env("RUSTUP_AUTO_INSTALL", "0");
    cargo
}

/// Runs a command and waits for its end.
///
/// # Errors
/// If the command can't be run or fails. The message ends with `hint`: what the user can do.
pub(crate) fn run(command: &mut Command, hint: &str) -> Result {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} failed: {status}.\n{hint}", shown(command))),
        Err(error) => Err(format!("Cannot run {}: {error}.\n{hint}", shown(command))),
    }
}

/// The same, but returns what the command writes, too.
pub(crate) fn run_quietly(command: &mut Command, hint: &str) -> (String, Result) {
    match command.stdin(Stdio::null()).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            let result = match output.status {
                status if status.success() => Ok(()),
                status => Err(format!("{} failed: {status}.\n{hint}", shown(command))),
            };
            (String::from_utf8_lossy(&text).into_owned(), result)
        }
        Err(error) => {
            let message = format!("Cannot run {}: {error}.\n{hint}", shown(command));
            (String::new(), Err(message))
        }
    }
}

/// Runs a command and returns its standard output, or `None` if it fails. Drops its standard error.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let stdout = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(stdout)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}
