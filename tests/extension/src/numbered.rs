//! Calls whose message the caller chooses, in this thread or in a thread that stays.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The name of a module below, or a target; the level; the message.
type Numbered = (String, i32, String);

macro_rules! calls {
    () => {
        pub(crate) fn call(levelno: i32, message: &str) {
            match levelno {
                10 => pylog::debug!("{message}"),
                20 => pylog::info!("{message}"),
                30 => pylog::warn!("{message}"),
                40 => pylog::error!(length = message.len(); "{message}"),
                _ => pylog::log!(pylog::Level::new(levelno), "{message}"),
            }
        }
    };
}

mod one {
    calls!();
}

mod two {
    pub(crate) mod deep {
        calls!();
    }
}

/// The same with the `log` crate, which has fewer levels.
mod bridge {
    pub(crate) fn call(levelno: i32, message: &str) {
        match levelno {
            10 => log::debug!("{message}"),
            20 => log::info!("{message}"),
            30 => log::warn!("{message}"),
            _ => log::error!(length = message.len(); "{message}"),
        }
    }
}

fn call((site, levelno, message): &Numbered) {
    match site.as_str() {
        "one" => one::call(*levelno, message),
        "two.deep" => two::deep::call(*levelno, message),
        "bridge" => bridge::call(*levelno, message),
        target => {
            pylog::log!(target: target, pylog::Level::new(*levelno), "{message}");
        }
    }
}

/// Makes these calls in this thread, detached if asked.
#[pyfunction]
#[pyo3(signature = (calls, detached = false))]
pub(crate) fn log_numbered(py: Python<'_>, calls: Vec<Numbered>, detached: bool) {
    match detached {
        true => py.detach(|| calls.iter().for_each(call)),
        false => calls.iter().for_each(call),
    }
}

/// A thread that Rust has spawned, and that Python doesn't know. It makes the calls that it is given, and
/// ends when this object is dropped.
#[pyclass]
pub(crate) struct Worker {
    batches: Sender<Vec<Numbered>>,
    finished: Mutex<Receiver<()>>,
}

#[pymethods]
impl Worker {
    #[new]
    fn new(name: String) -> PyResult<Worker> {
        let (batches, to_make) = mpsc::channel::<Vec<Numbered>>();
        let (done, finished) = mpsc::channel();
        thread::Builder::new().name(name).spawn(move || {
            for batch in to_make {
                batch.iter().for_each(call);
                let _ = done.send(());
            }
        })?;
        Ok(Worker {
            batches,
            finished: Mutex::new(finished),
        })
    }

    /// Has the thread make these calls. Doesn't wait for that.
    fn start(&self, calls: Vec<Numbered>) -> PyResult<()> {
        self.batches.send(calls).map_err(|_| ended())
    }

    /// Waits for the end of the calls of one `start`.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| {
            let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
            finished.recv().map_err(|_| ended())
        })
    }
}

fn ended() -> PyErr {
    PyRuntimeError::new_err("the thread has ended")
}
