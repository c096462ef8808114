//! Helpers that several tests use.

mod alone;
mod build;

pub use alone::alone;
pub use build::{Build, Library, repository};
