//! A logger for the `log` crate that sends its records to Python: the whole API of [`pyo3-log`], under the
//! same names.
//!
//! `#[pylog::module]` installs it, and then the loggers of the crate's own targets have the same names as
//! with the macros. A [`Logger`] that the function or module with the attribute installs takes over with its filters,
//! and the names stay. With `#[pylog::module(log = false)]`, or without the attribute, call [`init`]. Then each logger
//! has the name of its target, with `.` instead of `::`. For example:
//!
//! ```
//! use log::info;
//! use pyo3::prelude::*;
//!
//! #[pyfunction]
//! fn log_something() {
//!     info!("Something!");
//! }
//!
//! #[pymodule]
//! fn my_module(module: &Bound<'_, PyModule>) -> PyResult<()> {
//!     pylog::bridge::init();
//!     module.add_function(wrap_pyfunction!(log_something, module)?)
//! }
//! ```
//!
//! It works like the macros: a call gets a callsite when it is first reached, its level is compared with
//! Python's level at that moment, and [`log::max_level`] follows Python's levels. To move from pyo3-log,
//! write `use pylog::bridge as pyo3_log;`.
//!
//! [`pyo3-log`]: https://docs.rs/pyo3-log

pub(crate) mod installed;
#[cfg(feature = "kv")]
mod key_values;
mod logger;

pub use installed::{InstallError, init, try_init};
pub use logger::{Caching, Logger, ResetHandle};
