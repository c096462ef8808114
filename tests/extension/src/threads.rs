//! What Python can have done by threads, and with the queue.

use std::panic;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pylog::Delivery;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::prelude::*;

/// Queued delivery with room for `capacity` records, or direct delivery.
#[pyfunction]
#[pyo3(signature = (capacity = None))]
pub(crate) fn set_queue(py: Python<'_>, capacity: Option<usize>) -> PyResult<()> {
    let delivery = capacity.map_or(Delivery::Direct, Delivery::Queued);
    pylog::set_delivery(py, delivery)
}

#[pyfunction]
#[pyo3(signature = (seconds = 30.0, detached = false))]
pub(crate) fn flush(py: Python<'_>, seconds: f64, detached: bool) -> bool {
    let timeout = Duration::from_secs_f64(seconds);
    match detached {
        true => py.detach(|| pylog::flush(timeout)),
        false => pylog::flush(timeout),
    }
}

/// Nanoseconds since the epoch, before and after logging in a thread named `worker` that Python
/// doesn't know, and its ident.
#[pyfunction]
pub(crate) fn log_in_worker(py: Python<'_>, message: &str) -> PyResult<(u128, u128, u64)> {
    fn now() -> u128 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_nanos())
    }
    let work = || {
        let before = now();
        pylog::info!(answer = 42, text = message.to_owned(); "{message}");
        let after = now();
        // Only now: it makes Python know the thread for a while.
        let ident = Python::attach(|py| {
            let threading = py.import("threading")?;
            threading.call_method0("get_ident")?.extract()
        });
        ident.map(|ident: u64| (before, after, ident))
    };
    py.detach(|| {
        thread::scope(|scope| {
            let worker = thread::Builder::new().name("worker".to_owned());
            let joined = worker.spawn_scoped(scope, work)?.join();
            joined.map_err(|_| PyRuntimeError::new_err("the thread panicked"))?
        })
    })
}

/// pyo3-log's example of a deadlock: this thread holds the GIL and waits for one that logs.
#[pyfunction]
pub(crate) fn join_while_attached() -> PyResult<()> {
    let thread = thread::spawn(|| {
        pylog::info!("from a joined thread");
        log::info!("from a joined thread, with log");
        log::debug!("never enabled");
        let _ = pylog::enabled!(pylog::Level::DEBUG);
        let _ = log::log_enabled!(log::Level::Debug);
        pylog::warn!(target: &["joined", "thread"].join("::"), "to another target");
    });
    join(thread)
}

fn join(thread: JoinHandle<()>) -> PyResult<()> {
    let joined = thread.join();
    joined.map_err(|_| PyRuntimeError::new_err("the thread panicked"))
}

/// And with rayon: this thread holds the GIL and waits for a pool that logs.
#[pyfunction]
pub(crate) fn log_in_pool_while_attached(count: u32) -> u32 {
    let doubled = |n: u32| {
        pylog::info!("doubling {n}");
        log::info!("doubling {n}, with log");
        2 * n
    };
    (0..count).into_par_iter().map(doubled).sum()
}

/// Joins a thread that logs when it is dropped, which the garbage collector may do.
#[pyclass]
pub(crate) struct JoinsWhenDropped(Option<JoinHandle<()>>);

#[pymethods]
impl JoinsWhenDropped {
    #[new]
    fn new() -> JoinsWhenDropped {
        JoinsWhenDropped(Some(thread::spawn(|| {
            thread::sleep(Duration::from_millis(20));
            pylog::info!("before the drop ends");
        })))
    }
}

impl Drop for JoinsWhenDropped {
    fn drop(&mut self) {
        pylog::info!("dropping");
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

/// Logs so many records in each of some threads: `flood T N`. Returns the nanoseconds that a record
/// took, on average, without waiting for its delivery.
#[pyfunction]
pub(crate) fn flood(py: Python<'_>, threads: usize, records: usize) -> u128 {
    py.detach(|| {
        let start = Instant::now();
        thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    for number in 0..records {
                        pylog::info!("flood {thread} {number}");
                    }
                });
            }
        });
        start.elapsed().as_nanos() / (threads * records) as u128
    })
}

/// Logs in so many threads until the process ends, by turns with `log` and by name with values.
#[pyfunction]
pub(crate) fn log_forever(threads: usize) {
    for thread in 0..threads {
        thread::spawn(move || {
            for number in 0_u64.. {
                match number % 4 {
                    0 => log::info!("forever {thread} {number}"),
                    1 => pylog::info!(number, error:err = std::fmt::Error; "forever {thread}"),
                    2 => pylog::info!(target: &format!("forever{}", number % 7), "{number}"),
                    _ => pylog::debug!("forever {thread} {number}"),
                }
            }
        });
    }
}

/// Logs from tasks of a tokio runtime until the process ends.
#[pyfunction]
pub(crate) fn log_forever_in_tokio(threads: usize) -> PyResult<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .build()?;
    for task in 0..2 * threads {
        runtime.spawn(async move {
            loop {
                pylog::info!("tokio {task}");
                tokio::task::yield_now().await;
            }
        });
    }
    // It goes on without an owner, as one in a static does.
    std::mem::forget(runtime);
    Ok(())
}

/// Many calls that are most likely refused and then one that isn't, in a thread that this one waits for
/// with the GIL.
#[pyfunction]
pub(crate) fn flood_and_err(records: usize) -> PyResult<()> {
    join(thread::spawn(move || {
        for number in 0..records {
            pylog::debug!("flood {number}");
        }
        pylog::error!("the important one");
    }))
}

static LOCK: Mutex<()> = Mutex::new(());

/// Logs while it holds a lock that [`with_lock`] wants.
#[pyfunction]
#[pyo3(signature = (message, detached = true))]
pub(crate) fn log_with_lock(py: Python<'_>, message: &str, detached: bool) {
    let log = || {
        let _guard = LOCK.lock();
        thread::sleep(Duration::from_millis(20));
        pylog::info!("{message}");
    };
    match detached {
        true => py.detach(log),
        false => log(),
    }
}

/// For a handler: takes the lock while it holds the GIL.
#[pyfunction]
pub(crate) fn with_lock() {
    drop(LOCK.lock());
}

/// Detached and attached by turns, as a function may be that works in stages: `stage 0`, `stage 1`, …
#[pyfunction]
pub(crate) fn log_in_stages(py: Python<'_>, stages: u32) {
    for stage in 0..stages {
        match stage % 2 {
            0 => py.detach(|| pylog::info!("stage {stage}")),
            _ => pylog::info!("stage {stage}"),
        }
    }
}

/// Logs in worker threads, one after the other in the same contexts as this thread is in now.
#[pyfunction]
pub(crate) fn log_in_context(py: Python<'_>, message: &str) -> PyResult<()> {
    let context = pylog::Context::capture(py)?;
    py.detach(|| {
        (0..4).into_par_iter().for_each(|worker| {
            pylog::info!("{message} {worker} outside");
            {
                let _entered = context.enter();
                pylog::info!("{message} {worker} inside");
                log::info!("{message} {worker} inside, with log");
            }
            pylog::info!("{message} {worker} outside again");
        });
    });
    Ok(())
}

/// A queued record that is there no more when its value panics. What else it says arrives.
#[pyfunction]
pub(crate) fn log_a_panic(py: Python<'_>) -> bool {
    struct Panics;
    impl std::fmt::Display for Panics {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("while displaying")
        }
    }
    py.detach(|| {
        let panicked = panic::catch_unwind(|| pylog::info!("{}", Panics)).is_err();
        pylog::info!("after the panic");
        panicked
    })
}

/// What needs Python, from a detached thread.
#[pyfunction]
pub(crate) fn log_what_needs_python(py: Python<'_>, error: Bound<'_, PyAny>, logger: Py<PyAny>) {
    let object = error.clone().unbind();
    let error = PyErr::from_value(error);
    py.detach(|| {
        pylog::info!("first");
        pylog::info!(exc_info = error; "an exception");
        pylog::info!("between");
        pylog::info!(stack_info = true; "a stack");
        pylog::info!(object; "an object");
        pylog::info!(logger: &logger, "a logger");
        pylog::info!("last");
    });
}
