//! Attributes that a function adds to each record.

use std::cell::Cell;
use std::thread;

use pyo3::prelude::*;

thread_local! {
    static REQUEST: Cell<Option<u64>> = const { Cell::new(None) };
}

/// From then on the records of [`log_with_request`] have the attribute `request`.
#[pyfunction]
pub(crate) fn add_attributes() {
    pylog::add_attributes(|attributes| {
        if let Some(request) = REQUEST.get() {
            // The second call adds no attributes either.
            for _ in 0..2 {
                pylog::info!("asked for the request");
            }
            attributes.add("request", request);
            attributes.add("name", format!("request {request}"));
            attributes.add("own", "added");
        }
    });
}

/// Logs while the thread has this request: in this thread, detached, and in a thread of Rust.
#[pyfunction]
pub(crate) fn log_with_request(py: Python<'_>, request: u64) {
    let log = move || {
        REQUEST.set(Some(request));
        pylog::info!(own = 1; "with a value");
        log::info!("with log");
        pylog::debug!("off");
        REQUEST.set(None);
        pylog::info!("without");
    };
    log();
    py.detach(log);
    py.detach(|| thread::scope(|scope| drop(scope.spawn(log))));
}
