//! Functions that log in threads, and those that set and flush the queue.

use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pylog::Delivery;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::prelude::*;

/// Queued delivery with room for `capacity` records, for detached threads or for `every_thread`, or direct
/// delivery.
#[pyfunction]
#[pyo3(signature = (capacity = None, every_thread = false))]
pub(crate) fn set_queue(
    py: Python<'_>,
    capacity: Option<usize>,
    every_thread: bool,
) -> PyResult<()> {
    let delivery = match (capacity, every_thread) {
        (None, _) => Delivery::Direct,
        (Some(capacity), false) => Delivery::Queued(capacity),
        (Some(capacity), true) => Delivery::AllQueued(capacity),
    };
    pylog::set_delivery(py, delivery)
}

/// The default of `#[pylog::module]`.
#[pyfunction]
pub(crate) fn set_default_delivery(py: Python<'_>) -> PyResult<()> {
    pylog::set_delivery(py, Delivery::default())
}

#[pyfunction]
#[pyo3(signature = (seconds = 600.0, detached = false))]
pub(crate) fn flush(py: Python<'_>, seconds: f64, detached: bool) -> bool {
    let timeout = Duration::from_secs_f64(seconds);
    match detached {
        true => py.detach(|| pylog::flush(timeout)),
        false => pylog::flush(timeout),
    }
}

/// Logs in a thread named `worker` that Python doesn't know. Returns the nanoseconds since the epoch before
/// and after the call, and the thread's ident. The caller keeps the GIL meanwhile if it is `attached`.
#[pyfunction]
#[pyo3(signature = (message, attached = false))]
pub(crate) fn log_in_worker(
    py: Python<'_>,
    message: &str,
    attached: bool,
) -> PyResult<(u128, u128, Option<u64>)> {
    fn now() -> u128 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_nanos())
    }
    let message = message.to_owned();
    let work = move || {
        let before = now();
        pylog::info!(answer = 42, text = message.clone(); "{message}");
        (before, now())
    };
    let worker = || {
        let worker = thread::Builder::new()
            .name("worker".to_owned())
            .spawn(work)?;
        let ident = ident(&worker);
        let (before, after) = join(worker)?;
        Ok((before, after, ident))
    };
    match attached {
        true => worker(),
        false => py.detach(worker),
    }
}

/// Python's ident of a thread.
#[cfg(unix)]
fn ident<T>(thread: &JoinHandle<T>) -> Option<u64> {
    use std::os::unix::thread::JoinHandleExt;
    Some(thread.as_pthread_t())
}

/// Rust doesn't know Python's ident of a thread.
#[cfg(not(unix))]
fn ident<T>(_: &JoinHandle<T>) -> Option<u64> {
    None
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

fn join<T>(thread: JoinHandle<T>) -> PyResult<T> {
    let joined = thread.join();
    joined.map_err(|_| PyRuntimeError::new_err("the thread panicked"))
}

/// The same with rayon: this thread holds the GIL and waits for a pool that logs.
#[pyfunction]
pub(crate) fn log_in_pool_while_attached(count: u32) -> u32 {
    let doubled = |n: u32| {
        pylog::info!("doubling {n}");
        log::info!("doubling {n}, with log");
        2 * n
    };
    (0..count).into_par_iter().map(doubled).sum()
}

/// When it is dropped, which the garbage collector may do, it has a thread log and joins it.
#[pyclass]
pub(crate) struct JoinsWhenDropped(Option<(Sender<()>, JoinHandle<()>)>);

#[pymethods]
impl JoinsWhenDropped {
    #[new]
    fn new() -> JoinsWhenDropped {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            let _ = receiver.recv();
            pylog::info!("before the drop ends");
        });
        JoinsWhenDropped(Some((sender, thread)))
    }
}

impl Drop for JoinsWhenDropped {
    fn drop(&mut self) {
        pylog::info!("dropping");
        if let Some((sender, thread)) = self.0.take() {
            let _ = sender.send(());
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

/// Makes so many calls at the level DEBUG, or asks so often whether they are enabled, and then one call at
/// the level ERROR, in a thread that this one waits for with the GIL.
#[pyfunction]
#[pyo3(signature = (calls, ask = false))]
pub(crate) fn flood_and_err(calls: usize, ask: bool) -> PyResult<()> {
    join(thread::spawn(move || {
        for number in 0..calls {
            match ask {
                true => drop(pylog::enabled!(pylog::Level::DEBUG)),
                false => pylog::debug!("flood {number}"),
            }
        }
        pylog::error!("the important one");
    }))
}

static LOCK: Mutex<()> = Mutex::new(());

/// How many handlers wait for [`LOCK`].
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Logs while it holds a lock for which the handler waits, in [`with_lock`].
#[pyfunction]
pub(crate) fn log_with_lock(py: Python<'_>, message: &str) -> PyResult<()> {
    py.detach(|| {
        let _guard = LOCK.lock();
        pylog::info!("{message} first");
        // It can't be handled before the lock is free.
        let is_wanted = wait_until(|| WAITING.load(Ordering::SeqCst) > 0);
        pylog::info!("{message} second");
        is_wanted
    })
}

/// For a handler: takes the lock while it holds the GIL.
#[pyfunction]
pub(crate) fn with_lock() -> PyResult<()> {
    WAITING.fetch_add(1, Ordering::SeqCst);
    let taken = wait_until(|| LOCK.try_lock().is_ok());
    WAITING.fetch_sub(1, Ordering::SeqCst);
    taken
}

/// Waits for another thread, but not forever.
fn wait_until(condition: impl Fn() -> bool) -> PyResult<()> {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        if Instant::now() > end {
            return Err(PyRuntimeError::new_err("a deadlock"));
        }
        thread::sleep(Duration::from_micros(100));
    }
    Ok(())
}

/// Logs `stage 0`, `stage 1`, … by turns detached and attached, beginning detached.
#[pyfunction]
pub(crate) fn log_in_stages(py: Python<'_>, stages: u32) {
    for stage in 0..stages {
        match stage % 2 {
            0 => py.detach(|| pylog::info!("stage {stage}")),
            _ => pylog::info!("stage {stage}"),
        }
    }
}

/// Logs a number of times, and asks Python for signals after each record, as long computations do.
#[pyfunction]
pub(crate) fn log_and_check_signals(py: Python<'_>, times: u32) -> PyResult<()> {
    for number in 0..times {
        pylog::info!("record {number}");
        py.check_signals()?;
    }
    Ok(())
}

/// The same with pylog's function, which doesn't depend on the thread.
#[pyfunction]
pub(crate) fn log_and_check(py: Python<'_>, times: u32) -> PyResult<()> {
    for number in 0..times {
        pylog::info!("record {number}");
        pylog::check_signals(py)?;
    }
    Ok(())
}

/// Logs in worker threads, within this thread's context and outside of it.
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

/// Logs a value that panics while it is formatted, and then another record. Whether it has panicked.
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

/// A thread logs a Python object. Nobody waits for the thread.
#[pyfunction]
pub(crate) fn log_object_in_thread(object: Py<PyAny>) {
    let thread = thread::Builder::new().name("value".to_owned());
    drop(thread.spawn(move || {
        pylog::info!(object; "an object");
        Python::attach(|_| drop(object));
    }));
}

/// Makes calls that need Python, and others between them, while detached.
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
