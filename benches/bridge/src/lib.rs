//! The loops of `pylog_benches` that use the `log` crate, with pylog's bridge instead of pyo3-log.

use std::time::Duration;

#[path = "../../side-by-side/src/calls.rs"]
mod calls;

use calls::{peer, time};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;

peer!(with_log, log);

#[pylog::module]
#[pymodule]
mod pylog_bridge_benches {
    use super::*;

    /// The nanoseconds of one call, on average. A detached thread works for `pause` microseconds before each call, if that
    /// isn't 0.
    #[pyfunction]
    #[pyo3(signature = (call, iterations, detached = false, pause = 0))]
    fn measure(
        py: Python<'_>,
        call: &str,
        iterations: u64,
        detached: bool,
        pause: u64,
    ) -> PyResult<f64> {
        let call = with_log::find(call).ok_or_else(|| PyKeyError::new_err(call.to_owned()))?;
        Ok(if detached {
            py.detach(|| time(call, iterations, Duration::from_micros(pause)))
        } else {
            time(call, iterations, Duration::ZERO)
        })
    }
}
