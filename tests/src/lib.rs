//! Helpers that several tests use.

mod alone;
mod build;
mod capture;

pub use alone::alone;
pub use build::{Build, Library, repository};
pub use capture::{Capture, Record};
