use pyo3::prelude::*;

const CAPACITY: usize = 1024;

#[pylog::module(queue = CAPACITY)]
#[pymodule]
mod a {}

#[pylog::module(queue_all = "many")]
#[pymodule]
mod b {}

#[pylog::module(queue = 1.5 * 1024.0)]
#[pymodule]
mod c {}

#[pylog::module(queue = 64 * crate::CAPACITY)]
#[pymodule]
mod without_a_mistake {}

fn main() {}
