#[pylog::module("d")]
#[pyo3::pymodule]
mod a {}

#[pylog::module(queue)]
#[pyo3::pymodule]
mod b {}

#[pylog::module(false)]
#[pyo3::pymodule]
mod c {}

#[pylog::module(logger: "e")]
#[pyo3::pymodule]
mod d {}

fn main() {}
