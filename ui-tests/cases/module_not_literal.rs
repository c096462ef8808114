#[pylog::module(log_filter = Level::INFO)]
#[pyo3::pymodule]
mod filter {}

#[pylog::module(log_filter = ["info", "ignore=warn"])]
#[pyo3::pymodule]
mod filters {}

#[pylog::module(logger = orders)]
#[pyo3::pymodule]
mod logger {}

#[pylog::module(log = "off")]
#[pyo3::pymodule]
mod log {}

#[pylog::module(queue = 65536u32)]
#[pyo3::pymodule]
mod queue {}

fn main() {}
