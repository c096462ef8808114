//! Logging from Rust extension modules through Python's own [`logging`].
//!
//! The macros are those of the `log` crate. Their records go to Python's loggers, and the levels, filters
//! and handlers that the application has configured apply to them:
//!
//! ```
//! use pyo3::prelude::*;
//!
//! #[pylog::module]
//! #[pymodule]
//! mod orders {
//!     use pyo3::prelude::*;
//!
//!     #[pyfunction]
//!     fn load(path: &str) {
//!         pylog::info!("loading {path}");
//!     }
//! }
//! ```
//!
//! ```
//! use pylog::{Level, debug, enabled, error, info, warn};
//! # use std::time::Duration;
//! # fn report() -> u32 { 7 }
//! # let (path, rows, error) = ("data.csv", 3, std::io::Error::other("gone"));
//!
//! info!(rows, user = "ada"; "read {path}");              // typed attributes of the record
//! error!(exc_info = error; "cannot read {path}");        // with the traceback of the error
//! warn!(every_n: 1000, "the cache is full");             // only each thousandth call logs
//! if enabled!(Level::DEBUG) { debug!("{}", report()); }  // Python's isEnabledFor, cached
//! pylog::flush(Duration::from_secs(1));                  // delivers what is queued
//! ```
//!
//! [`module`] makes the crate log under the name by which Python imports it. Nothing else has to be
//! initialized: the macros also work without the attribute, in a helper crate or in a program that embeds
//! Python. The [`guide`] has a chapter on each topic.
//!
//! # What a call takes
//!
//! A call takes a format string and arguments, like `format!`. Options can come before them, each followed
//! by a comma:
//!
//! - `target: "net::http"`: the logger to log to, here `net.http`. The default is the logger of the module
//!   that contains the call. Any expression of type `&str` is accepted. If it isn't a literal or a macro
//!   such as `concat!`, it is evaluated and looked up at each call, and each target is kept until the
//!   process ends, as Python keeps its loggers.
//! - `logger: object`: a Python object, as `&Bound<'_, T>`, `&Py<T>` or by value: a `Logger`, a
//!   `LoggerAdapter`, or any object with the same methods. Each call asks it whether it accepts the level.
//! - `first_n: 3`, `every_n: 100`, `every: Duration::from_secs(5)`: log only the first 3 times, every
//!   100th time, or at most once in 5 seconds. Only calls that are on count. The attribute `suppressed` of
//!   a record is the number of calls that didn't log since the previous record.
//!
//! Key-values come between the options and the format string, with a semicolon after the last one. They
//! become attributes of the record, as `extra` does in Python:
//!
//! ```
//! # let (user, path, status) = (7, std::path::Path::new("/"), 200);
//! pylog::info!(user, "http.status" = status, path; "a request");
//! ```
//!
//! - `key = value`: the value as a Python object; [`ToValue`] lists the types. `key` alone is short for
//!   `key = key`. A key can be a string literal.
//! - `key:? = value` and `key:% = value`: the text of its `Debug` or `Display`.
//! - `key:err = error`: the text of an error and of its sources. `None` of an `Option` is `None`.
//! - `exc_info = error`: a `PyErr`, a Python exception, or any [`Error`](std::error::Error), also as
//!   `Box<dyn Error>`, `anyhow::Error` or `eyre::Report`, by reference, or in an `Option`. An error that
//!   isn't from Python becomes a Python exception that is named after the error's type, if that is known,
//!   and has its source as `__cause__`. `true` means the exception that Python is handling. See
//!   [`ToExcInfo`].
//! - `stack_info = true`: the stack of the Python code that led to the call, and the call.
//!
//! A key that `LogRecord` or `Formatter` uses itself, such as `name` or `message`, is a compile error. If the
//! application's record factory adds an attribute of the same name, the key gets an underscore at its end.
//!
//! With the cargo feature `templates`, if the format string is a literal, `record.msg` is the message
//! template, with `%s` for each argument, and `record.args` has the text of each argument. Tools that group
//! records by `msg` need this. `record.getMessage()` stays the same.
//!
//! The arguments and values are evaluated only if the call logs. There are two exceptions: a logger that
//! accepted the level before and now has `Logger.disabled` set, and a [queued](Delivery::Queued) call for
//! which Python's answer isn't known yet. Such a call may evaluate them although it doesn't log. It doesn't count for
//! its limit.
//!
//! # When a call is on
//!
//! A call is on if the logger's `isEnabledFor` accepts its level at that moment. Each call has a static that
//! caches the answer, so a call that is off costs a load, a compare and a branch. Any reconfiguration of
//! Python's `logging` invalidates all these caches: `setLevel` on any logger, `logging.disable`,
//! `basicConfig`, `dictConfig`, `fileConfig`, pytest's `caplog`. Python doesn't cache `Logger.disabled` and
//! the answers of a logger class that overrides `isEnabledFor`, and neither does pylog. Like Python, pylog
//! notices an assignment to `logger.level` only at the next `setLevel`.
//!
//! # Static levels
//!
//! A call below the static maximum level isn't in the binary at all, but its arguments are still
//! type-checked. The cargo features `max_level_off`, `max_level_critical`, `max_level_error`,
//! `max_level_warn`, `max_level_info`, `max_level_debug` and `max_level_trace` set the static maximum. The
//! features with the prefix `release_`, such as `release_max_level_info`, apply only to builds without debug
//! assertions. If several features are set, the most restrictive one wins. The environment variable
//! `PYLOG_MAX_LEVEL` can restrict single modules further at compile time:
//!
//! ```console
//! $ PYLOG_MAX_LEVEL="info,my_crate::hot=off,my_crate::net=debug" cargo build --release
//! ```
//!
//! # Records of the `log` crate
//!
//! Most libraries log with the `log` crate. `#[pylog::module]` installs `pylog::bridge`, which sends their
//! records to Python in the same way. This is the cargo feature `log`, which is on by default. With the
//! feature `kv`, their key-values become attributes of the record.
//!
//! # Errors and deadlocks
//!
//! A call returns no error. An exception that a handler, a filter or a formatter raises goes to
//! [`sys.unraisablehook`]; `SystemExit`, `KeyboardInterrupt` and exceptions of signal handlers
//! reach the program; see [`guide::errors`]. If an exception is set when a call
//! is made, it is still set afterwards. A panic in a `Display` propagates to the caller, as with any
//! formatting. Before the interpreter is initialized, calls go to the logger of the `log` crate, if the program has
//! one, and do nothing otherwise; see [`guide::testing`]. Once Python's `atexit` functions
//! run, records of other threads than the one that ends the interpreter are dropped.
//!
//! A call in a thread that Rust has spawned doesn't wait for the GIL, so a thread that holds the GIL may wait for it, unless
//! the call has a Python object, an exception of Python or `stack_info`.
//! Without [`module`], or with its option `direct`, a call attaches to Python: then wait within
//! [`Python::detach`](pyo3::Python::detach). See [`guide::delivery`] and [`Delivery`].
//!
//! A thread or an async task that Rust has spawned can log with the context variables of the code that asked
//! for the work; see [`Context`].
//!
//! [`logging`]: https://docs.python.org/3/library/logging.html
//! [`sys.unraisablehook`]: https://docs.python.org/3/library/sys.html#sys.unraisablehook
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod added_attributes;
#[cfg(feature = "log")]
pub mod bridge;
mod call;
mod callsite;
mod deliver;
mod emit;
mod event;
mod expansion;
pub mod guide;
mod handle;
mod handler;
mod hash;
mod index;
mod level;
mod level_cache;
mod logger;
mod macros;
#[cfg(feature = "log")]
mod max_level;
mod metadata;
mod module;
mod python;
mod queue;
mod raw;
mod record;
mod static_level;
mod stock;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tracing")]
pub mod tracing;
#[cfg(feature = "log")]
mod without_python;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// For pylog's own tests and tools. Not public API.
#[doc(hidden)]
pub mod __stock {
    pub use crate::stock::inspect::{Function, RowState, functions, rows};
}

pub use added_attributes::{Attributes, add_attributes};
// An alias works at the place from which the documentation takes the name.
pub use event::exc_info::ExcInfo;
#[doc(alias = "exception")]
pub use event::exc_info::ToExcInfo;
pub use event::value::{Hashable, ToValue, Value};
pub use level::Level;
#[doc = include_str!("module.md")]
pub use pylog_macros::module;
#[doc(alias = "contextvars")]
#[doc(alias = "request_id")]
#[doc(alias = "thread")]
pub use python::context::Context;
pub use python::context::Entered;
pub use python::context::Scoped;
pub use python::raised::check_signals;
pub use queue::flush::flush;
#[doc(alias = "deadlock")]
#[doc(alias = "queue")]
pub use queue::mode::Delivery;
pub use queue::mode::set_delivery;
#[doc(alias = "PYLOG_MAX_LEVEL")]
pub use static_level::STATIC_MAX_LEVEL;
pub use stock::inspect::explain;
