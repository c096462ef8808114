//! Fields, errors and spans.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use pylog::Delivery;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tracing::field::Empty;
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

#[derive(Debug)]
struct Failure(Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "outer" } else { "inner" })
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|it| it as &dyn Error)
    }
}

#[pyfunction]
pub(crate) fn log_fields() {
    tracing::info!(
        signed = -7,
        unsigned = u64::MAX,
        large = i128::MIN,
        float = 0.5,
        truth = true,
        text = "näh",
        bytes = &b"\x00\xff"[..],
        debug = ?Some(1),
        display = %1.5,
        name = "taken",
        span = "taken",
        message_ = 1,
        http.status = 200,
        "with {} fields",
        "many"
    );
    tracing::info!(rows = 3);
}

#[pyfunction]
pub(crate) fn log_error(error: Bound<'_, PyAny>) {
    let chain = Failure(Some(Box::new(Failure(None))));
    tracing::error!(error = &chain as &dyn Error, "a chain");
    let raised = PyErr::from_value(error);
    tracing::error!(cause = &raised as &(dyn Error + 'static), "raised");
}

/// Calls `function` within spans, of which some are at lower levels.
#[pyfunction]
pub(crate) fn in_spans(function: Bound<'_, PyAny>) -> PyResult<()> {
    let outer = tracing::warn_span!("outer", id = 7, user = Empty, rows = 1);
    let _outer = outer.enter();
    let hidden = tracing::debug_span!("hidden", secret = 1);
    let _hidden = hidden.enter();
    let inner = tracing::error_span!("inner", rows = 2, lineno = 1);
    let _inner = inner.enter();
    tracing::warn!(id = 8, "before");
    outer.record("user", "ada");
    outer.record("rows", 5);
    function.call0()?;
    tracing::warn!("after");
    Ok(())
}

/// Records a field whose value logs when it is formatted, and one that needs the GIL.
#[pyfunction]
pub(crate) fn record_later(py: Python<'_>, error: Bound<'_, PyAny>) {
    struct Loud;

    impl fmt::Debug for Loud {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            tracing::info!("formatting");
            f.write_str("loud")
        }
    }

    let raised = PyErr::from_value(error);
    py.detach(|| {
        let span = tracing::info_span!("later", value = Empty, cause = Empty);
        let _entered = span.enter();
        span.record("value", tracing::field::debug(Loud));
        span.record("cause", &raised as &(dyn Error + 'static));
        tracing::info!("recorded");
    });
}

#[pyfunction]
pub(crate) fn log_in_span(message: &str) {
    let _span = tracing::info_span!("work", message).entered();
    tracing::info!("{message}");
}

/// Makes calls of pylog's macros and of the `log` crate, outside of spans and within some.
#[pyfunction]
pub(crate) fn log_beside_events(py: Python<'_>) {
    #[tracing::instrument]
    fn load(id: u32) {
        let hidden = tracing::debug_span!("hidden", secret = 1);
        let _hidden = hidden.enter();
        let _inner = tracing::info_span!("inner", rows = 2).entered();
        tracing::info!("event");
        pylog::info!("pylog");
        log::info!("log");
        pylog::info!(id = "own", span = "own"; "own keys");
        pylog::error!(every_n: 1, exc_info = Failure(None); "with an error");
    }

    pylog::info!("outside");
    log::info!("outside");
    load(7);
    py.detach(|| load(8));
    thread::scope(|scope| {
        let threads = py.detach(|| scope.spawn(|| load(9)).join());
        drop(threads);
    });
    pylog::info!("outside again");
}

/// Logs with a subscriber of its own, whose options aren't the defaults.
#[pyfunction]
pub(crate) fn log_with_options() {
    let options = pylog::tracing::Options::default()
        .span_attributes(false)
        .span_events(true);
    let subscriber = tracing_subscriber::registry().with(options.layer());
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("timed", id = 1);
        span.in_scope(|| {
            thread::sleep(Duration::from_millis(2));
            tracing::info!("within");
        });
    });
}

/// Threads that log in nested spans.
#[pyfunction]
pub(crate) fn span_in_threads(py: Python<'_>, threads: usize, rounds: usize) -> PyResult<()> {
    let work = move || {
        for round in 0..rounds {
            let _outer = tracing::info_span!("outer", round).entered();
            let _inner = tracing::debug_span!("inner", round).entered();
            tracing::trace!("round");
            tracing::info!("round");
            tracing::error!("round");
        }
    };
    let joined = py.detach(|| {
        let threads: Vec<_> = (0..threads).map(|_| thread::spawn(work)).collect();
        threads.into_iter().all(|thread| thread.join().is_ok())
    });
    joined
        .then_some(())
        .ok_or_else(|| PyValueError::new_err("a thread panicked"))
}

#[pyfunction]
#[pyo3(signature = (capacity = None, every_thread = false))]
pub(crate) fn set_queue(
    py: Python<'_>,
    capacity: Option<usize>,
    every_thread: bool,
) -> PyResult<()> {
    let delivery = match capacity {
        None => Delivery::Direct,
        Some(capacity) if every_thread => Delivery::AllQueued(capacity),
        Some(capacity) => Delivery::Queued(capacity),
    };
    pylog::set_delivery(py, delivery)
}

#[pyfunction]
pub(crate) fn flush(py: Python<'_>) -> bool {
    py.detach(|| pylog::flush(Duration::from_secs(60)))
}

/// Counts the events and spans that another layer of the same registry sees.
#[pyfunction]
pub(crate) fn count_seen_by_another_layer() -> usize {
    #[derive(Clone, Default)]
    struct Count(Arc<AtomicUsize>);

    impl<S: tracing::Subscriber> Layer<S> for Count {
        fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let count = Count::default();
    let subscriber = tracing_subscriber::registry()
        .with(pylog::tracing::layer())
        .with(count.clone());
    tracing::subscriber::with_default(subscriber, || {
        let _span = tracing::trace_span!("seen").entered();
        tracing::trace!("seen");
        tracing::error!("seen");
    });
    count.0.load(Ordering::Relaxed)
}
