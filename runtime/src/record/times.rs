//! The times of a record.

use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::once::{Once, intern};
use crate::origin::Origin;
use crate::python::{LOGGING, TIME_GLOBALS, is_builtin};

/// How `LogRecord` computes its times, and when they begin.
#[derive(Clone, Copy)]
pub(super) enum Clock {
    /// To 3.12, from `time.time()`. To 3.9, `msecs` has a fraction.
    Seconds { start: f64, is_whole: bool },
    /// From 3.13, from `time.time_ns()`.
    Nanoseconds { start: i64 },
}

impl Clock {
    /// `None` if the start is none that `logging` came with.
    pub(super) fn of(start: &Bound<'_, PyAny>) -> Option<Clock> {
        let py = start.py();
        if counts_nanoseconds(py) {
            let start = whole(start)?;
            return Some(Clock::Nanoseconds { start });
        }
        let start = fractional(start)?;
        let is_whole = py.version_info() >= (3, 10);
        Some(Clock::Seconds { start, is_whole })
    }

    /// Whether it is the function that Python came with.
    pub(super) fn is_stock(function: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(is_builtin(function, "time", "time_ns")? || is_builtin(function, "time", "time")?)
    }

    /// `time.time` or `time.time_ns`, as it is now.
    pub(super) fn function(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        TIME_GLOBALS.get(match counts_nanoseconds(py) {
            true => intern!(py, "time_ns"),
            false => intern!(py, "time"),
        })
    }
}

pub(super) struct Times {
    pub(super) created: f64,
    pub(super) msecs: f64,
    pub(super) relative_created: f64,
}

impl Times {
    /// The numbers that `LogRecord` computes, to the last bit, from what the clock says. That is asked, since
    /// time-machine replaces it below Python's level. `None` if it says something else than a clock would.
    pub(super) fn by(function: &Bound<'_, PyAny>, clock: Clock) -> PyResult<Option<Times>> {
        let now = function.call0()?;
        Ok(match clock {
            Clock::Nanoseconds { start } => {
                whole(&now).map(|now| Times::of_nanoseconds(now, start))
            }
            Clock::Seconds { start, is_whole } => {
                fractional(&now).map(|now| Times::of_seconds(now, start, is_whole))
            }
        })
    }

    /// The same, unless the clock is one that is asked.
    pub(super) fn of_origin(origin: &Origin, py: Python<'_>) -> PyResult<Option<Times>> {
        let start = LOGGING.get(py)?.getattr(intern!(py, "_startTime"))?;
        let Some(clock) = Clock::of(&start) else {
            return Ok(None);
        };
        Ok(Clock::is_stock(&Clock::function(py)?)?.then(|| Times::at(origin.nanoseconds, clock)))
    }

    pub(super) fn set_in(&self, record: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = record.py();
        record.setattr(intern!(py, "created"), self.created)?;
        record.setattr(intern!(py, "msecs"), self.msecs)?;
        record.setattr(intern!(py, "relativeCreated"), self.relative_created)
    }

    /// Those at a time in nanoseconds since the epoch.
    pub(super) fn at(now: i64, clock: Clock) -> Times {
        match clock {
            Clock::Nanoseconds { start } => Times::of_nanoseconds(now, start),
            Clock::Seconds { start, is_whole } => {
                Times::of_seconds(now as f64 / 1e9, start, is_whole)
            }
        }
    }

    fn of_nanoseconds(now: i64, start: i64) -> Times {
        let created = now as f64 / 1e9;
        let mut msecs = (now.rem_euclid(1_000_000_000) / 1_000_000) as f64;
        // The seconds may have been rounded up, to the next whole one.
        if msecs == 999.0 && created.trunc() as i64 != now.div_euclid(1_000_000_000) {
            msecs = 0.0;
        }
        let relative_created = now.wrapping_sub(start) as f64 / 1e6;
        Times {
            created,
            msecs,
            relative_created,
        }
    }

    fn of_seconds(created: f64, start: f64, is_whole: bool) -> Times {
        let msecs = (created - created.trunc()) * 1000.0;
        Times {
            created,
            msecs: if is_whole { msecs.trunc() } else { msecs },
            relative_created: (created - start) * 1000.0,
        }
    }
}

/// Nanoseconds, as `time.time_ns` has them.
pub(crate) fn since_epoch() -> i64 {
    // As far as the year 2262.
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i64,
        Err(before) => -(before.duration().as_nanos() as i64),
    }
}

/// Whether this Python's `LogRecord` does.
fn counts_nanoseconds(py: Python<'_>) -> bool {
    // Finding the version out takes longer than making a record.
    static ANSWER: Once<bool> = Once::new();
    *ANSWER.get_or_make(|| py.version_info() >= (3, 13))
}

/// An `int`, and nothing that could be taken for one.
fn whole(number: &Bound<'_, PyAny>) -> Option<i64> {
    number.cast_exact::<PyInt>().ok()?.extract().ok()
}

/// A `float`, and nothing that could be taken for one.
fn fractional(number: &Bound<'_, PyAny>) -> Option<f64> {
    number.cast_exact::<PyFloat>().ok()?.extract().ok()
}
