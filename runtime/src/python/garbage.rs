//! The garbage collector, which calls finalizers written in Python.

use pyo3::prelude::*;

use super::library::{DISABLE_COLLECTION, ENABLE_COLLECTION, IS_COLLECTION_ENABLED};
use crate::raw::once::Once;
use crate::raw::thin::{Result, Thin};
use crate::raw::version::version;

/// Imports what [`without_collection`] needs.
pub(crate) fn prepare(py: Python<'_>) -> Result<()> {
    if !collects_in_allocation(py) {
        return Ok(());
    }
    for function in [
        &IS_COLLECTION_ENABLED,
        &DISABLE_COLLECTION,
        &ENABLE_COLLECTION,
    ] {
        function.get(py)?;
    }
    Ok(())
}

/// Runs `f`, which runs no Python code itself, so that no garbage is collected meanwhile. `py` if the thread
/// is attached.
pub(crate) fn without_collection<R>(py: Option<Python<'_>>, f: impl FnOnce() -> R) -> R {
    let _paused = py.and_then(|py| pause(py).unwrap_or_default().then(|| Paused(py)));
    f()
}

/// Enables collection again when it is dropped.
struct Paused<'py>(Python<'py>);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        // A function without arguments that only sets a flag.
        let _ = ENABLE_COLLECTION.get(self.0).and_then(|it| it.run());
    }
}

/// Whether garbage is collected where an object is allocated. Since 3.12 that happens between two steps of Python code.
fn collects_in_allocation(py: Python<'_>) -> bool {
    static COLLECTS_IN_ALLOCATION: Once<bool> = Once::new();
    *COLLECTS_IN_ALLOCATION.get_or_make(|| version(py) < (12, 0))
}

/// Returns whether collection was enabled, and is disabled now.
fn pause(py: Python<'_>) -> Result<bool> {
    if !collects_in_allocation(py) {
        return Ok(false);
    }
    if !IS_COLLECTION_ENABLED.get(py)?.run()?.is_true()? {
        return Ok(false);
    }
    DISABLE_COLLECTION.get(py)?.run()?;
    Ok(true)
}
