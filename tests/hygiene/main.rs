//! Calls in places where the expansion of a macro may fail to compile. Part of the test is that this crate
//! compiles.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, rust_2018_idioms)]
#![deny(clippy::all, clippy::pedantic)]
#![allow(
    clippy::uninlined_format_args,
    clippy::unnecessary_trailing_comma,
    clippy::unused_self
)]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod places;
mod shadowed;
mod through_other_crates;
