//! Installing the bridge with its defaults.

use std::panic::Location;

use log::LevelFilter;

use super::installed::{self, InstallError};
use super::logger::{Caching, HERE, Logger, Names, ResetHandle};
use crate::python::attach::attach;
use crate::python::library;

/// Installs a bridge with the defaults of pyo3-log.
///
/// # Errors
/// If the `log` crate has a logger already.
#[track_caller]
pub fn try_init() -> Result<ResetHandle, InstallError> {
    Logger::default().install()
}

/// Installs a bridge with the defaults of pyo3-log, unless the `log` crate has a logger already.
///
/// If that logger isn't pylog's, Python issues a `RuntimeWarning`. Unlike pyo3-log's function, this one never
/// panics, since that would make the import fail.
#[track_caller]
pub fn init() -> ResetHandle {
    let logger = Logger::default();
    let handle = logger.reset_handle();
    if !installed::is_installed() {
        install_or_warn(logger, false);
    }
    handle
}

/// The bridge of `#[pylog::module]`. Everything of the module's own crates passes that the filters don't hold, and
/// Python decides. A filter is a target, or "" for all other crates, and the number of a level.
#[track_caller]
pub(crate) fn init_module(filters: &[(&str, u8)]) {
    let mut logger = Logger::with(Caching::default(), Names::OfModules).pass_own();
    for (target, level) in filters {
        // The macro has checked it.
        let mut levels = LevelFilter::iter();
        let level = levels.nth((*level).into()).unwrap_or(LevelFilter::Trace);
        logger = match *target {
            "" => logger.filter(level),
            target => logger.filter_target(target.to_owned(), level),
        };
    }
    install_or_warn(logger, true);
}

#[track_caller]
fn install_or_warn(logger: Logger, is_of_attribute: bool) {
    match installed::install(logger, Location::caller(), is_of_attribute) {
        Err(error) if error.first.is_none() => {
            attach(&HERE, |py| {
                let message = format!("{error}: what it logs does not reach Python's logging");
                library::warn(py, &message)
            });
        }
        Ok(()) | Err(_) => {}
    }
}
