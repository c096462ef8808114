#[pylog::module(log = "no")]
#[pyo3::pymodule]
mod native {}

fn main() {}
