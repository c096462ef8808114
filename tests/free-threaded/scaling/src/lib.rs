//! Calls to be timed in several threads at once, by pylog and by pyo3-log.

#[pylog::module(direct = true)]
#[pyo3::pymodule(gil_used = false)]
mod pylog_scaling {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        pyo3_log::init();
        Ok(())
    }

    #[pyfunction]
    fn pylog_calls(number: usize) {
        for number in 0..number {
            pylog::info!("record {number}");
        }
    }

    #[pyfunction]
    fn pyo3_log_calls(number: usize) {
        for number in 0..number {
            log::info!(target: "pyo3_log_calls", "record {number}");
        }
    }
}
