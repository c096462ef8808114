//! `log!` and the facades of the levels.

mod args;
mod expand;

pub(crate) use expand::expand;
