//! What pylog expects of Python.

use pylog::__stock as stock;
use pyo3::prelude::*;

/// The functions of the table: name, fingerprint, whether it is known.
#[pyfunction]
pub(crate) fn stock_functions(py: Python<'_>) -> PyResult<Vec<(&'static str, u64, bool)>> {
    let functions = stock::functions(py)?.into_iter();
    Ok(functions
        .map(|it| (it.name, it.fingerprint, it.is_known))
        .collect())
}

/// The rows of the table: path, what is expected, whether it is so, and the number of the snapshot.
#[pyfunction]
pub(crate) fn stock_rows(py: Python<'_>) -> Vec<(String, &'static str, bool, usize)> {
    let rows = stock::rows(py).into_iter();
    rows.map(|it| (it.path, it.expected, it.is_as_expected, it.snapshot))
        .collect()
}

/// Why Python does some of the work.
#[pyfunction]
pub(crate) fn explain(py: Python<'_>) -> Vec<String> {
    pylog::explain(py)
}

/// Whether pylog is built with its feature `fast-path`.
#[pyfunction]
pub(crate) fn has_fast_path() -> bool {
    cfg!(feature = "fast-path")
}
