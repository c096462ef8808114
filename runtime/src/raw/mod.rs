//! Everything that is unsafe: CPython's C API, what it calls back, and memory that threads share without locks.
//!
//! Nothing here knows of records or loggers.

#![allow(unsafe_code)]

pub(crate) mod bytecode;
mod functions;
pub(crate) mod interpreter;
pub(crate) mod list;
pub(crate) mod once;
pub(crate) mod pypy;
pub(crate) mod reporting_dict;
pub(crate) mod shared;
pub(crate) mod system;
pub(crate) mod thin;
pub(crate) mod version;
pub(crate) mod watching;
