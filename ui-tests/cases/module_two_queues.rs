use pyo3::prelude::*;

#[pylog::module(queue = 65536, queue_all = 65536)]
#[pymodule]
fn _native(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

fn main() {}
