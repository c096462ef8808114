use pyo3::prelude::*;

#[pylog::module(logger = "orders..native")]
#[pymodule]
mod native {}

fn main() {}
