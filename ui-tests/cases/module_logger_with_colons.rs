use pyo3::prelude::*;

#[pylog::module(logger = "shop::orders")]
#[pymodule]
fn native(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

fn main() {}
