//! The smallest extension that logs, with and without a queue, and the same one without pylog.

#[cfg_attr(feature = "queue", pylog::module)]
#[cfg_attr(
    all(feature = "pylog", not(feature = "queue")),
    pylog::module(direct = true)
)]
#[pyo3::pymodule]
mod size {
    #[pyo3::pyfunction]
    fn double(n: i64) -> i64 {
        #[cfg(feature = "pylog")]
        pylog::info!("doubling {n}");
        n * 2
    }
}
