#[pylog::module(crates = "forms_core")]
#[pyo3::pymodule]
mod a {}

#[pylog::module(crates = [forms_core])]
#[pyo3::pymodule]
mod b {}

#[pylog::module(crates = ["forms_core::parse"])]
#[pyo3::pymodule]
mod c {}

fn main() {}
