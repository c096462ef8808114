//! What is made once and kept.
//!
//! PyO3's `PyOnceLock`, and its `intern!` on top of that, hold a lock while they make the value, and
//! let go of the GIL meanwhile. Whoever forks at that moment leaves the child a lock that nobody
//! opens, and whoever comes back on the same thread, from an import hook that logs, waits for itself.
//! Here the value is made first, as often as need be, and what is locked is the storing alone, in
//! which no Python code runs and the GIL is kept.

use std::convert::Infallible;
use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// A value that is made on first use. Of several the first is kept.
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Once<T> {
        Once(OnceLock::new())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        let made = self.get_or_try(|| Ok::<T, Infallible>(make()));
        made.unwrap_or_else(|never| match never {})
    }

    pub(crate) fn get_or_try<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        let made = make()?;
        Ok(self.0.get_or_init(|| made))
    }
}

/// A name as a Python string.
pub(crate) struct Interned {
    text: &'static str,
    string: Once<Py<PyString>>,
}

impl Interned {
    pub(crate) const fn new(text: &'static str) -> Interned {
        Interned {
            text,
            string: Once::new(),
        }
    }

    #[inline(always)]
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        if let Some(string) = self.string.get() {
            return string.bind(py);
        }
        let make = || PyString::intern(py, self.text).unbind();
        self.string.get_or_make(make).bind(py)
    }
}

/// What `pyo3::intern!` does.
macro_rules! intern {
    ($py:expr, $text:expr) => {{
        static INTERNED: $crate::once::Interned = $crate::once::Interned::new($text);
        INTERNED.get($py)
    }};
}
pub(crate) use intern;
