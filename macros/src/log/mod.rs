//! `log!` and the facades of the levels.

mod args;
mod expand;
mod template;

pub(crate) use expand::expand;
