use pyo3::prelude::*;

#[pymodule]
#[pylog::module]
fn native(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

fn main() {}
