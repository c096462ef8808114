use pyo3::prelude::*;

#[pylog::module(queue = 0)]
#[pymodule]
fn native(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

fn main() {}
