fn main() {}

fn log(logger: pyo3::Py<pyo3::PyAny>) {
    pylog::info!(target: "net", logger: logger, "connected");
}
