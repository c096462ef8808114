//! The parts of a call that several macros share.

mod capture;
mod expand;
mod expr;
mod format;
mod habits;
mod krate;
mod level;
mod names;
mod options;
mod pairs;

pub(crate) use expand::{callsite, if_allowed};
pub(crate) use habits::{check_arguments, check_not_pair};
pub(crate) use krate::Crate;
pub(crate) use level::Level;
pub(crate) use options::{Limit, Options, check_target};
pub(crate) use pairs::Pairs;
