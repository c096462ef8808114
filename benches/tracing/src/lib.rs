//! The loops of `pylog_benches` that use `tracing`. Each feature makes another extension of them.

use std::time::Duration;

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;

#[path = "../../side-by-side/src/calls.rs"]
mod calls;

use calls::{peer, time};

peer!(with_tracing, tracing);

/// The target of the events. Their logger accepts the spans, too.
const EVENTS: &str = "pylog_tracing_benches::with_tracing";

/// The nanoseconds of one call, on average.
#[pyfunction]
#[pyo3(signature = (call, iterations, in_spans = false))]
fn measure(call: &str, iterations: u64, in_spans: bool) -> PyResult<f64> {
    let call = with_tracing::find(call).ok_or_else(|| PyKeyError::new_err(call.to_owned()))?;
    if !in_spans {
        return Ok(time(call, iterations, Duration::ZERO));
    }
    let _outer = tracing::info_span!(target: EVENTS, "request", id = 7, path = "/index").entered();
    let _inner = tracing::info_span!(target: EVENTS, "query", table = "users").entered();
    Ok(time(call, iterations, Duration::ZERO))
}

/// The events go through pylog's layer.
#[cfg(feature = "layer")]
#[pylog::module(tracing = true)]
#[pymodule]
mod pylog_layer_benches {
    #[pymodule_export]
    use crate::measure;
}

/// The events go through the `log` crate and pylog's bridge.
#[cfg(feature = "log")]
#[pylog::module]
#[pymodule]
mod pylog_log_benches {
    #[pymodule_export]
    use crate::measure;
}

/// The events go to a file, without Python.
#[cfg(feature = "fmt")]
#[pymodule]
mod pylog_fmt_benches {
    use std::fs::File;

    use pyo3::exceptions::PyRuntimeError;
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::measure;

    /// Writes events at INFO and above to a file.
    #[pyfunction]
    fn write_to(path: &str) -> PyResult<()> {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_writer(File::create(path)?)
            .try_init()
            .map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}
