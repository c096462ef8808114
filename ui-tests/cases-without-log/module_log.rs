use pyo3::prelude::*;

#[pylog::module(log_filter = "info")]
#[pymodule]
mod a {}

#[pylog::module(log = true)]
#[pymodule]
mod b {}

#[pylog::module(log = false)]
#[pymodule]
mod without_a_bridge {}

fn main() {}
