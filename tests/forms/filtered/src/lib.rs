//! The extension `forms._filtered`, which installs a bridge with filters of its own.

use log::LevelFilter;
use pylog::bridge::{Caching, Logger};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

#[pylog::module(crates = ["forms_core"])]
#[pymodule]
fn _filtered(m: &Bound<'_, PyModule>) -> PyResult<()> {
    Logger::new(m.py(), Caching::LoggersAndLevels)?
        .filter(LevelFilter::Info)
        .filter_target("ignore".to_owned(), LevelFilter::Warn)
        .install()
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    m.add_function(wrap_pyfunction!(run, m)?)
}

#[pyfunction]
fn run() {
    log::info!("own, with log");
    forms_core::run();
    log::info!(target: "ignore::walk", "held by the filter");
    log::warn!(target: "ignore::walk", "a dependency");
}
