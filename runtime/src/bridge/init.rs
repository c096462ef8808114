//! Installing the bridge with its defaults.

use log::LevelFilter;
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;

use super::logger::{Caching, HERE, InstallError, Logger, Names, ResetHandle};
use crate::python::attach::attach;

/// Installs a bridge with the defaults of pyo3-log.
///
/// # Errors
/// If the `log` crate has a logger already.
#[track_caller]
pub fn try_init() -> Result<ResetHandle, InstallError> {
    Logger::default().install()
}

/// Installs a bridge with the defaults of pyo3-log, unless the `log` crate has a logger already. If that
/// isn't pylog's, Python issues a `RuntimeWarning`. Unlike pyo3-log's function, this one never panics,
/// since that would make the import fail.
#[track_caller]
pub fn init() -> ResetHandle {
    let logger = Logger::default();
    let handle = logger.reset_handle();
    install_or_warn(logger);
    handle
}

/// The bridge of `#[pylog::module]`: everything passes, and Python decides.
#[track_caller]
pub(crate) fn init_module() {
    let logger = Logger::with(Caching::default(), Names::OfModules);
    install_or_warn(logger.filter(LevelFilter::Trace));
}

#[track_caller]
fn install_or_warn(logger: Logger) {
    match logger.install() {
        Err(error) if error.first.is_none() => {
            attach(&HERE, |py| {
                let category = py.get_type::<PyRuntimeWarning>();
                let message = format!("{error}: what it logs does not reach Python's logging");
                py.import("warnings")?
                    .call_method1("warn", (message, category))
                    .map(drop)
            });
        }
        Ok(_) | Err(_) => {}
    }
}
