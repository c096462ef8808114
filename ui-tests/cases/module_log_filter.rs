use pyo3::prelude::*;

#[pylog::module(log_filter = "info,ignore=critical")]
#[pymodule]
mod a {}

#[pylog::module(log = false, log_filter = "info")]
#[pymodule]
mod b {}

fn main() {}
