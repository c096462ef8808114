//! An error that is its own source.

use std::error::Error;
use std::fmt;

use pyo3::prelude::*;

#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("endless")
    }
}

impl Error for Endless {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&Endless)
    }
}

#[pyfunction]
pub(crate) fn log_endless_error() {
    pylog::error!(exc_info = Endless; "as exc_info");
    pylog::error!(error:err = Endless; "as a value");
}
