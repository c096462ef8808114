//! Tasks of async runtimes that log within a context.

use std::future::{Future, poll_fn};
use std::task::Poll;

use pylog::Context;
use pyo3::prelude::*;

/// Lets other tasks run.
fn take_turns() -> impl Future<Output = ()> {
    let mut has_waited = false;
    poll_fn(move |task| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        task.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Logs when it is dropped.
struct LogsWhenDropped(String);

impl Drop for LogsWhenDropped {
    fn drop(&mut self) {
        pylog::info!("{} dropped", self.0);
    }
}

async fn log_steps(name: String) {
    for step in 0..3 {
        pylog::info!("{name} {step}");
        take_turns().await;
    }
}

/// Runs tasks on tokio that take turns, and others that never end. Each has the context in which `enter` is
/// called with its name; one task has none. `threads` of 0 means the thread of the caller.
#[pyfunction]
pub(crate) fn log_in_tasks(
    py: Python<'_>,
    enter: Bound<'_, PyAny>,
    names: Vec<String>,
    threads: usize,
) -> PyResult<()> {
    let contexts = names.into_iter().map(|name| {
        enter.call1((&name,))?;
        Ok((Context::capture(py)?, name))
    });
    let contexts: Vec<_> = contexts.collect::<PyResult<_>>()?;
    enter.call1(("none",))?;
    let mut builder = match threads {
        0 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(threads.max(1)).build()?;
    py.detach(|| {
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for (context, name) in &contexts {
                tasks.push(tokio::spawn(context.scope(log_steps(name.clone()))));
                let logs = LogsWhenDropped(name.clone());
                drop(tokio::spawn(context.scope(async move {
                    std::future::pending::<()>().await;
                    drop(logs);
                })));
            }
            tasks.push(tokio::spawn(log_steps("none".to_owned())));
            for task in tasks {
                let _ = task.await;
            }
        });
        drop(runtime);
    });
    Ok(())
}

/// A coroutine of PyO3.
#[pyfunction]
pub(crate) async fn log_in_coroutine(name: String) -> PyResult<()> {
    let context = Python::attach(Context::capture)?;
    context.scope(log_steps(name)).await;
    Ok(())
}

/// An awaitable of `pyo3-async-runtimes`, whose task runs on tokio.
#[pyfunction]
pub(crate) fn log_in_future(py: Python<'_>, name: String) -> PyResult<Bound<'_, PyAny>> {
    let context = Context::capture(py)?;
    pyo3_async_runtimes::tokio::future_into_py(py, async move {
        context.scope(log_steps(name)).await;
        Ok(())
    })
}
