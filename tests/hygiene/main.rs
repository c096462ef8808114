//! Calls in places that a macro can trip over. That this compiles is half of the test.
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
