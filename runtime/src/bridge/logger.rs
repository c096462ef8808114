//! The bridge: a `log::Log`, its settings and its installation.

use std::sync::Arc;
use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};
use pyo3::prelude::*;

#[cfg(feature = "kv")]
use super::key_values::with_keywords;
use crate::callsite::site::Callsite;
use crate::callsite::table::{Key, Table};
#[cfg(not(feature = "kv"))]
use crate::event::keywords::Keywords;
use crate::level::Level;
use crate::level_cache::cache::LevelCache;
use crate::level_cache::invalidation;
use crate::logger::names;
use crate::metadata;
use crate::python::attach::attach;
use crate::queue::flush::flush;

/// Which of Python's answers are cached.
///
/// The names are pyo3-log's. A cached answer is never stale, so the default is right, except for a
/// logger that has the stock class and still decides anew each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caching {
    /// Nothing: each call that passes the filters asks Python.
    Nothing,
    /// The loggers, but not their levels: each call that passes the filters asks Python. The same as
    /// `Nothing`, since pylog keeps no loggers that Python doesn't keep.
    Loggers,
    /// Loggers and levels, until Python's configuration changes.
    #[default]
    LoggersAndLevels,
}

/// Clears the cached answers of Python.
///
/// That happens by itself. The type exists for code that was written for pyo3-log.
#[derive(Clone, Debug)]
pub struct ResetHandle(());

impl ResetHandle {
    /// Clears the level caches.
    ///
    /// ```
    /// # pyo3::Python::attach(|py| -> pyo3::PyResult<()> {
    /// let logger = pylog::bridge::Logger::new(py, pylog::bridge::Caching::default())?;
    /// logger.reset_handle().reset();
    /// # Ok(()) }).unwrap();
    /// ```
    pub fn reset(&self) {
        // Attached, as every other invalidation.
        attach(&HERE, |_| {
            invalidation::invalidate();
            Ok(())
        });
    }
}

/// The bridge: a [`log::Log`] that sends records to Python.
///
/// [Install](Logger::install) it, or make it part of a logger that combines several.
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
#[derive(Debug)]
pub struct Logger {
    filter: LevelFilter,
    /// By target, with `::`.
    filters: Vec<(String, LevelFilter)>,
    /// Whether everything passes that is of a crate which belongs to a Python module, and has no filter of its own.
    passes_own: bool,
    prefix: Option<String>,
    caching: Caching,
    /// Whether loggers are named as with the macros: a crate that is a Python module has the name of the module.
    pub(super) has_names_of_modules: bool,
    pub(super) calls: Arc<Table>,
}

impl Logger {
    /// A logger that passes [`LevelFilter::Debug`] and more severe levels to Python.
    ///
    /// # Errors
    /// None: `logging` is imported when it is needed. pyo3-log's function returns a `Result`.
    pub fn new(py: Python<'_>, caching: Caching) -> PyResult<Logger> {
        let _ = py;
        Ok(Logger::with(caching, false))
    }

    pub(super) fn with(caching: Caching, has_names_of_modules: bool) -> Logger {
        Logger {
            filter: LevelFilter::Debug,
            filters: Vec::new(),
            passes_own: false,
            prefix: None,
            caching,
            has_names_of_modules,
            calls: Arc::new(Table::new()),
        }
    }

    /// Sets the level that passes to Python, for targets without a
    /// [`filter_target`](Logger::filter_target).
    pub fn filter(mut self, filter: LevelFilter) -> Logger {
        self.filter = filter;
        self
    }

    pub(super) fn pass_own(mut self) -> Logger {
        self.passes_own = true;
        self
    }

    /// Sets the level that passes to Python, for a target and those below it. The most specific filter
    /// of a target holds.
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
        self.filters.retain(|it| it.0 != target);
        self.filters.push((target, filter));
        self
    }

    /// Sets a prefix for the names of the loggers, which is separated by a dot. Where it takes
    /// over from the bridge of `#[pylog::module]`, the crates that the attribute renames get no prefix.
    pub fn set_prefix(mut self, prefix: &str) -> Logger {
        self.prefix = Some(names::dotted(prefix));
        self
    }

    /// A handle, for code that was written for pyo3-log.
    pub fn reset_handle(&self) -> ResetHandle {
        ResetHandle(())
    }

    /// The most verbose level that the filters allow.
    pub(super) fn most_verbose(&self) -> LevelFilter {
        if self.passes_own {
            return LevelFilter::Trace;
        }
        self.filters.iter().fold(self.filter, |a, b| a.max(b.1))
    }

    fn filter_for(&self, target: &str) -> LevelFilter {
        if self.filters.is_empty() {
            return self.filter_without_target(target);
        }
        // The target and its parents, from the longest on.
        let mut path = target;
        loop {
            if let Some((_, filter)) = self.filters.iter().find(|it| it.0 == path) {
                return *filter;
            }
            let separator = path.as_bytes().windows(2).rposition(|it| it == b"::");
            let Some(end) = separator else {
                return self.filter_without_target(target);
            };
            path = &path[..end];
        }
    }

    fn filter_without_target(&self, target: &str) -> LevelFilter {
        match self.passes_own && names::is_of_module(target) {
            true => LevelFilter::Trace,
            false => self.filter,
        }
    }

    /// The name of the logger for a target, if it differs from the one that a macro uses.
    fn name(&self, target: &str) -> Option<String> {
        if self.has_names_of_modules && (self.prefix.is_none() || names::is_renamed(target)) {
            return None;
        }
        let name = names::dotted(target);
        Some(match &self.prefix {
            Some(prefix) => format!("{prefix}.{name}"),
            None => name,
        })
    }

    fn callsite(&self, key: &Key<'_>) -> &'static Callsite {
        self.calls.find_or_make(key, &|key| {
            let metadata =
                metadata::Metadata::in_module(key.target, key.file, key.line, key.module);
            let cache = match self.caches_levels() {
                true => LevelCache::new(),
                false => LevelCache::disabled(),
            };
            Callsite::at_run_time(metadata, cache, self.name(key.target), true)
        })
    }

    pub(super) fn caches_levels(&self) -> bool {
        self.caching == Caching::LoggersAndLevels
    }
}

/// The defaults of pyo3-log: [`LevelFilter::Debug`], [`Caching::LoggersAndLevels`].
impl Default for Logger {
    fn default() -> Logger {
        Logger::with(Caching::default(), false)
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
        if let Some(admitted) = callsite.check(level) {
            with_keywords(record, |keywords| {
                callsite.log_with(admitted, *record.args(), keywords);
            });
        }
    }

    /// Waits until [queued](crate::Delivery::Queued) records have been delivered, for at most 5 seconds.
    fn flush(&self) {
        flush(Duration::from_secs(5));
    }
}

fn of_record<'a>(record: &Record<'a>) -> Key<'a> {
    Key {
        line: record.line().unwrap_or_default(),
        // `Logger.findCaller` returns these if it finds no caller.
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

#[cfg(not(feature = "kv"))]
fn with_keywords(_: &Record<'_>, log: impl FnOnce(Keywords<'_>)) {
    log(Keywords::default());
}

/// The place of errors that belong to no call.
pub(super) static HERE: metadata::Metadata =
    metadata::Metadata::in_module(module_path!(), file!(), line!(), module_path!());

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
