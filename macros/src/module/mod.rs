//! `#[pylog::module]`.

mod args;
mod expand;
mod renamed;

pub(crate) use expand::expand;
