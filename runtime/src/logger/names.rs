//! The name of the logger for a target.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::lookup;
use crate::level_cache::invalidation;
use crate::raw::list::List;
use crate::raw::once::Once;
use crate::raw::thin::Stored;

/// Rust paths that have another name in Python, and that name. The last entry of a path holds.
static RENAMED: List<(&'static str, String)> = List::new();

/// The crates that belong to Python modules.
static OF_MODULES: List<&'static str> = List::new();

/// From now on, targets at and below `path` belong to the logger `name` and those below it.
pub(crate) fn rename(path: &'static str, name: &str) {
    if !is_of_module(path) {
        OF_MODULES.push(path);
    }
    if name_of(path) != name {
        RENAMED.push((path, name.to_owned()));
        lookup::count_change();
        // The level caches hold answers of other loggers.
        invalidation::invalidate();
    }
}

/// `my_crate::parse` is `my_crate.parse`, or `package._native.parse` where the crate's
/// `#[pylog::module]` is `package._native`. There `helper::parse`, of a crate that the attribute names, is
/// `package._native.helper.parse`.
fn name_of(target: &str) -> String {
    match renamed(target) {
        Some((path, name)) => format!("{name}{}", dotted(&target[path.len()..])),
        None => dotted(target),
    }
}

/// A Rust path with Python's separators.
pub(crate) fn dotted(path: &str) -> String {
    let mut name = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(end) = rest.as_bytes().windows(2).position(|it| it == b"::") {
        name.push_str(&rest[..end]);
        name.push('.');
        rest = &rest[end + 2..];
    }
    name.push_str(rest);
    name
}

/// Whether a target has another name in Python than its own.
#[cfg(feature = "log")]
pub(crate) fn is_renamed(target: &str) -> bool {
    renamed(target).is_some()
}

/// Whether a target is of a crate that belongs to a Python module, as `#[pylog::module]` says.
pub(crate) fn is_of_module(target: &str) -> bool {
    OF_MODULES.iter().any(|(_, path)| covers(path, target))
}

/// The closest path that covers a target, and its name.
fn renamed(target: &str) -> Option<&'static (&'static str, String)> {
    let entries = RENAMED.iter().map(|(_, entry)| entry);
    entries
        .filter(|(path, _)| covers(path, target))
        .max_by_key(|(path, _)| path.len())
}

fn covers(path: &str, target: &str) -> bool {
    let rest = target.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The name of a callsite's logger, as a Python string that is made once.
pub(crate) struct LoggerName {
    /// The string, and the number of entries in [`RENAMED`] when it was made.
    made: Once<(Stored<PyString>, usize)>,
    /// The name, if it doesn't follow from the target.
    fixed: Option<String>,
}

impl LoggerName {
    pub(crate) const fn of_target() -> LoggerName {
        LoggerName {
            made: Once::new(),
            fixed: None,
        }
    }

    pub(crate) fn fixed(name: String) -> LoggerName {
        LoggerName {
            made: Once::new(),
            fixed: Some(name),
        }
    }

    /// The name for `target`, which is the same at each call.
    pub(crate) fn get<'py>(&self, py: Python<'py>, target: &str) -> Bound<'py, PyString> {
        let make = || match &self.fixed {
            Some(name) => PyString::new(py, name),
            None => PyString::new(py, &name_of(target)),
        };
        let renamed = RENAMED.count();
        let (name, renamed_then) = self.made.get_or_make(|| (make().into(), renamed));
        if *renamed_then == renamed || self.fixed.is_some() {
            name.bind(py).clone()
        } else {
            make()
        }
    }
}
