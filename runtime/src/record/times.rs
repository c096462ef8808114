//! The times of a record.

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::event::origin::{Origin, nanoseconds_since_epoch};
use crate::python::library::{LOGGING_GLOBALS, TIME_GLOBALS, is_builtin};
use crate::raw::once::Once;
use crate::raw::thin::{self, Name, Object, Result, Thin};
use crate::raw::version::version;
use crate::stock::table::Row;

/// How `LogRecord` computes its times, and from which start.
#[derive(Clone, Copy)]
pub(super) enum Clock {
    /// Up to 3.12, from `time.time()`. Up to 3.9, `msecs` has a fraction.
    Seconds { start: f64, is_whole: bool },
    /// From 3.13, from `time.time_ns()`.
    Nanoseconds { start: i64 },
}

impl Clock {
    /// `start` is `logging._startTime`. `None` if it isn't of the type that `logging` gives it.
    pub(super) fn starting_at(start: &Bound<'_, PyAny>) -> Option<Clock> {
        let py = start.py();
        if counts_nanoseconds(py) {
            let start = whole(start)?;
            return Some(Clock::Nanoseconds { start });
        }
        let start = fractional(start)?;
        let is_whole = version(py) >= (10, 0);
        Some(Clock::Seconds { start, is_whole })
    }

    /// The row of the function that `LogRecord` calls.
    pub(super) fn row(self) -> Row {
        match self {
            Clock::Seconds { .. } => Row::Clock,
            Clock::Nanoseconds { .. } => Row::ClockNs,
        }
    }

    /// Whether a function is the stock one.
    pub(super) fn is_stock(function: &Bound<'_, PyAny>) -> Result<bool> {
        Ok(is_builtin(function, "time", "time_ns")? || is_builtin(function, "time", "time")?)
    }

    /// `time.time` or `time.time_ns`, whichever `LogRecord` calls, as it is now.
    pub(super) fn function(py: Python<'_>) -> Result<Object<'_>> {
        let name = match counts_nanoseconds(py) {
            true => Name::time_ns,
            false => Name::time,
        };
        TIME_GLOBALS.get(name, py)
    }
}

/// By how many seconds Python's clock and the system's may differ: they are read one after the other.
const MAX_DIFFERENCE: f64 = 1.0;

pub(super) struct Times {
    pub(super) created: f64,
    pub(super) msecs: f64,
    pub(super) relative_created: f64,
}

impl Times {
    /// Asks the clock, and computes what `LogRecord` computes from it, to the last bit. The stock function
    /// is called too, since time-machine replaces it in C. `None` if the answer isn't of the stock type.
    pub(super) fn by(function: &Bound<'_, PyAny>, clock: Clock) -> Result<Option<Times>> {
        let now = function.run()?;
        let times = || match clock {
            Clock::Nanoseconds { start } => Some(Times::of_nanoseconds(whole(&now)?, start)),
            Clock::Seconds { start, is_whole } => {
                Some(Times::of_seconds(fractional(&now)?, start, is_whole))
            }
        };
        Ok(times())
    }

    /// The times of a queued call. The stock function `function` tells another time than the system if a test
    /// has replaced it in C; then the times are those of the delivery.
    pub(super) fn of_origin(
        origin: &Origin,
        function: &Bound<'_, PyAny>,
        clock: Clock,
    ) -> Result<Times> {
        let of_delivery = Times::by(function, clock)?;
        let is_replaced = |times: &Times| {
            let difference = times.created - nanoseconds_since_epoch() as f64 / 1e9;
            difference.abs() > MAX_DIFFERENCE
        };
        let times = of_delivery.filter(is_replaced);
        Ok(times.unwrap_or_else(|| Times::at(origin.time, clock)))
    }

    /// The same for a record that Python has made. `None` if the function isn't the stock one, so that the
    /// record has the time of the delivery.
    pub(super) fn of_origin_as_now(origin: &Origin, py: Python<'_>) -> Result<Option<Times>> {
        let start = LOGGING_GLOBALS.get(Name::_startTime, py)?;
        let function = Clock::function(py)?;
        match Clock::starting_at(&start) {
            Some(clock) if Clock::is_stock(&function)? => {
                Times::of_origin(origin, &function, clock).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Sets the times by a function, such as that of an entry of a dict.
    #[inline]
    pub(super) fn set_by<'py>(
        &self,
        py: Python<'py>,
        set: impl Fn(Name, &Bound<'py, PyAny>) -> Result<()>,
    ) -> Result<()> {
        set(Name::created, &*thin::float(py, self.created)?)?;
        set(Name::msecs, &*thin::float(py, self.msecs)?)?;
        set(
            Name::relativeCreated,
            &*thin::float(py, self.relative_created)?,
        )
    }

    /// The times at `now`, in nanoseconds since the Unix epoch.
    fn at(now: i64, clock: Clock) -> Times {
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
        // `created` may have been rounded up to the next whole second.
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

/// Whether this Python's `LogRecord` calls `time.time_ns`.
fn counts_nanoseconds(py: Python<'_>) -> bool {
    // Asking for the version takes longer than making a record.
    static ANSWER: Once<bool> = Once::new();
    *ANSWER.get_or_make(|| version(py) >= (13, 0))
}

/// The value of an `int`, but not of a subclass.
fn whole(number: &Bound<'_, PyAny>) -> Option<i64> {
    number.cast_exact::<PyInt>().ok()?.extract().ok()
}

/// The value of a `float`, but not of a subclass.
fn fractional(number: &Bound<'_, PyAny>) -> Option<f64> {
    number.cast_exact::<PyFloat>().ok()?.extract().ok()
}
