#[pylog::module]
#[pylog::module]
#[pyo3::pymodule]
mod orders {}

fn main() {}
