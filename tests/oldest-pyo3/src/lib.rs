//! The extension `pylog_oldest`.

#[path = "../../extension/src/calls.rs"]
mod calls;
#[path = "../../extension/src/python.rs"]
mod python;

use pyo3::prelude::*;

/// A module that is a function, and that sets the name of its logger.
#[pylog::module(logger = "oldest", direct = true, log_filter = "trace")]
#[pymodule(gil_used = false)]
pub fn pylog_oldest(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(python::call, m)?)?;
    m.add_function(wrap_pyfunction!(python::enabled, m)?)?;
    m.add_function(wrap_pyfunction!(python::evaluations, m)?)?;
    m.add_function(wrap_pyfunction!(python::call_in_thread, m)?)?;
    m.add_function(wrap_pyfunction!(python::log_message, m)?)?;
    m.add_function(wrap_pyfunction!(python::log_at, m)?)?;
    m.add_function(wrap_pyfunction!(python::log_to, m)?)?;
    m.add_function(wrap_pyfunction!(python::log_while_raising, m)?)?;
    m.add_function(wrap_pyfunction!(python::log_with_display, m)?)?;
    m.add_function(wrap_pyfunction!(python::log_from_everywhere, m)?)?;
    m.add_class::<python::Noisy>()
}
