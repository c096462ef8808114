//! Events at every level in several modules.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tracing::callsite::{self, Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::level_filters::LevelFilter;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, dispatcher};

static EVALUATIONS: AtomicUsize = AtomicUsize::new(0);

/// Counts how often it is called. As a field it must be evaluated only if the event is on.
fn evaluate(levelno: i32) -> i32 {
    EVALUATIONS.fetch_add(1, Ordering::Relaxed);
    levelno
}

macro_rules! calls {
    ($($option:tt)*) => {
        pub(super) fn event(levelno: i32) {
            use super::evaluate;
            match levelno {
                5 => tracing::trace!($($option)* "level {}", evaluate(levelno)),
                10 => tracing::debug!($($option)* "level {}", evaluate(levelno)),
                20 => tracing::info!($($option)* "level {}", evaluate(levelno)),
                30 => tracing::warn!($($option)* "level {}", evaluate(levelno)),
                _ => tracing::error!($($option)* "level {}", evaluate(levelno)),
            }
        }

        pub(super) fn is_enabled(levelno: i32) -> bool {
            match levelno {
                5 => tracing::enabled!($($option)* tracing::Level::TRACE),
                10 => tracing::enabled!($($option)* tracing::Level::DEBUG),
                20 => tracing::enabled!($($option)* tracing::Level::INFO),
                30 => tracing::enabled!($($option)* tracing::Level::WARN),
                _ => tracing::enabled!($($option)* tracing::Level::ERROR),
            }
        }
    };
}

mod alpha {
    calls!();
}

mod beta {
    calls!();
}

mod elsewhere {
    calls!(target: "elsewhere::traced",);
}

type Site = (fn(i32), fn(i32) -> bool);

fn site(name: &str) -> PyResult<Site> {
    match name {
        "alpha" => Ok((alpha::event, alpha::is_enabled)),
        "beta" => Ok((beta::event, beta::is_enabled)),
        "elsewhere" => Ok((elsewhere::event, elsewhere::is_enabled)),
        _ => Err(PyValueError::new_err("no such site")),
    }
}

#[pyfunction]
#[pyo3(signature = (name, levelno, detached = false))]
pub(crate) fn call(py: Python<'_>, name: &str, levelno: i32, detached: bool) -> PyResult<()> {
    let (event, _) = site(name)?;
    match detached {
        true => py.detach(|| event(levelno)),
        false => event(levelno),
    }
    Ok(())
}

#[pyfunction]
pub(crate) fn call_in_thread(py: Python<'_>, name: &str, levelno: i32) -> PyResult<()> {
    let (event, _) = site(name)?;
    let joined = py.detach(|| thread::spawn(move || event(levelno)).join());
    joined.map_err(|_| PyValueError::new_err("the thread panicked"))
}

#[pyfunction]
pub(crate) fn enabled(name: &str, levelno: i32) -> PyResult<bool> {
    let (_, is_enabled) = site(name)?;
    Ok(is_enabled(levelno))
}

#[pyfunction]
pub(crate) fn evaluations() -> usize {
    EVALUATIONS.load(Ordering::Relaxed)
}

/// One callsite for metadata that are made at run time, as the crate `tracing-log` has.
struct Shared;

static SHARED: Shared = Shared;

static METADATA: Metadata<'static> = metadata("shared");

const fn metadata(target: &str) -> Metadata<'_> {
    let fields = FieldSet::new(&[], Identifier(&SHARED));
    let (level, kind) = (Level::DEBUG, Kind::EVENT);
    Metadata::new("shared", target, level, None, None, None, fields, kind)
}

impl Callsite for Shared {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}

/// Whether an event at level DEBUG is on, for each of these targets.
#[pyfunction]
pub(crate) fn enabled_at_run_time(targets: Vec<String>) -> Vec<bool> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| callsite::register(&SHARED));
    let is_enabled =
        |target: &String| dispatcher::get_default(|dispatch| dispatch.enabled(&metadata(target)));
    targets.iter().map(is_enabled).collect()
}

/// The maximum level of `tracing`, as a level of Python's. 100 if it is off.
#[pyfunction]
pub(crate) fn max_level() -> i32 {
    match LevelFilter::current().into_level() {
        Some(Level::TRACE) => 5,
        Some(Level::DEBUG) => 10,
        Some(Level::INFO) => 20,
        Some(Level::WARN) => 30,
        Some(Level::ERROR) => 40,
        None => 100,
    }
}

/// The same of the `log` crate.
#[pyfunction]
pub(crate) fn log_max_level() -> i32 {
    match log::max_level() {
        log::LevelFilter::Trace => 5,
        log::LevelFilter::Debug => 10,
        log::LevelFilter::Info => 20,
        log::LevelFilter::Warn => 30,
        log::LevelFilter::Error => 40,
        log::LevelFilter::Off => 100,
    }
}
