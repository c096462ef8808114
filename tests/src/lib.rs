//! Helpers that several tests use.

mod build;
mod capture;

pub use build::{Build, Library, repository};
pub use capture::{Capture, Record};
