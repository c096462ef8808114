//! The extension `pylog_tracing`, whose events and spans of `tracing` become records.

mod calls;
mod spans;

/// The inline form.
#[pylog::module(tracing = true, direct = true)]
#[pyo3::pymodule(gil_used = false)]
pub mod pylog_tracing {
    #[pymodule_export]
    use crate::calls::{
        call, call_in_thread, enabled, enabled_at_run_time, evaluations, log_max_level, max_level,
    };
    #[pymodule_export]
    use crate::spans::{
        count_seen_by_another_layer, flush, in_spans, log_beside_events, log_error, log_fields,
        log_in_span, log_with_options, record_later, set_queue, span_in_threads,
    };
}

/// Without the attribute: installs a subscriber of its own.
#[pyo3::pymodule(gil_used = false)]
mod pylog_own_subscriber {
    use pyo3::exceptions::PyRuntimeError;
    use pyo3::prelude::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        let subscriber = tracing_subscriber::registry().with(pylog::tracing::layer());
        tracing::subscriber::set_global_default(subscriber)
            .map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}
