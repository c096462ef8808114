//! Functions that log, for the tests in Python.

use std::fmt;
use std::thread;

use pylog::Level;
use pyo3::exceptions::PyRuntimeError;
use pyo3::panic::PanicException;
use pyo3::prelude::*;

use crate::calls::{self, site};

/// Calls at `levelno` from the module `name`, detached if asked.
#[pyfunction]
#[pyo3(signature = (name, levelno, detached = false))]
pub(crate) fn call(py: Python<'_>, name: &str, levelno: i32, detached: bool) {
    let call = site(name).call;
    if detached {
        py.detach(|| call(levelno));
    } else {
        call(levelno);
    }
}

#[pyfunction]
pub(crate) fn enabled(name: &str, levelno: i32) -> bool {
    (site(name).enabled)(levelno)
}

/// How often the argument of a call has been evaluated.
#[pyfunction]
pub(crate) fn evaluations() -> usize {
    calls::evaluations()
}

/// Calls from a new Rust thread, which Python doesn't know.
#[pyfunction]
#[pyo3(signature = (name, levelno, thread_name = None))]
pub(crate) fn call_in_thread(
    py: Python<'_>,
    name: &str,
    levelno: i32,
    thread_name: Option<String>,
) -> PyResult<()> {
    let call = site(name).call;
    let mut builder = thread::Builder::new();
    if let Some(name) = thread_name {
        builder = builder.name(name);
    }
    py.detach(|| {
        let thread = builder.spawn(move || call(levelno))?;
        let joined = thread.join();
        joined.map_err(|_| PyRuntimeError::new_err("the thread panicked"))
    })
}

#[pyfunction]
pub(crate) fn log_message(message: &str) {
    pylog::info!("{message}");
}

#[pyfunction]
pub(crate) fn log_at(target: &str, levelno: i32, message: &str) {
    pylog::log!(target: target, Level::new(levelno), "{message}");
}

#[pyfunction]
pub(crate) fn log_to(py: Python<'_>, logger: Py<PyAny>, levelno: i32, message: &str) {
    let level = Level::new(levelno);
    pylog::log!(logger: &logger, level, "{message}");
    py.detach(|| pylog::log!(logger: logger, level, "{message}, detached"));
}

/// Logs while `error` is set, and raises what is set afterwards.
#[pyfunction]
pub(crate) fn log_while_raising(
    py: Python<'_>,
    error: Bound<'_, PyAny>,
    name: &str,
    levelno: i32,
) -> PyResult<()> {
    PyErr::from_value(error).restore(py);
    (site(name).call)(levelno);
    Err(PyErr::take(py).unwrap_or_else(|| PyRuntimeError::new_err("the exception was lost")))
}

/// Logs a value whose `Display` misbehaves in the way named.
#[pyfunction]
pub(crate) fn log_with_display(py: Python<'_>, kind: &str) -> PyResult<()> {
    let value = Misbehaving(kind);
    py.detach(|| pylog::info!("displayed {value}"));
    pylog::info!("displayed {value}");
    if kind == "raises a panic" {
        return Err(PanicException::new_err("as if from another extension"));
    }
    Ok(())
}

struct Misbehaving<'a>(&'a str);

impl fmt::Display for Misbehaving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "panics" => panic!("while displaying"),
            "fails" => return f.write_str("half").and(Err(fmt::Error)),
            "logs" => pylog::info!("nested"),
            "attaches" => {
                Python::attach(|py| py.import("sys").map(drop)).map_err(|_| fmt::Error)?;
            }
            _ => {}
        }
        f.write_str(self.0)
    }
}

/// Logs when it is dropped.
#[pyclass]
pub(crate) struct Noisy;

#[pymethods]
impl Noisy {
    #[new]
    fn new() -> Noisy {
        Noisy
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        pylog::info!("dropped");
    }
}

/// One call from each kind of function.
#[pyfunction]
pub(crate) fn log_from_everywhere() {
    fn generic<T>(_: T) {
        pylog::info!("generic");
    }
    trait Trait {
        fn method(&self);
    }
    struct Type<const N: usize>;
    impl<const N: usize> Type<N> {
        fn inherent() {
            pylog::info!("inherent");
        }
    }
    impl<const N: usize> Trait for Type<N> {
        fn method(&self) {
            pylog::info!("method");
        }
    }
    async fn asynchronous() {
        pylog::info!("async");
    }

    pylog::info!("function");
    let outer = || {
        let inner = || pylog::info!("closure");
        inner();
    };
    outer();
    generic(0);
    Type::<3>::inherent();
    Type::<3>.method();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(asynchronous()).poll(&mut context);
}
