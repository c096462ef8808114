//! Log from Rust extension modules through Python's own [`logging`].
//!
//! A crate that makes a Python extension writes the macros of the `log` crate. Its records go to
//! Python's loggers, with their hierarchy, levels, filters and handlers, whatever the application
//! configured:
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
//! Nothing has to be initialized: without [`module`], in a helper crate or a program that embeds
//! Python, everything is found on first use. The attribute gives the crate the name that Python
//! knows it by.
//!
//! # What a call takes
//!
//! What `format!` takes, and before it, with a comma behind each:
//!
//! - `target: "net::http"`: the logger to log to, here `net.http`; by default the module that the
//!   call stands in. Any expression of type `&str` will do. One that is no literal (or `concat!`
//!   and the like) is looked up each time, and kept for ever, as Python keeps its loggers.
//! - `logger: object`: a Python object, as `&Bound<'_, T>`, `&Py<T>` or by value: a `Logger`, a
//!   `LoggerAdapter`, or anything with the methods of one. It is asked each time.
//!
//! - `first_n: 3`, `every_n: 100`, `every: Duration::from_secs(5)`: log the first times only, one time of
//!   so many, or once in an interval. Times when the call is off don't count. The attribute `suppressed`
//!   of the record is how many were held back since the one before it.
//!
//! Then come key-values, with a semicolon behind the last. They become attributes of the record, as
//! `extra` does in Python:
//!
//! ```
//! # let (user, path, status) = (7, std::path::Path::new("/"), 200);
//! pylog::info!(user, "http.status" = status, path:? = path; "a request");
//! ```
//!
//! - `key = value`, or `key` alone for the variable of that name: what has a natural form in Python
//!   keeps it; see [`ToValue`]. A key may be a string.
//! - `key:? = value` and `key:% = value`: the text of its `Debug` or `Display`. `key:err = error`: the text
//!   of an error and of those that caused it.
//! - `exc_info = error`: a `PyErr`, a Python exception, or any [`Error`](std::error::Error), whose sources
//!   become the `__cause__` of a Python exception with the name of its type; `true` for the exception that
//!   Python is handling. See [`ToExcInfo`].
//! - `stack_info = true`: the Python code that led here.
//!
//! Keys that a `LogRecord` has already are refused while compiling. (One that the application's record
//! factory adds gets an underscore behind it.)
//!
//! With the cargo feature `templates`, a message whose format string is a literal arrives as `record.msg`
//! with `%s` for each argument, and the arguments' texts as `record.args`, for those who group records by
//! `msg`. `record.getMessage()` is the same.
//!
//! Arguments and values are evaluated if, and only if, the call logs. (If `Logger.disabled` is set on a
//! logger that accepted the level before, or if calls are [queued](Delivery::Queued) and it isn't known yet
//! whether Python accepts the level, they may be evaluated for nothing, and a limited call counts.)
//!
//! # When a call is on
//!
//! If the logger's own `isEnabledFor` says so at that moment. Each call has a static that keeps the
//! answer, so a call that is off costs a load, a compare and a branch. Any reconfiguration of
//! Python's `logging` makes all of them forget: `setLevel` on any logger, `logging.disable`,
//! `basicConfig`, `dictConfig`, `fileConfig`, a test's `caplog`. What Python itself doesn't cache,
//! `Logger.disabled` and what a logger class overrides, isn't cached here either. As little as
//! Python does pylog notice that `logger.level` is assigned rather than set, until the next
//! `setLevel`.
//!
//! # Static levels
//!
//! A call below the static maximum isn't in the binary at all, though its arguments are still
//! type-checked. The cargo features `max_level_off`, `max_level_critical`, `max_level_error`,
//! `max_level_warn`, `max_level_info`, `max_level_debug` and `max_level_trace` set it, and those
//! with `release_` in front, which count in builds without debug assertions. Of several, the most
//! restrictive holds. The environment variable `PYLOG_MAX_LEVEL` restricts it further while
//! compiling, by module:
//!
//! ```console
//! $ PYLOG_MAX_LEVEL="info,my_crate::hot=off,my_crate::net=debug" cargo build --release
//! ```
//!
//! # What others log
//!
//! Most calls stand in crates that know nothing of Python and use the `log` crate. `#[pylog::module]`
//! installs `pylog::bridge`, which sends them the same way: cargo feature `log`, on by default. The feature
//! `kv` makes their key-values attributes of the record.
//!
//! # What can go wrong
//!
//! Nothing that the caller sees. What a handler, a filter or a formatter raises goes to
//! [`sys.unraisablehook`]; a `KeyboardInterrupt` among it reaches the main thread. An exception
//! that is set when a call is made is still set afterwards. Before there is an interpreter, and
//! from Python's `atexit` on in threads other than the one that ends it, calls do nothing. A panic in a
//! `Display` goes on to the caller, as from any formatting.
//!
//! A call that is on attaches to Python: a thread that holds the GIL and waits for a thread that logs
//! waits forever. Wait within [`Python::detach`](pyo3::Python::detach), or have such threads leave their
//! records in a queue: see [`Delivery`], and the option `queue` of [`module`]. Records of threads that
//! Rust has spawned can carry the context variables of who asked for the work: see [`Context`].
//!
//! [`logging`]: https://docs.python.org/3/library/logging.html
//! [`sys.unraisablehook`]: https://docs.python.org/3/library/sys.html#sys.unraisablehook
#![deny(unsafe_code)]

#[cfg(feature = "log")]
pub mod bridge;
mod call;
mod callsite;
mod deliver;
mod emit;
#[cfg_attr(
    not(feature = "kv"),
    allow(dead_code, reason = "only key-values are typed")
)]
mod event;
mod expansion;
mod handle;
mod index;
mod level;
mod level_cache;
mod logger;
mod macros;
mod metadata;
mod module;
mod python;
mod queue;
mod record;
mod static_level;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use event::exc_info::{ExcInfo, ToExcInfo};
pub use event::value::{ToValue, Value};
pub use level::Level;
#[doc = include_str!("module.md")]
pub use pylog_macros::module;
pub use python::context::{Context, Entered};
pub use queue::flush::flush;
pub use queue::mode::{Delivery, set_delivery};
pub use static_level::STATIC_MAX_LEVEL;
