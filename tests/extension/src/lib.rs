//! Imported as `pylog_probe._native`. The extension on the oldest PyO3 shares `calls` and `python`.

mod added;
mod all_queued;
mod calls;
mod errors;
mod logged;
mod numbered;
mod python;
mod stock;
mod tasks;
mod threads;
mod values;
mod waits;

/// The inline form, without an init function of its own.
// A test chooses another delivery where it wants one.
#[pylog::module(direct = true, log_filter = "trace")]
#[pyo3::pymodule(gil_used = false)]
pub mod _native {
    #[pymodule_export]
    use crate::added::{add_attributes, log_with_request};
    #[pymodule_export]
    use crate::all_queued::{
        LogsWhenVisited, count_switches, log_keywords, log_once, log_under_a_lock,
    };
    #[pymodule_export]
    use crate::errors::log_endless_error;
    #[pymodule_export]
    use crate::logged::{
        log_broken, log_key_values, log_line, log_max_level, log_to_target, log_twice_on_one_line,
        reset_detached, set_log_max_level, trace_event,
    };
    #[pymodule_export]
    use crate::numbered::{Worker, log_numbered};
    #[pymodule_export]
    use crate::python::{
        Noisy, call, call_in_thread, enabled, evaluations, log_at, log_from_everywhere,
        log_message, log_to, log_while_raising, log_with_display,
    };
    #[pymodule_export]
    use crate::stock::{explain, has_fast_path, stock_functions, stock_rows};
    #[pymodule_export]
    use crate::tasks::{log_in_coroutine, log_in_future, log_in_tasks};
    #[pymodule_export]
    use crate::threads::{
        JoinsWhenDropped, flood, flood_and_err, flush, join_while_attached, log_a_panic,
        log_and_check, log_and_check_signals, log_forever, log_forever_in_tokio, log_in_context,
        log_in_pool_while_attached, log_in_stages, log_in_worker, log_object_in_thread,
        log_what_needs_python, log_with_lock, set_default_delivery, set_queue, with_lock,
    };
    #[pymodule_export]
    use crate::values::{
        count_evaluations, log_containers, log_error_types, log_handled, log_limited, log_objects,
        log_pair, log_raised, log_rust_errors, log_stack, log_std_types, log_types_of_other_crates,
        log_values,
    };
    #[pymodule_export]
    use crate::waits::{
        Joining, wait_for_pool, wait_for_scope, wait_for_scope_detached, wait_for_tasks,
        wait_for_watcher,
    };
}
