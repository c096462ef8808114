use pyo3::prelude::*;

#[pylog::module(logger = "a", logger = "b")]
#[pymodule]
mod native {}

fn main() {}
