//! The commands of the README: `cargo xtask demo`, `test`, `bench`, `compare` and `free-threaded`.
//!
//! Each does all of its own set-up below `target`, and says in plain words what is missing.

mod bench;
mod compare;
mod demo;
mod extension;
mod free_threaded;
mod python;
mod run;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo      build the example package into a virtual environment and show what it logs
  test      all tests: Rust, and Python on every interpreter found
  bench     time calls beside pyo3-log, log, tracing and Python's own logger
  compare   drive pylog and pyo3-log through the same reconfigurations, and count how often
            each disagreed with Python
  free-threaded
            the Python-side tests on a Python without a GIL, and under ThreadSanitizer";

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let outcome = match command.as_deref() {
        Some("demo") => demo::demo(),
        Some("test") => test::test(),
        Some("bench") => bench::bench(),
        Some("compare") => compare::compare(),
        Some("free-threaded") => free_threaded::free_threaded(),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\n{problem}");
            ExitCode::FAILURE
        }
    }
}
