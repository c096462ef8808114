//! The extension `forms._native`, whose attribute names the helper crate and filters a dependency.

#[pylog::module(crates = ["forms-core"], log_filter = "ignore=warn")]
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pyfunction]
    fn run() {
        pylog::info!("here, with pylog");
        crate::own();
        forms_core::run();
        // The records of a dependency, which the attribute doesn't name.
        log::info!(target: "ignore::walk", "held by the filter");
        log::warn!(target: "ignore::walk", "a dependency");
        pylog::info!(target: "forms_core_extras", "another crate");
    }

    /// The records of a dependency without a filter of its own.
    #[pyfunction]
    fn run_verbose_dependency() {
        log::trace!(target: "other::walk", "held by the default");
        log::debug!(target: "other::walk", "not held");
    }
}

fn own() {
    log::trace!("own, with log");
}
