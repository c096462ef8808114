//! The current process.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

use crate::python::library::loaded;
use crate::python::process;
use crate::python::raised::attempt;
use crate::raw::thin::{Name, Object, Result, Thin};

/// The id of the process and, in the upper half, the generation in which it was asked for. 0 at first.
static KNOWN: AtomicU64 = AtomicU64::new(0);

/// `os.getpid()`. That is a system call, so the answer is kept until the process forks.
pub(super) fn id() -> u32 {
    let Some(generation) = process::generation() else {
        return std::process::id();
    };
    let known = KNOWN.load(Ordering::Relaxed);
    if known != 0 && (known >> 32) as u32 == generation {
        return known as u32;
    }
    let id = std::process::id();
    KNOWN.store(
        u64::from(generation) << 32 | u64::from(id),
        Ordering::Relaxed,
    );
    id
}

/// `multiprocessing.current_process().name`, if the program has imported the module.
pub(super) fn name(py: Python<'_>) -> Result<Option<Object<'_>>> {
    let Some(multiprocessing) = loaded(Name::multiprocessing.get(py))? else {
        return Ok(None);
    };
    let current = multiprocessing.call_named(Name::current_process);
    let name = current.and_then(|current| current.get(Name::name));
    Ok(attempt(py, name))
}
