//! The extension `pylog_tracing_oldest`, whose events have the same names and levels as those of `pylog_tracing`.

#[path = "../../tracing/src/calls.rs"]
mod calls;

#[pylog::module(tracing = true, direct = true)]
#[pyo3::pymodule(gil_used = false)]
pub mod pylog_tracing_oldest {
    #[pymodule_export]
    use crate::calls::{
        call, call_in_thread, enabled, enabled_at_run_time, evaluations, log_max_level, max_level,
    };
}
