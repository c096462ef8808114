//! Functions of Python's library whose code is known.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use super::exception::Result;
use super::library::Globals;

/// A method of a class of Python's library.
pub(crate) struct KnownMethod {
    /// Its qualified name, such as `Logger.handle`.
    pub(crate) name: &'static str,
    /// The names that its code uses in any known version of Python, separated by spaces. If the code did
    /// anything else, it would need another name.
    uses: &'static str,
}

impl KnownMethod {
    pub(crate) const fn new(name: &'static str, uses: &'static str) -> KnownMethod {
        KnownMethod { name, uses }
    }

    /// The method, if it is the one of the library, and its code is known.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(crate) fn find<'py>(
        &self,
        module: &'static Globals,
        py: Python<'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        let (class, method) = self.name.split_once('.').unwrap_or(("", self.name));
        let class = module.get(&PyString::new(py, class))?;
        let function = class.getattr(method)?;
        if !module.define(&function)? || function.getattr("__qualname__")?.ne(self.name)? {
            return Ok(None);
        }
        let names = function.getattr("__code__")?.getattr("co_names")?;
        for name in names.cast::<PyTuple>()?.iter() {
            let name = name.cast::<PyString>()?.to_cow()?;
            if !self.uses.split(' ').any(|used| used == name) {
                return Ok(None);
            }
        }
        Ok(Some(function))
    }
}
