//! The smallest extension that logs, and the same one without pylog.

#[cfg_attr(feature = "pylog", pylog::module)]
#[pyo3::pymodule]
mod size {
    #[pyo3::pyfunction]
    fn double(n: i64) -> i64 {
        #[cfg(feature = "pylog")]
        pylog::info!("doubling {n}");
        n * 2
    }
}
