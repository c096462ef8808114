//! The timed loops. They are in one crate, so that the compiler treats all of them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use pylog::Delivery;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;

mod calls;

use calls::{Arguments, peer, time};

peer!(with_pylog, pylog);
peer!(with_log, log);
peer!(with_tracing, tracing);

#[inline(never)]
fn nothing(_: Arguments) {}

/// `cargo xtask bench` builds this with `PYLOG_MAX_LEVEL=trace,pylog_benches::statically_off=off`.
mod statically_off {
    #[inline(never)]
    pub(crate) fn call(a: super::Arguments) {
        pylog::info!("value {}", a.i);
    }
}

/// Repeats code ten times, in a function of its own.
macro_rules! ten {
    ($i:ident, $($body:tt)*) => {{
        #[inline(never)]
        fn ten($i: u64) {
            $($body)*; $($body)*; $($body)*; $($body)*; $($body)*;
            $($body)*; $($body)*; $($body)*; $($body)*; $($body)*;
        }
        ten($i);
    }};
}

/// Makes one call of each of `count` callsites.
fn call_each(peer: &str, count: u32, i: u64) -> bool {
    match (peer, count) {
        ("pylog", 10) => ten!(i, pylog::debug!("value {i}")),
        // Clippy takes minutes for these.
        #[cfg(not(clippy))]
        ("pylog", 10_000) => ten!(i, ten!(i, ten!(i, ten!(i, pylog::debug!("value {i}"))))),
        #[cfg(not(clippy))]
        ("tracing", 10_000) => ten!(i, ten!(i, ten!(i, ten!(i, tracing::debug!("value {i}"))))),
        _ => return false,
    }
    true
}

fn find(peer: &str, call: &str) -> Option<fn(Arguments)> {
    match peer {
        "nothing" => Some(nothing),
        "pylog" if call == "statically off" => Some(statically_off::call),
        "pylog" => with_pylog::find(call),
        "pyo3-log" | "log" => with_log::find(call),
        "tracing" => with_tracing::find(call),
        _ => None,
    }
}

#[pyo3::pymodule]
mod pylog_benches {
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let logger = pyo3_log::Logger::new(module.py(), pyo3_log::Caching::LoggersAndLevels)?;
        let _ = logger.filter(log::LevelFilter::Trace).install();
        Ok(())
    }

    /// Sets `log::max_level()`. If the name isn't a level, all records reach pyo3-log.
    #[pyfunction]
    fn set_log_max_level(name: &str) {
        log::set_max_level(name.parse().unwrap_or(log::LevelFilter::Trace));
    }

    /// Sets queued delivery of all threads with room for `capacity` records, or direct delivery.
    #[pyfunction]
    #[pyo3(signature = (capacity = None))]
    fn set_queue(py: Python<'_>, capacity: Option<usize>) -> PyResult<()> {
        let delivery = capacity.map_or(Delivery::Direct, Delivery::AllQueued);
        pylog::set_delivery(py, delivery)
    }

    /// Sets the default delivery of `#[pylog::module]`.
    #[pyfunction]
    fn set_default_delivery(py: Python<'_>) -> PyResult<()> {
        pylog::set_delivery(py, Delivery::default())
    }

    /// The nanoseconds of one record, on average: from the start of `threads` threads that Rust spawns until they have
    /// made all `iterations` calls.
    #[pyfunction]
    fn measure_spawned(
        py: Python<'_>,
        peer: &str,
        call: &str,
        iterations: u64,
        threads: u64,
    ) -> PyResult<f64> {
        let call = find(peer, call)
            .ok_or_else(|| PyKeyError::new_err((peer.to_owned(), call.to_owned())))?;
        let start = Instant::now();
        py.detach(|| {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(move || time(call, iterations / threads, Duration::ZERO));
                }
            });
        });
        Ok(start.elapsed().as_secs_f64() * 1e9 / iterations as f64)
    }

    /// Waits until all queued records have been delivered.
    #[pyfunction]
    fn flush() -> bool {
        pylog::flush(Duration::from_secs(60))
    }

    /// The nanoseconds that one call of each of `count` callsites takes together. `count` is 10 or 10,000.
    #[pyfunction]
    fn call_many(peer: &str, count: u32) -> PyResult<f64> {
        let start = Instant::now();
        if !call_each(peer, count, black_box(1)) {
            return Err(PyKeyError::new_err((peer.to_owned(), count)));
        }
        Ok(start.elapsed().as_secs_f64() * 1e9)
    }

    /// The nanoseconds of one call, on average. Each of `threads` threads makes `iterations` calls at the same
    /// time. A detached thread works for `pause` microseconds before each call, if that isn't 0.
    #[pyfunction]
    #[pyo3(signature = (peer, call, iterations, detached = false, pause = 0, threads = 1))]
    fn measure(
        py: Python<'_>,
        peer: &str,
        call: &str,
        iterations: u64,
        detached: bool,
        pause: u64,
        threads: usize,
    ) -> PyResult<f64> {
        let call = find(peer, call)
            .ok_or_else(|| PyKeyError::new_err((peer.to_owned(), call.to_owned())))?;
        if threads > 1 {
            return Ok(py.detach(|| {
                std::thread::scope(|scope| {
                    let threads: Vec<_> = (0..threads)
                        .map(|_| scope.spawn(move || time(call, iterations, Duration::ZERO)))
                        .collect();
                    let times = threads.into_iter().map(|it| it.join().unwrap_or(f64::NAN));
                    times.fold(0.0, f64::max)
                })
            }));
        }
        Ok(if detached {
            py.detach(|| time(call, iterations, Duration::from_micros(pause)))
        } else {
            time(call, iterations, Duration::ZERO)
        })
    }
}
