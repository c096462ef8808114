//! The macros that users call. They only pass their input and `$crate` on, because a procedural macro
//! can't know under which name the user's crate has pylog. `pylog-macros` parses and expands the input. If
//! it is only a message, `expansion` does so.

/// Logs at [`Level::TRACE`](crate::Level::TRACE), level 5.
///
/// Python has no such level. pylog names it `TRACE`, so that `setLevel("TRACE")` works, unless the
/// application has named it.
///
/// ```
/// let bytes = [1u8, 2, 3];
/// pylog::trace!("frame {bytes:02x?}");
/// pylog::trace!(bytes = &bytes[..]; "a frame");
/// ```
#[doc = include_str!("call.md")]
#[macro_export]
#[clippy::format_args]
macro_rules! trace {
    ($message:literal $(, $($args:tt)*)?) => {
        $crate::__private::message!(($crate) TRACE; $message $(, $($args)*)?)
    };
    ($($arg:tt)*) => { $crate::__private::log!(($crate) TRACE; $($arg)*) };
}

/// Logs at [`Level::DEBUG`](crate::Level::DEBUG), as Python's [`Logger.debug`] does.
///
/// ```
/// use std::time::Duration;
///
/// let path = "data.csv";
/// pylog::debug!("opening {path:?}");
/// pylog::debug!(every: Duration::from_secs(5), "still reading");
/// ```
#[doc = include_str!("call.md")]
///
/// [`Logger.debug`]: https://docs.python.org/3/library/logging.html#logging.Logger.debug
#[macro_export]
#[clippy::format_args]
macro_rules! debug {
    ($message:literal $(, $($args:tt)*)?) => {
        $crate::__private::message!(($crate) DEBUG; $message $(, $($args)*)?)
    };
    ($($arg:tt)*) => { $crate::__private::log!(($crate) DEBUG; $($arg)*) };
}

/// Logs at [`Level::INFO`](crate::Level::INFO), as Python's [`Logger.info`] does.
///
/// ```
/// # use pyo3::prelude::*;
/// # fn example(logger: &Bound<'_, PyAny>) {
/// let (n, path) = (3, "data.csv");
/// pylog::info!("read {n} rows of {}", path);
/// // With the attributes `record.rows == 3` and `record.path == "data.csv"`:
/// pylog::info!(rows = n, path; "read");
/// // To the logger `etl.load`:
/// pylog::info!(target: "etl::load", rows = n; "read {path}");
/// // To a `logging.Logger` or a `LoggerAdapter`:
/// pylog::info!(logger: logger, "read {path}");
/// # }
/// ```
#[doc = include_str!("call.md")]
///
/// [`Logger.info`]: https://docs.python.org/3/library/logging.html#logging.Logger.info
#[doc(alias = "extra")]
#[doc(alias = "every_n")]
#[doc(alias = "first_n")]
#[doc(alias = "every")]
#[doc(alias = "target")]
#[macro_export]
#[clippy::format_args]
macro_rules! info {
    ($message:literal $(, $($args:tt)*)?) => {
        $crate::__private::message!(($crate) INFO; $message $(, $($args)*)?)
    };
    ($($arg:tt)*) => { $crate::__private::log!(($crate) INFO; $($arg)*) };
}

/// Logs at [`Level::WARN`](crate::Level::WARN), as Python's [`Logger.warning`] does.
///
/// ```
/// let row = 17;
/// pylog::warn!("row {row} has no date");
/// // `record.suppressed` is the number of calls in between:
/// pylog::warn!(every_n: 100, row; "a row has no date");
/// ```
#[doc = include_str!("call.md")]
///
/// [`Logger.warning`]: https://docs.python.org/3/library/logging.html#logging.Logger.warning
#[macro_export]
#[clippy::format_args]
macro_rules! warn {
    ($message:literal $(, $($args:tt)*)?) => {
        $crate::__private::message!(($crate) WARN; $message $(, $($args)*)?)
    };
    ($($arg:tt)*) => { $crate::__private::log!(($crate) WARN; $($arg)*) };
}

/// The same as [`warn!`], under the name of Python's method.
///
/// ```
/// pylog::warning!("row {} has no date", 17);
/// ```
#[macro_export]
#[clippy::format_args]
macro_rules! warning {
    ($($arg:tt)*) => { $crate::warn!($($arg)*) };
}

/// Logs at [`Level::ERROR`](crate::Level::ERROR), as Python's [`Logger.error`] does.
///
/// With `exc_info` it does what [`Logger.exception`] does. A Rust error becomes a Python exception.
///
/// ```
/// if let Err(error) = "x".parse::<u32>() {
///     pylog::error!("bad number: {error}");
///     pylog::error!(exc_info = error; "bad number");
/// }
/// ```
#[doc = include_str!("call.md")]
///
/// [`Logger.exception`]: https://docs.python.org/3/library/logging.html#logging.Logger.exception
/// [`Logger.error`]: https://docs.python.org/3/library/logging.html#logging.Logger.error
#[doc(alias = "exception")]
#[doc(alias = "exc_info")]
#[macro_export]
#[clippy::format_args]
macro_rules! error {
    ($message:literal $(, $($args:tt)*)?) => {
        $crate::__private::message!(($crate) ERROR; $message $(, $($args)*)?)
    };
    ($($arg:tt)*) => { $crate::__private::log!(($crate) ERROR; $($arg)*) };
}

/// Logs at [`Level::CRITICAL`](crate::Level::CRITICAL), as Python's [`Logger.critical`] does.
///
/// ```
/// pylog::critical!("the index is corrupt");
/// pylog::critical!(stack_info = true; "the index is corrupt");
/// ```
#[doc = include_str!("call.md")]
///
/// [`Logger.critical`]: https://docs.python.org/3/library/logging.html#logging.Logger.critical
#[doc(alias = "fatal")]
#[macro_export]
#[clippy::format_args]
macro_rules! critical {
    ($message:literal $(, $($args:tt)*)?) => {
        $crate::__private::message!(($crate) CRITICAL; $message $(, $($args)*)?)
    };
    ($($arg:tt)*) => { $crate::__private::log!(($crate) CRITICAL; $($arg)*) };
}

/// Logs at any [`Level`](crate::Level), as Python's [`Logger.log`] does.
///
/// A path of several segments (`Level::INFO`, `my::NOTICE`, `Self::LEVEL`) must be a constant. With such a
/// level, or with `Level::new` of a literal, the call costs as little as one of the named macros. Any other
/// expression is evaluated at each call, and compared with the static maximum at run time.
///
/// ```
/// use pylog::Level;
///
/// pylog::log!(Level::new(25), "a notice");
///
/// let level = if 2 > 1 { Level::WARN } else { Level::INFO };
/// pylog::log!(level, "at a level from run time");
/// pylog::log!(target: "etl::load", level, "elsewhere");
/// pylog::log!(level, user = 7; "with an attribute");
/// ```
#[doc = include_str!("call.md")]
///
/// [`Logger.log`]: https://docs.python.org/3/library/logging.html#logging.Logger.log
#[doc(alias = "levelno")]
#[macro_export]
#[clippy::format_args]
macro_rules! log {
    ($($arg:tt)*) => { $crate::__private::log!(($crate) _; $($arg)*) };
}

/// Whether a call at that [`Level`](crate::Level) would log: the answer of Python's [`Logger.isEnabledFor`]
/// at this moment.
///
/// If the answer is `false`, this costs as little as a call that is off. It takes the options `target:` and
/// `logger:`, as [`log!`] does.
///
/// ```
/// use pylog::Level;
///
/// if pylog::enabled!(Level::DEBUG) {
///     let summary = vec!["costly"; 3].join(" ");
///     pylog::debug!("{summary}");
/// }
/// # assert!(!pylog::enabled!(target: "etl", Level::DEBUG));
/// ```
///
/// [`Logger.isEnabledFor`]: https://docs.python.org/3/library/logging.html#logging.Logger.isEnabledFor
#[doc(alias = "isEnabledFor")]
#[macro_export]
macro_rules! enabled {
    ($($arg:tt)*) => { $crate::__private::enabled!(($crate) $($arg)*) };
}

/// [`enabled!`] under the name that it has in the `log` crate.
///
/// ```
/// use pylog::Level;
///
/// assert!(!pylog::log_enabled!(target: "etl", Level::Debug));
/// ```
#[macro_export]
macro_rules! log_enabled {
    ($($arg:tt)*) => { $crate::enabled!($($arg)*) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! exception {
    ($($arg:tt)*) => {
        $crate::__private::compile_error!(
            "pylog has no `exception!`: `error!(exc_info = …; \"…\")` logs an error with its traceback"
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! fatal {
    ($($arg:tt)*) => {
        $crate::__private::compile_error!("pylog has no `fatal!`: write `critical!`")
    };
}
