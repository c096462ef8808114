//! Calls that must not run Python code.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyList;

/// Makes a call of each kind. Returns how often `steps[0]` changed within one, by kind: another thread counts
/// it up in Python.
#[pyfunction]
pub(crate) fn count_switches(
    steps: &Bound<'_, PyList>,
    error: Bound<'_, PyAny>,
    logger: Bound<'_, PyAny>,
) -> PyResult<HashMap<&'static str, u64>> {
    let switches = RefCell::new(HashMap::new());
    let count = |kind, call: &dyn Fn()| {
        let now = || steps.get_item(0)?.extract::<u64>();
        let before = now()?;
        call();
        if now()? != before {
            *switches.borrow_mut().entry(kind).or_default() += 1;
        }
        PyResult::Ok(())
    };
    let raised = PyErr::from_value(error.clone());
    let target = String::from("all.queued");
    count("message", &|| pylog::info!("a message"))?;
    count("value", &|| pylog::info!(error = &error; "a value"))?;
    count("exc_info", &|| pylog::info!(exc_info = &raised; "raised"))?;
    count("handled", &|| pylog::info!(exc_info = true; "handled"))?;
    count("stack_info", &|| pylog::info!(stack_info = true; "a stack"))?;
    count("logger", &|| pylog::info!(logger: &logger, "a logger"))?;
    count("target", &|| pylog::info!(target: &target, "a target"))?;
    count("limited", &|| pylog::info!(every_n: 1, "limited"))?;
    count("log", &|| log::info!("of the log crate"))?;
    count("enabled", &|| _ = pylog::enabled!(pylog::Level::INFO))?;
    count("log_enabled", &|| _ = log::log_enabled!(log::Level::Info))?;
    Ok(switches.into_inner())
}

#[pyfunction]
pub(crate) fn log_keywords(value: Bound<'_, PyAny>) {
    pylog::info!(value, exc_info = true, stack_info = true; "keywords");
}

/// Logs no more than one record.
#[pyfunction]
#[pyo3(signature = (limit, detached = false))]
pub(crate) fn log_once(py: Python<'_>, limit: &str, detached: bool) {
    let hour = Duration::from_secs(3600);
    let log = || match limit {
        "first_n" => pylog::info!(first_n: 1, "{limit}"),
        "every_n" => pylog::info!(every_n: 1000, "{limit}"),
        _ => pylog::info!(every: hour, "{limit}"),
    };
    match detached {
        true => py.detach(log),
        false => log(),
    }
}

/// Logs 200 records while it holds a lock.
#[pyfunction]
pub(crate) fn log_under_a_lock(kind: &str) -> PyResult<()> {
    static MUTEX: Mutex<()> = Mutex::new(());
    static LAZY: LazyLock<()> =
        LazyLock::new(|| log(|number| pylog::info!("certificate {number}")));
    static DEPENDENCY: LazyLock<()> =
        LazyLock::new(|| log(|number| log::info!(target: "dependency", "certificate {number}")));
    fn log(log: impl Fn(u32)) {
        (0..200).for_each(log);
    }
    let locked = || MUTEX.lock().map_err(|_| PyValueError::new_err("poisoned"));
    match kind {
        "mutex" => {
            let _guard = locked()?;
            log(|number| pylog::info!("certificate {number}"));
        }
        "dependency" => {
            let _guard = locked()?;
            log(|number| log::info!(target: "dependency", "certificate {number}"));
        }
        "lazy" => *LAZY,
        "lazy dependency" => *DEPENDENCY,
        _ => return Err(PyValueError::new_err("no such kind")),
    }
    Ok(())
}

/// Logs when the garbage collector visits it, where PyO3 allows no Python.
#[pyclass]
pub(crate) struct LogsWhenVisited(Py<PyAny>);

#[pymethods]
impl LogsWhenVisited {
    #[new]
    fn new(object: Py<PyAny>) -> LogsWhenVisited {
        LogsWhenVisited(object)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        pylog::info!(number = 7; "visited");
        log::info!("visited, with log");
        visit.call(&self.0)
    }
}
