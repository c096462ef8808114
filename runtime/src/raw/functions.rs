//! The functions of CPython that are looked up by name.
//!
//! PyO3 has no safe way to tell whether the current thread holds the GIL: its own ways to find out
//! wait for it, which beside a busy Python thread takes milliseconds, and forever if that thread waits
//! for this one. Those of the [`Functions`] that take no argument are documented to work in any thread at any time.
//!
//! Some of these functions and those for [watching](super::watching) aren't part of the limited API, and PyO3 doesn't
//! declare the others in all of its versions. So they are looked up by name, which serves every build alike.

use std::ffi::{CStr, CString, c_int, c_ulong, c_void};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;

use super::once::Once;
use super::thin;
use super::thin::{Exception, Result};
use super::version::version;

pub(super) struct Functions {
    pub(super) thread_states: ThreadStates,
    pub(super) ident: extern "C" fn() -> c_ulong,
    /// Not in PyPy.
    pub(super) native_id: Option<extern "C" fn() -> c_ulong>,
    pub(super) current_frame: unsafe extern "C" fn() -> *mut PyObject,
    /// Not in PyPy.
    pub(super) code_of_frame: Option<unsafe extern "C" fn(*mut c_void) -> *mut PyObject>,
    /// Not in PyPy.
    pub(super) contexts: Option<ContextFunctions>,
    pub(super) dict_of: unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject,
    pub(super) set_async_exception: unsafe extern "C" fn(c_ulong, *mut PyObject) -> c_int,
}

pub(super) enum ThreadStates {
    CPython {
        /// The thread state that this thread has in the main interpreter.
        own: extern "C" fn() -> *mut c_void,
        /// The thread state of this thread if it is attached. Below 3.12 that of the thread that is attached, if
        /// there is one.
        current: extern "C" fn() -> *mut c_void,
        /// The interpreter that this thread is attached to.
        interpreter: unsafe extern "C" fn() -> *mut c_void,
        main_interpreter: extern "C" fn() -> *mut c_void,
    },
    /// PyPy has these functions, too, but only for threads that hold the GIL. It has one interpreter.
    PyPy { has_gil: extern "C" fn() -> c_int },
}

pub(super) struct ContextFunctions {
    pub(super) enter: unsafe extern "C" fn(*mut c_void) -> c_int,
    pub(super) exit: unsafe extern "C" fn(*mut c_void) -> c_int,
    pub(super) new: unsafe extern "C" fn() -> *mut PyObject,
    pub(super) copy_current: unsafe extern "C" fn() -> *mut PyObject,
}

pub(super) static FUNCTIONS: Once<Functions> = Once::new();

/// Finds the [`Functions`].
pub(crate) fn prepare(py: Python<'_>) -> Result<()> {
    // SAFETY: the fields of `Functions` have the types of these functions, and `call_by` is given those that it names.
    let make = || unsafe {
        thin::call_by(
            address(py, c"PyObject_Vectorcall").ok(),
            address(py, c"PyObject_VectorcallMethod").ok(),
        );
        Ok(Functions {
            thread_states: ThreadStates::find(py)?,
            ident: find(py, c"PyThread_get_thread_ident")?,
            native_id: find(py, c"PyThread_get_thread_native_id").ok(),
            current_frame: find(py, c"PyEval_GetFrame")?,
            code_of_frame: find(py, c"PyFrame_GetCode").ok(),
            contexts: ContextFunctions::find(py).ok(),
            dict_of: find(py, c"PyObject_GenericGetDict")?,
            set_async_exception: find(py, c"PyThreadState_SetAsyncExc")?,
        })
    };
    FUNCTIONS.get_or_try(make).map(drop)
}

impl ThreadStates {
    fn find(py: Python<'_>) -> Result<ThreadStates> {
        // SAFETY: the fields have the types of these functions.
        unsafe {
            if symbol(py, c"PyPyGILState_Check").is_some() {
                let has_gil = find(py, c"PyPyGILState_Check")?;
                return Ok(ThreadStates::PyPy { has_gil });
            }
            Ok(ThreadStates::CPython {
                own: find(py, c"PyGILState_GetThisThreadState")?,
                // The public name is new in 3.13.
                current: find(py, c"PyThreadState_GetUnchecked")
                    .or_else(|_| find(py, c"_PyThreadState_UncheckedGet"))?,
                interpreter: find(py, c"PyInterpreterState_Get")?,
                main_interpreter: find(py, c"PyInterpreterState_Main")?,
            })
        }
    }
}

impl ContextFunctions {
    fn find(py: Python<'_>) -> Result<ContextFunctions> {
        // SAFETY: the fields have the types of these functions.
        unsafe {
            Ok(ContextFunctions {
                enter: find(py, c"PyContext_Enter")?,
                exit: find(py, c"PyContext_Exit")?,
                new: find(py, c"PyContext_New")?,
                copy_current: find(py, c"PyContext_CopyCurrent")?,
            })
        }
    }
}

/// Makes sure that there is always a thread state in this process. If a thread attaches to Python 3.11 or 3.12 when there is
/// none, as in a forked child whose only thread has ended, Python ends the process.
pub(crate) fn keep_thread_state(py: Python<'_>) -> Result<()> {
    let Some(ThreadStates::CPython { interpreter, .. }) =
        FUNCTIONS.get().map(|functions| &functions.thread_states)
    else {
        return Ok(());
    };
    if matches!(version(py).0, 11 | 12) {
        type New = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
        // SAFETY: the type is that of the function, and this thread is attached, as `py` shows. No thread uses the new state.
        // Python frees it with the interpreter.
        unsafe {
            let new: New = find(py, c"PyThreadState_New")?;
            new(interpreter());
        }
    }
    Ok(())
}

/// A function of the C API. It stays as long as the process.
///
/// # Safety
/// `F` is the type of the function of that name in the interpreter that runs this.
pub(super) unsafe fn find<F: Copy>(py: Python<'_>, name: &CStr) -> Result<F> {
    const { assert!(size_of::<F>() == size_of::<usize>()) };
    let address = address(py, name)?;
    // SAFETY: by the contract of this function. The address isn't null.
    Ok(unsafe { std::mem::transmute_copy::<usize, F>(&address) })
}

/// The address of a function of the C API, which isn't null. It stays as long as the process.
pub(super) fn address(py: Python<'_>, name: &CStr) -> Result<usize> {
    // PyPy has its own prefix in place of `Py`.
    let in_pypy = || {
        let rest = name.to_bytes().strip_prefix(b"Py")?;
        let mut in_pypy = b"PyPy".to_vec();
        in_pypy.extend_from_slice(rest);
        symbol(py, &CString::new(in_pypy).ok()?)
    };
    symbol(py, name).or_else(in_pypy).ok_or_else(|| {
        let message = format!("this Python has no {}", name.to_string_lossy());
        Exception::new::<PyRuntimeError>(py, &message)
    })
}

/// The address of an exported function of exactly that name.
#[cfg(unix)]
fn symbol(_py: Python<'_>, name: &CStr) -> Option<usize> {
    // SAFETY: `name` ends with a null byte. The look-up has no other requirement. It goes through what is loaded, as the
    // dynamic linker did for the functions that PyO3 declares.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address as usize)
}

/// The address of an exported function of exactly that name. `None` also without `ctypes`.
#[cfg(not(unix))]
fn symbol(py: Python<'_>, name: &CStr) -> Option<usize> {
    let find = || -> PyResult<Option<usize>> {
        // PyO3 0.26 takes no `CStr` here.
        let ctypes = py.import("ctypes")?;
        let function = ctypes
            .getattr("pythonapi")?
            .getattr(&*name.to_string_lossy())?;
        let pointer = ctypes.call_method1("cast", (function, ctypes.getattr("c_void_p")?))?;
        pointer.getattr("value")?.extract()
    };
    find().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_python_lacks_is_an_error() {
        Python::attach(|py| {
            assert!(address(py, c"PyGILState_Check").is_ok());
            assert!(address(py, c"PyGILState_NoSuchFunction").is_err());
        });
    }
}
