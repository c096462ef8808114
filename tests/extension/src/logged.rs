//! Functions that log with the `log` crate, or with `tracing` through it.

use std::error::Error;
use std::fmt;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// `log::max_level()`.
#[pyfunction]
pub(crate) fn log_max_level() -> String {
    log::max_level().to_string()
}

/// `log::set_max_level`, as a program may call it itself.
#[pyfunction]
pub(crate) fn set_log_max_level(level: &str) -> PyResult<()> {
    let level = level.parse();
    level
        .map(log::set_max_level)
        .map_err(|_| PyValueError::new_err("no level"))
}

/// `ResetHandle::reset`, from a detached thread.
#[pyfunction]
pub(crate) fn reset_detached(py: Python<'_>, times: usize) {
    let handle = pylog::bridge::Logger::default().reset_handle();
    py.detach(|| (0..times).for_each(|_| handle.reset()));
}

/// Calls for which the `log` crate gives the same file and line.
#[pyfunction]
pub(crate) fn log_twice_on_one_line() {
    macro_rules! twice {
        () => {{
            log::info!("one");
            log::info!("two");
            log::info!("{}", 1 + 2);
        }};
    }
    twice!();
}

/// A value whose `Display` and `Debug` fail half-way.
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half").and(Err(fmt::Error))
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[pyfunction]
pub(crate) fn log_broken() {
    log::info!(display:% = Broken, debug:? = Broken, after = 1; "{}", Broken);
    pylog::info!(display:% = Broken, debug:? = Broken, after = 1; "{}", Broken);
}

#[pyfunction]
pub(crate) fn log_to_target(target: &str, message: &str) {
    log::info!(target: target, "{message}");
}

#[derive(Debug)]
struct Failure(&'static str, Option<&'static Failure>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.map(|source| source as _)
    }
}

/// Values of every type that the `log` crate tells apart.
#[pyfunction]
pub(crate) fn log_key_values() {
    static FAILURE: Failure = Failure(
        "reading",
        Some(&Failure("opening", Some(&Failure("no such file", None)))),
    );
    let failure: &(dyn Error + 'static) = &FAILURE;
    log::info!(
        small = 7, negative = -7, big = u64::MAX, huge = u128::MAX, least = i128::MIN,
        float = 0.5, not_a_number = f64::NAN, yes = true, character = 'ß', text = "näh",
        nothing = None::<u8>, something = Some(3), failure:err, debug:? = [1, 2], display:% = 1.25,
        name = "reserved", message = "reserved", taskName = "reserved", name_ = "taken";

        "with values"
    );
}

/// An event and a span of `tracing`, which its feature `log` sends on.
#[pyfunction]
pub(crate) fn trace_event() {
    tracing::warn!(answer = 42, "an event");
    tracing::info!(target: "traced::elsewhere", "elsewhere");
}

/// Returns the line of its call.
#[pyfunction]
pub(crate) fn log_line() -> u32 {
    log::info!("here");
    line!() - 1
}
