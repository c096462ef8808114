use pyo3::prelude::*;

#[pylog::module(loger = "orders")]
#[pymodule]
fn native(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

fn main() {}
