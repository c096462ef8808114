//! What the macros that have a callsite share.

mod args;
mod expand;
mod pairs;

pub(crate) use args::{Crate, Destination, Level, Limit, Options, check_target};
pub(crate) use expand::{callsite, if_allowed};
pub(crate) use pairs::Pairs;
