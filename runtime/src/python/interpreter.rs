//! Everything that is unsafe: calls of CPython's C API, and the callbacks that CPython is given by address.
//!
//! PyO3 has no safe way to tell whether the current thread holds the GIL: its own ways to find out
//! wait for it, which beside a busy Python thread takes milliseconds, and forever if that thread waits
//! for this one. The [`Functions`] are documented to work in any thread at any time.
//!
//! `PyGILState_Check` isn't part of the limited API, and PyO3 doesn't declare the others in all of its
//! versions. So `ctypes` is asked for their addresses, which serves every build alike.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long, c_ulong, c_void};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::once::Once;

struct Functions {
    check: extern "C" fn() -> c_int,
    thread_state: extern "C" fn() -> *mut c_void,
    ident: extern "C" fn() -> c_ulong,
    native_id: extern "C" fn() -> c_ulong,
}

static FUNCTIONS: Once<Functions> = Once::new();

/// Finds the [`Functions`].
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

/// Whether this thread holds the GIL; on free-threaded Python, whether it is attached. Also true
/// before [`prepare`], and once there are subinterpreters, which `PyGILState_Check` can't tell apart.
pub(crate) fn is_attached() -> bool {
    FUNCTIONS
        .get()
        .is_none_or(|functions| (functions.check)() == 1)
}

/// Whether Python has a thread state for this thread. Python's own threads always have one, Rust
/// threads while they are attached or in a [`Python::detach`].
pub(crate) fn has_thread_state() -> bool {
    FUNCTIONS
        .get()
        .is_some_and(|functions| !(functions.thread_state)().is_null())
}

/// `threading.get_ident()`.
pub(crate) fn thread_ident() -> c_ulong {
    FUNCTIONS.get().map_or(0, |functions| (functions.ident)())
}

/// `threading.get_native_id()`. Unlike the ident, this number is seldom reused soon.
pub(crate) fn native_id() -> c_ulong {
    FUNCTIONS
        .get()
        .map_or(0, |functions| (functions.native_id)())
}

/// Makes Python call `function` in the main thread, as soon as Python code runs there, and raise what it
/// returns. Returns `false` if too many calls are pending.
pub(crate) fn add_pending_call(function: fn(Python<'_>) -> PyResult<()>) -> bool {
    extern "C" fn call(function: *mut c_void) -> c_int {
        // SAFETY: `function` is the pointer below, which was made of a function of this type. CPython
        // makes pending calls with the GIL held and no exception set.
        let (function, py) = unsafe {
            let function =
                std::mem::transmute::<*mut c_void, fn(Python<'_>) -> PyResult<()>>(function);
            (function, Python::assume_attached())
        };
        match function(py) {
            Ok(()) => 0,
            Err(error) => {
                error.restore(py);
                -1
            }
        }
    }
    // SAFETY: CPython documents that any thread may call this at any time, attached or not. `call` and
    // `function` stay as long as the process.
    unsafe { pyo3::ffi::Py_AddPendingCall(Some(call), function as *mut c_void) == 0 }
}

/// Makes Python raise an instance of `class` in the thread with that ident, as soon as Python code runs
/// there. `None` cancels that. Returns whether there is such a thread.
pub(crate) fn set_async_exception(
    _py: Python<'_>,
    ident: c_ulong,
    class: Option<&Bound<'_, PyAny>>,
) -> bool {
    let class = class.map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: this thread is attached, as `_py` shows. `class` is null or a class, of which the function
    // takes a reference of its own; an ident without a thread is allowed.
    unsafe { pyo3::ffi::PyThreadState_SetAsyncExc(ident as c_long, class) > 0 }
}

/// How many changes of watched dicts and classes CPython has reported, plus one.
pub(crate) static CHANGES: AtomicUsize = AtomicUsize::new(1);

/// Whether a watched class may lack a version. CPython reports the next change of a class only if the
/// class has one, and takes the version away as it reports a change.
pub(crate) static A_CLASS_LACKS_VERSION: AtomicBool = AtomicBool::new(false);

/// A `PyDict_WatchCallback`.
///
/// SAFETY: CPython calls this from its C code with the GIL held (nothing is watched where there is no
/// GIL), just before a watched dict changes, possibly in the middle of a deallocation and with an
/// exception set. The callback must not call into Python, unwind, or touch its arguments, which are an
/// event and three borrowed or null object pointers. It increments an atomic and returns 0, which
/// reports success. Its address is given to `PyDict_AddWatcher`, which keeps it until the process
/// ends; a Python extension module is never unloaded.
extern "C" fn on_dict_change(_: c_int, _: *mut c_void, _: *mut c_void, _: *mut c_void) -> c_int {
    CHANGES.fetch_add(1, Ordering::Relaxed);
    0
}

/// A `PyType_WatchCallback`.
///
/// SAFETY: as for [`on_dict_change`]. The argument is the class, and the address is given to
/// `PyType_AddWatcher`.
extern "C" fn on_class_change(_: *mut c_void) -> c_int {
    A_CLASS_LACKS_VERSION.store(true, Ordering::Relaxed);
    CHANGES.fetch_add(1, Ordering::Relaxed);
    0
}

/// The address to give to `PyDict_AddWatcher`.
pub(crate) fn dict_watcher() -> usize {
    on_dict_change as *const () as usize
}

/// The address to give to `PyType_AddWatcher`.
pub(crate) fn class_watcher() -> usize {
    on_class_change as *const () as usize
}
