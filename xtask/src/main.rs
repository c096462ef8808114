//! The commands of the repository; `cargo xtask help` lists them.
//!
//! Each does its own set-up below `target`, and reports what is missing.

mod arguments;
mod bench;
mod chroot;
mod compare;
mod demo;
mod extension;
mod fingerprints;
mod free_threaded;
mod matrix;
mod packages;
mod python;
mod quick_start;
mod release;
mod run;
mod sanitizer;
mod soak;
mod test;

use std::io::Write;
use std::process::ExitCode;

use arguments::{HELP, Task};

fn main() -> ExitCode {
    let outcome = arguments::parse(std::env::args().skip(1)).and_then(|task| match task {
        Task::Help => {
            // The reader may have enough: `cargo xtask help | head -1`.
            let _ = writeln!(std::io::stdout(), "{HELP}");
            Ok(())
        }
        Task::Demo => demo::demo(),
        Task::Test(selection) => test::test(&selection),
        Task::Bench(pythons) => bench::bench(&pythons),
        Task::Compare => compare::compare(),
        Task::Fingerprints => fingerprints::fingerprints(),
        Task::Soak(arguments) => soak::soak(&arguments),
        Task::Chroot { platforms } => chroot::make(platforms),
        Task::Matrix(tables) => matrix::matrix(&tables),
        Task::ReleaseCheck => release::check(),
        Task::FreeThreaded => free_threaded::free_threaded(),
        Task::AddressSanitizer => sanitizer::test_addresses(),
    });
    run::end_step();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\n{problem}");
            ExitCode::FAILURE
        }
    }
}
