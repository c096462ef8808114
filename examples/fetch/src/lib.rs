//! An HTTP client and server on tokio. Their events and spans, and those of `tower-http`, become records of Python's
//! `logging`.

mod client;
mod server;

use std::sync::LazyLock;

use tokio::runtime::Runtime;

/// The runtime of the client and of the servers. Its threads log without the GIL.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("the operating system can start threads"));

#[pylog::module(tracing = true, queue = 65536)]
#[pyo3::pymodule(gil_used = false)]
mod fetch {
    use std::collections::HashMap;
    use std::time::Duration;

    use pyo3::exceptions::{PyConnectionError, PyRuntimeError};
    use pyo3::prelude::*;

    use crate::{RUNTIME, client, server};

    /// Starts a server on a free port of the loopback address. Returns its URL. The server runs until the
    /// program ends.
    #[pyfunction]
    fn serve(py: Python<'_>) -> PyResult<String> {
        Ok(py.detach(|| RUNTIME.block_on(server::start()))?)
    }

    /// Sends a GET request. Returns the status and the body of the response.
    #[pyfunction]
    #[pyo3(signature = (url, headers = HashMap::new()))]
    fn get(py: Python<'_>, url: &str, headers: HashMap<String, String>) -> PyResult<(u16, String)> {
        let context = pylog::Context::capture(py)?;
        // A task, as in a program that sends several requests at once: it moves between the threads of the
        // runtime, and its records have the context variables of the caller.
        let task = context.scope(client::get(url.to_owned(), headers));
        let response = py.detach(|| RUNTIME.block_on(RUNTIME.spawn(task)));
        let response = response.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        match response {
            Ok((status, body)) => Ok((status.as_u16(), body)),
            Err(error) => Err(PyConnectionError::new_err(error.to_string())),
        }
    }

    /// Waits until the handlers have all records that were logged before. Returns false if that takes longer
    /// than `seconds`.
    #[pyfunction]
    fn flush(py: Python<'_>, seconds: u64) -> bool {
        py.detach(|| pylog::flush(Duration::from_secs(seconds)))
    }
}
