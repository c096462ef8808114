//! What can be asked of the interpreter without the GIL.
//!
//! PyO3 has no safe way to tell whether the current thread holds the GIL: its own ways to find out wait
//! for it, which beside a busy Python thread takes milliseconds, and for ever if that one waits for
//! this thread. The functions here are documented to work in any thread at any time.
//!
//! `PyGILState_Check` is none of the limited API's, and PyO3 doesn't declare the others in all of its
//! versions. So Python is asked where they are, by `ctypes`, which serves every build alike.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_ulong, c_void};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::once::Once;

struct Functions {
    check: extern "C" fn() -> c_int,
    thread_state: extern "C" fn() -> *mut c_void,
    ident: extern "C" fn() -> c_ulong,
    native_id: extern "C" fn() -> c_ulong,
}

static FUNCTIONS: Once<Functions> = Once::new();

/// Makes the others work.
///
/// # Errors
/// If Python comes without `ctypes`.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    FUNCTIONS
        .get_or_try(|| {
            let check = address(py, "PyGILState_Check")?;
            let thread_state = address(py, "PyGILState_GetThisThreadState")?;
            let ident = address(py, "PyThread_get_thread_ident")?;
            let native_id = address(py, "PyThread_get_thread_native_id")?;
            // SAFETY: these are the addresses of `int PyGILState_Check(void)`, `PyThreadState
            // *PyGILState_GetThisThreadState(void)`, `unsigned long PyThread_get_thread_ident(void)` and
            // `unsigned long PyThread_get_thread_native_id(void)` in the interpreter that runs this. None
            // is null, and they stay as long as the process.
            Ok(unsafe {
                Functions {
                    check: std::mem::transmute::<usize, extern "C" fn() -> c_int>(check),
                    thread_state: std::mem::transmute::<usize, extern "C" fn() -> *mut c_void>(
                        thread_state,
                    ),
                    ident: std::mem::transmute::<usize, extern "C" fn() -> c_ulong>(ident),
                    native_id: std::mem::transmute::<usize, extern "C" fn() -> c_ulong>(native_id),
                }
            })
        })
        .map(drop)
}

fn address(py: Python<'_>, name: &str) -> PyResult<usize> {
    let ctypes = py.import("ctypes")?;
    let function = ctypes.getattr("pythonapi")?.getattr(name)?;
    let pointer = ctypes.call_method1("cast", (function, ctypes.getattr("c_void_p")?))?;
    let address: Option<usize> = pointer.getattr("value")?.extract()?;
    address.ok_or_else(|| PyRuntimeError::new_err(format!("{name} has no address")))
}

/// Whether this thread holds the GIL; on free-threaded Python, whether it is attached. Yes as well
/// before [`prepare`], and once there are subinterpreters, of which `PyGILState_Check` knows nothing.
pub(crate) fn is_attached() -> bool {
    FUNCTIONS
        .get()
        .is_none_or(|functions| (functions.check)() == 1)
}

/// Whether Python has a thread state for this thread. It has for its own threads; for those of Rust
/// while they are attached, or within [`Python::detach`] in a function that was.
pub(crate) fn has_thread_state() -> bool {
    FUNCTIONS
        .get()
        .is_some_and(|functions| !(functions.thread_state)().is_null())
}

/// What `threading.get_ident()` gives.
pub(crate) fn thread_ident() -> c_ulong {
    FUNCTIONS.get().map_or(0, |functions| (functions.ident)())
}

/// What `threading.get_native_id()` gives. Unlike the other number it is seldom given to another thread
/// soon.
pub(crate) fn native_id() -> c_ulong {
    FUNCTIONS
        .get()
        .map_or(0, |functions| (functions.native_id)())
}
