//! The bridge that is installed. The `log` crate keeps its first logger for ever, so that logger is
//! [`Installed`], which passes everything on to the current bridge.

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};

use super::logger::{Caching, HERE, Logger, ResetHandle};
use crate::index::AtomicIndex;
use crate::max_level::MaxLevel;
use crate::max_level::changes::Maximum;
use crate::python::attach::attach;
use crate::python::library;
use crate::raw::list::List;

struct Bridge {
    logger: Logger,
    installed_at: &'static Location<'static>,
    /// Whether `#[pylog::module]` installed it.
    is_of_attribute: bool,
}

/// The maximum of the `log` crate.
static MAX_LEVEL: MaxLevel = MaxLevel::new(Maximum {
    set: log::set_max_level,
    get: Some(log::max_level),
});

static BRIDGES: List<Bridge> = List::new();

/// The place of the current bridge in [`BRIDGES`].
static CURRENT: AtomicIndex = AtomicIndex::none();

fn current() -> Option<&'static Bridge> {
    CURRENT.get().map(|index| &BRIDGES[index])
}

pub(super) fn is_installed() -> bool {
    current().is_some()
}

impl Logger {
    /// Makes this the logger of the `log` crate in this extension.
    ///
    /// It takes over from the bridge that `#[pylog::module]` has installed. The loggers then keep the names
    /// that they have with the attribute.
    ///
    /// From then on [`log::max_level`] follows Python's configuration, within the filters. A lower maximum
    /// that the program sets with [`log::set_max_level`], such as [`LevelFilter::Off`](log::LevelFilter::Off), is a cap
    /// that stays until the program sets another maximum.
    ///
    /// # Errors
    /// If the `log` crate has another logger already, or if a bridge has been installed by such a call. The
    /// error says which call that was.
    #[track_caller]
    pub fn install(self) -> Result<ResetHandle, InstallError> {
        let handle = self.reset_handle();
        install(self, Location::caller(), false)?;
        Ok(handle)
    }
}

/// Installs a bridge. A call of [`Logger::install`] can replace the bridge of the attribute, once.
pub(super) fn install(
    mut logger: Logger,
    installed_at: &'static Location<'static>,
    is_of_attribute: bool,
) -> Result<(), InstallError> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let earlier = current();
    if let Err(source) = log::set_logger(&Installed) {
        match earlier {
            Some(bridge) if bridge.is_of_attribute && !is_of_attribute => {
                logger.has_names_of_modules = true;
            }
            _ => {
                let first = earlier.map(|bridge| bridge.installed_at);
                return Err(InstallError { source, first });
            }
        }
    }
    let most_verbose = logger.most_verbose();
    let follows = logger.caches_levels();
    let calls = Arc::clone(&logger.calls);
    CURRENT.set(BRIDGES.push(Bridge {
        logger,
        installed_at,
        is_of_attribute,
    }));
    if follows {
        MAX_LEVEL.follow(most_verbose, calls);
    } else {
        MAX_LEVEL.leave_at(most_verbose);
    }
    Ok(())
}

/// The logger of the `log` crate.
struct Installed;

impl Log for Installed {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        current().is_some_and(|bridge| bridge.logger.enabled(metadata))
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(bridge) = current() {
            bridge.logger.log(record);
        }
    }

    fn flush(&self) {
        if let Some(bridge) = current() {
            bridge.logger.flush();
        }
    }
}

/// The `log` crate has a logger already, which can't be replaced.
#[derive(Debug)]
pub struct InstallError {
    source: SetLoggerError,
    pub(super) first: Option<&'static Location<'static>>,
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first {
            Some(first) => write!(f, "pylog's bridge was installed before, at {first}"),
            None => f.write_str("the `log` crate has another logger than pylog's bridge already"),
        }
    }
}

impl Error for InstallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Makes `?` work in functions that were written for pyo3-log.
impl From<InstallError> for SetLoggerError {
    fn from(error: InstallError) -> SetLoggerError {
        error.source
    }
}

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
    if !is_installed() {
        install_or_warn(logger, false);
    }
    handle
}

/// The bridge of `#[pylog::module]`. Everything of the module's own crates passes that the filters don't hold, and
/// Python decides. A filter is a target, or "" for all other crates, and the number of a level.
#[track_caller]
pub(crate) fn init_module(filters: &[(&str, u8)]) {
    let mut logger = Logger::with(Caching::default(), true).pass_own();
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
    match install(logger, Location::caller(), is_of_attribute) {
        Err(error) if error.first.is_none() => {
            attach(&HERE, |py| {
                let message = format!("{error}: what it logs does not reach Python's logging");
                library::warn(py, &message)
            });
        }
        Ok(()) | Err(_) => {}
    }
}
