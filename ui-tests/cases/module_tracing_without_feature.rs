//! `tracing = true` without the cargo feature.

#[pylog::module(tracing = true)]
#[pyo3::pymodule]
mod extension {}

fn main() {}
