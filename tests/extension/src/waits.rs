//! Functions that wait, while they hold the GIL, for threads that log.

use std::fs;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::prelude::*;

/// Logs as a module of this crate does, or as a crate that doesn't know of Python does.
fn log(is_dependency: bool, message: &str) {
    match is_dependency {
        true => log::info!(target: "dependency::part", "{message}"),
        false => pylog::info!("{message}"),
    }
}

fn failed(error: impl ToString) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

/// Each of some threads logs so many records.
#[pyfunction]
pub(crate) fn wait_for_scope(is_dependency: bool, threads: usize, records: usize) {
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for number in 0..records {
                    log(is_dependency, &format!("{thread} {number}"));
                }
            });
        }
    });
}

/// The same within `py.detach`.
#[pyfunction]
pub(crate) fn wait_for_scope_detached(
    py: Python<'_>,
    is_dependency: bool,
    threads: usize,
    records: usize,
) {
    py.detach(|| wait_for_scope(is_dependency, threads, records));
}

/// The same with tasks of tokio.
#[pyfunction]
pub(crate) fn wait_for_tasks(is_dependency: bool, tasks: usize, records: usize) -> PyResult<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let spawn = |task| {
            tokio::spawn(async move {
                for number in 0..records {
                    log(is_dependency, &format!("{task} {number}"));
                    tokio::task::yield_now().await;
                }
            })
        };
        let tasks: Vec<_> = (0..tasks).map(spawn).collect();
        for task in tasks {
            task.await.map_err(failed)?;
        }
        Ok(())
    })
}

/// The same with a pool of 16 threads.
#[pyfunction]
pub(crate) fn wait_for_pool(is_dependency: bool, tasks: usize, records: usize) -> PyResult<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(16).build();
    pool.map_err(failed)?.install(|| {
        (0..tasks * records).into_par_iter().for_each(|record| {
            log(
                is_dependency,
                &format!("{} {}", record / records, record % records),
            );
        });
    });
    Ok(())
}

/// Watches a directory, and waits until its watcher's thread has logged that a file was written there.
#[pyfunction]
pub(crate) fn wait_for_watcher(is_dependency: bool, directory: &str) -> PyResult<()> {
    let (sender, receiver) = mpsc::channel();
    let on_event = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_create()) {
            log(is_dependency, "created");
            let _ = sender.send(());
        }
    };
    let mut watcher = notify::recommended_watcher(on_event).map_err(failed)?;
    let path = directory.as_ref();
    let watched = watcher.watch(path, RecursiveMode::NonRecursive);
    watched.map_err(failed)?;
    fs::write(path.join("file"), "content")?;
    let limit = Duration::from_secs(600);
    receiver.recv_timeout(limit).map_err(failed)
}

/// Its thread logs when it is told to end, and it joins that thread when it is dropped.
#[pyclass]
pub(crate) struct Joining(Option<(Sender<()>, JoinHandle<()>)>);

#[pymethods]
impl Joining {
    #[new]
    fn new(is_dependency: bool) -> Joining {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            let _ = receiver.recv();
            log(is_dependency, "ending");
        });
        Joining(Some((sender, thread)))
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.0.take() {
            let _ = sender.send(());
            let _ = thread.join();
        }
    }
}
