//! A logger for the `log` crate that sends what is logged to Python: what [`pyo3-log`] is, under the
//! same names.
//!
//! `#[pylog::module]` installs it, and then the crate's own targets are named as with the macros. With
//! `#[pylog::module(log = false)]`, or without the attribute, it is installed by hand, and the names of
//! the loggers are the targets with `.` for `::`:
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
//! Everything behind it is shared with the macros: a call has a callsite, made when it is first
//! reached; levels are always Python's of that moment; [`log::max_level`] follows them. To move from
//! pyo3-log, write `use pylog::bridge as pyo3_log;`.
//!
//! [`pyo3-log`]: https://docs.rs/pyo3-log

#[cfg(feature = "kv")]
mod key_values;
mod max_level;

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};
use pyo3::prelude::*;

use crate::callsite::{self, Callsite};
#[cfg(not(feature = "kv"))]
use crate::data::Data;
use crate::gate::Gate;
use crate::table::{Key, Table};
use crate::{Level, coherence, delivery};

pub(crate) use max_level::{narrow, reopen};

/// What is kept of Python's answers.
///
/// The names are pyo3-log's. What is kept is never stale, so the default is right for all but a
/// logger that decides anew each time without a class of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caching {
    /// Nothing: each call that passes the filters asks Python.
    Nothing,
    /// The loggers, not their levels: each call that passes the filters asks Python. As pylog keeps
    /// no logger that Python doesn't, this is what `Nothing` is.
    Loggers,
    /// Loggers and levels, until Python's configuration changes.
    #[default]
    LoggersAndLevels,
}

/// Makes a [`Logger`] ask Python again.
///
/// There is no need to: that happens by itself. It is there for code written for pyo3-log.
#[derive(Clone, Debug)]
pub struct ResetHandle(());

impl ResetHandle {
    /// Forgets what Python has answered.
    ///
    /// ```
    /// # pyo3::Python::attach(|py| -> pyo3::PyResult<()> {
    /// let logger = pylog::bridge::Logger::new(py, pylog::bridge::Caching::default())?;
    /// logger.reset_handle().reset();
    /// # Ok(()) }).unwrap();
    /// ```
    pub fn reset(&self) {
        // As every other change comes: attached.
        delivery::attach(&HERE, |_| {
            coherence::invalidate();
            Ok(())
        });
    }
}

/// The bridge: a [`log::Log`] that sends records to Python.
///
/// To be [installed](Logger::install), or made part of a logger that combines several.
///
/// ```
/// use log::LevelFilter;
/// use pylog::bridge::{Caching, Logger};
///
/// # pyo3::Python::attach(|py| -> Result<(), Box<dyn std::error::Error>> {
/// let handle = Logger::new(py, Caching::LoggersAndLevels)?
///     .filter(LevelFilter::Trace)
///     .filter_target("my_module::verbose_submodule".to_owned(), LevelFilter::Warn)
///     .install()?;
/// # Ok(()) }).unwrap();
/// ```
pub struct Logger {
    filter: LevelFilter,
    /// By target, with `::`.
    filters: HashMap<String, LevelFilter>,
    prefix: Option<String>,
    caching: Caching,
    names: Names,
    calls: Arc<Table>,
}

/// What loggers are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// As their targets, with `.`.
    OfTargets,
    /// As with the macros: a crate that is a Python module has that one's name.
    OfModules,
}

impl Logger {
    /// A logger that lets [`LevelFilter::Debug`] and what is more severe through to Python.
    ///
    /// # Errors
    /// None any more: `logging` is imported when it is needed.
    pub fn new(py: Python<'_>, caching: Caching) -> PyResult<Logger> {
        let _ = py;
        Ok(Logger::with(caching, Names::OfTargets))
    }

    fn with(caching: Caching, names: Names) -> Logger {
        Logger {
            filter: LevelFilter::Debug,
            filters: HashMap::new(),
            prefix: None,
            caching,
            names,
            calls: Arc::new(Table::new()),
        }
    }

    /// What passes to Python where no [`filter_target`](Logger::filter_target) says otherwise.
    pub fn filter(mut self, filter: LevelFilter) -> Logger {
        self.filter = filter;
        self
    }

    /// What passes to Python of a target and those below it. Of several, the most specific holds.
    ///
    /// ```
    /// use log::LevelFilter;
    /// use pylog::bridge::Logger;
    ///
    /// Logger::default()
    ///     .filter(LevelFilter::Warn)
    ///     .filter_target("xy".to_owned(), LevelFilter::Debug)
    ///     .filter_target("xy::aa".to_owned(), LevelFilter::Trace);
    /// // whatever: Warn, xy: Debug, xy::aa: Trace, xy::aabb: Debug
    /// ```
    pub fn filter_target(mut self, target: String, filter: LevelFilter) -> Logger {
        self.filters.insert(target, filter);
        self
    }

    /// Puts a name and a dot in front of those of the loggers.
    pub fn set_prefix(mut self, prefix: &str) -> Logger {
        self.prefix = Some(prefix.replace("::", "."));
        self
    }

    /// A handle that code written for pyo3-log expects.
    pub fn reset_handle(&self) -> ResetHandle {
        ResetHandle(())
    }

    /// Makes this the logger of the `log` crate in this extension.
    ///
    /// From then on [`log::max_level`] follows Python's configuration, within the filters. What a
    /// program sets with [`log::set_max_level`] holds until the next reconfiguration: limits belong in
    /// [`filter`](Logger::filter).
    ///
    /// # Errors
    /// If there is one already. The error says which call installed it, if that was pylog's.
    #[track_caller]
    pub fn install(self) -> Result<ResetHandle, InstallError> {
        let handle = self.reset_handle();
        let most_verbose = self.filters.values().fold(self.filter, |a, b| a.max(*b));
        let follows = self.keeps_levels();
        let calls = Arc::clone(&self.calls);
        log::set_boxed_logger(Box::new(self)).map_err(|source| InstallError {
            source,
            first: FIRST.get().copied(),
        })?;
        let _ = FIRST.set(Location::caller());
        if follows {
            max_level::follow(most_verbose, calls);
        } else {
            log::set_max_level(most_verbose);
        }
        Ok(handle)
    }

    fn filter_for(&self, target: &str) -> LevelFilter {
        if self.filters.is_empty() {
            return self.filter;
        }
        // The target, and what stands before each `::` in it, from the longest on.
        let ends = target.rmatch_indices("::").map(|(end, _)| end);
        let mut paths = std::iter::once(target.len())
            .chain(ends)
            .map(|end| &target[..end]);
        paths
            .find_map(|path| self.filters.get(path))
            .copied()
            .unwrap_or(self.filter)
    }

    /// The name of the logger for a target, if it isn't the one that a macro would log to.
    fn name(&self, target: &str) -> Option<String> {
        let name = match (self.names, &self.prefix) {
            (Names::OfModules, _) => return None,
            (Names::OfTargets, None) => target.replace("::", "."),
            (Names::OfTargets, Some(prefix)) => format!("{prefix}.{}", target.replace("::", ".")),
        };
        Some(name)
    }

    fn callsite(&self, key: &Key<'_>) -> &'static Callsite {
        self.calls.find_or_make(key, |key| {
            let metadata =
                callsite::Metadata::in_module(key.target, key.file, key.line, key.module);
            let gate = match self.keeps_levels() {
                true => Gate::new(),
                false => Gate::keeping_nothing(),
            };
            Callsite::with(metadata, gate, self.name(key.target))
        })
    }

    fn keeps_levels(&self) -> bool {
        self.caching == Caching::LoggersAndLevels
    }
}

/// The defaults of pyo3-log: [`LevelFilter::Debug`], [`Caching::LoggersAndLevels`].
impl Default for Logger {
    fn default() -> Logger {
        Logger::with(Caching::default(), Names::OfTargets)
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("filter", &self.filter)
            .field("filters", &self.filters)
            .field("prefix", &self.prefix)
            .field("caching", &self.caching)
            .finish_non_exhaustive()
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.level() > self.filter_for(metadata.target()) {
            return false;
        }
        let callsite = self.callsite(&of_metadata(metadata));
        let level = metadata.level().into();
        !callsite.is_off(level) && callsite.is_enabled(level)
    }

    fn log(&self, record: &Record<'_>) {
        if record.level() > self.filter_for(record.target()) {
            return;
        }
        let callsite = self.callsite(&of_record(record));
        let level = record.level().into();
        if callsite.is_on(level) {
            with_data(record, |data| {
                callsite.log_with(level, *record.args(), data);
            });
        }
    }

    /// Waits for what is [queued](crate::Delivery::Queued), some seconds at most.
    fn flush(&self) {
        crate::flush(Duration::from_secs(5));
    }
}

fn of_record<'a>(record: &Record<'a>) -> Key<'a> {
    Key {
        line: record.line().unwrap_or_default(),
        // What Python's own `findCaller` says where it doesn't know.
        file: record.file().unwrap_or("(unknown file)"),
        module: record.module_path().unwrap_or("(unknown function)"),
        ..of_metadata(record.metadata())
    }
}

fn of_metadata<'a>(metadata: &Metadata<'a>) -> Key<'a> {
    Key {
        target: metadata.target(),
        levelno: Level::from(metadata.level()).levelno(),
        ..Key::default()
    }
}

#[cfg(feature = "kv")]
use key_values::with_data;

#[cfg(not(feature = "kv"))]
fn with_data(_: &Record<'_>, log: impl FnOnce(Data<'_>)) {
    log(Data::default());
}

/// Where an error is reported that belongs to no call.
static HERE: callsite::Metadata =
    callsite::Metadata::in_module(module_path!(), file!(), line!(), module_path!());

/// The call that installed a bridge in this extension.
static FIRST: OnceLock<&'static Location<'static>> = OnceLock::new();

/// The `log` crate has a logger already, and keeps its first.
#[derive(Debug)]
pub struct InstallError {
    source: SetLoggerError,
    first: Option<&'static Location<'static>>,
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first {
            Some(first) => write!(f, "pylog's bridge was installed before, at {first}"),
            None => f.write_str("the `log` crate has another logger than pylog's bridge already"),
        }
    }
}

impl Error for InstallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// So that `?` works in functions written for pyo3-log.
impl From<InstallError> for SetLoggerError {
    fn from(error: InstallError) -> SetLoggerError {
        error.source
    }
}

/// Installs a bridge with the defaults of pyo3-log.
///
/// # Errors
/// If the `log` crate has a logger already.
#[track_caller]
pub fn try_init() -> Result<ResetHandle, InstallError> {
    Logger::default().install()
}

/// Installs a bridge with the defaults of pyo3-log, unless the `log` crate has a logger already:
/// unlike pyo3-log's this never panics, as that would fail the import. If the logger isn't pylog's,
/// Python issues a `RuntimeWarning`.
#[track_caller]
pub fn init() -> ResetHandle {
    install_or_warn(Logger::default());
    ResetHandle(())
}

/// What `#[pylog::module]` does: everything passes, and Python decides.
#[track_caller]
pub(crate) fn init_module() {
    let logger = Logger::with(Caching::default(), Names::OfModules);
    install_or_warn(logger.filter(LevelFilter::Trace));
}

#[track_caller]
fn install_or_warn(logger: Logger) {
    match logger.install() {
        Err(error) if error.first.is_none() => {
            delivery::attach(&HERE, |py| {
                let category = py.get_type::<pyo3::exceptions::PyRuntimeWarning>();
                let message = format!("{error}: what it logs does not reach Python's logging");
                py.import("warnings")?
                    .call_method1("warn", (message, category))
                    .map(drop)
            });
        }
        Ok(_) | Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_filter_holds() {
        let logger = Logger::default();
        assert_eq!(logger.filter_for("xy::aa"), LevelFilter::Debug);
        let logger = logger
            .filter(LevelFilter::Warn)
            .filter_target("xy".to_owned(), LevelFilter::Debug)
            .filter_target("xy::aa".to_owned(), LevelFilter::Trace);
        for (target, filter) in [
            ("whatever", LevelFilter::Warn),
            ("xy", LevelFilter::Debug),
            ("xyz", LevelFilter::Warn),
            ("xy::bb", LevelFilter::Debug),
            ("xy::aa", LevelFilter::Trace),
            ("xy::aa::bb::cc", LevelFilter::Trace),
            ("xy::aabb", LevelFilter::Debug),
            ("", LevelFilter::Warn),
        ] {
            assert_eq!(logger.filter_for(target), filter, "{target}");
        }
    }
}
