//! Log from Rust extension modules through Python's own `logging`.
#![forbid(unsafe_code)]

mod callsite;
mod coherence;
mod delivery;
mod exit;
mod gate;
mod level;
mod logger;
mod macros;
mod module;
mod python;
mod record;
mod static_filter;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use level::Level;
#[doc = include_str!("module.md")]
pub use pylog_macros::module;
pub use static_filter::STATIC_MAX_LEVEL;
