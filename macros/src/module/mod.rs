//! `#[pylog::module]`.

mod args;
mod expand;

pub(crate) use expand::expand;
