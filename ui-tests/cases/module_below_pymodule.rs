use pyo3::prelude::*;

#[pymodule]
#[pylog::module]
fn native(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

#[pymodule]
#[pylog::module]
mod inline {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(_m: &Bound<'_, PyModule>) -> PyResult<()> {
        Ok(())
    }

    #[pyfunction]
    fn load() {}
}

fn main() {}
