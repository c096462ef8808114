//! `enabled!`.

mod args;
mod expand;

pub(crate) use expand::expand;
