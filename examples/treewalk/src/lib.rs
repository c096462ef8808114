//! Counts the files and lines in a directory tree on several threads, and logs through Python's `logging`.

mod count;
mod tree;

#[pylog::module]
#[pyo3::pymodule]
mod _native {
    use std::path::PathBuf;

    use pyo3::exceptions::PyOSError;
    use pyo3::prelude::*;

    use crate::tree;

    /// Counts the files and lines below `path` on `threads` threads (0: as many as there are
    /// cores). Returns the numbers of directories, files and lines.
    #[pyfunction]
    #[pyo3(signature = (path, threads = 0))]
    fn walk(py: Python<'_>, path: PathBuf, threads: usize) -> PyResult<(u64, u64, u64)> {
        let totals = py.detach(|| tree::walk(&path, threads));
        totals
            .map(|totals| (totals.directories, totals.files, totals.lines))
            .map_err(PyOSError::new_err)
    }
}
