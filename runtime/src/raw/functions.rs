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
use super::thin::exception::{Exception, Result};
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
///
/// # Errors
/// On Windows, if Python comes without `ctypes`.
pub(crate) fn prepare(py: Python<'_>) -> Result<()> {
    let find = || {
        let thread_states = ThreadStates::find(py)?;
        let ident = address(py, c"PyThread_get_thread_ident")?;
        let native_id = address(py, c"PyThread_get_thread_native_id").ok();
        let current_frame = address(py, c"PyEval_GetFrame")?;
        let code_of_frame = address(py, c"PyFrame_GetCode").ok();
        let dict_of = address(py, c"PyObject_GenericGetDict")?;
        let set_async_exception = address(py, c"PyThreadState_SetAsyncExc")?;
        type Id = extern "C" fn() -> c_ulong;
        type CurrentFrame = unsafe extern "C" fn() -> *mut PyObject;
        type OfFrame = unsafe extern "C" fn(*mut c_void) -> *mut PyObject;
        type Get = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject;
        type SetAsync = unsafe extern "C" fn(c_ulong, *mut PyObject) -> c_int;
        // SAFETY: these are the addresses of functions of those names, which stay as long as the process.
        unsafe {
            thin::call_by(
                address(py, c"PyObject_Vectorcall").ok(),
                address(py, c"PyObject_VectorcallMethod").ok(),
            );
        }
        // SAFETY: these are the addresses of `unsigned long PyThread_get_thread_ident(void)`,
        // `unsigned long PyThread_get_thread_native_id(void)`, `PyFrameObject *PyEval_GetFrame(void)`,
        // `PyCodeObject *PyFrame_GetCode(PyFrameObject *)`, `PyObject *PyObject_GenericGetDict(PyObject *, void *)` and
        // `int PyThreadState_SetAsyncExc(unsigned long, PyObject *)` in the interpreter that runs this. None is null, and
        // they stay as long as the process.
        Ok(unsafe {
            Functions {
                thread_states,
                ident: std::mem::transmute::<usize, Id>(ident),
                native_id: native_id.map(|it| std::mem::transmute::<usize, Id>(it)),
                current_frame: std::mem::transmute::<usize, CurrentFrame>(current_frame),
                code_of_frame: code_of_frame.map(|it| std::mem::transmute::<usize, OfFrame>(it)),
                contexts: ContextFunctions::find(py).ok(),
                dict_of: std::mem::transmute::<usize, Get>(dict_of),
                set_async_exception: std::mem::transmute::<usize, SetAsync>(set_async_exception),
            }
        })
    };
    FUNCTIONS.get_or_try(find).map(drop)
}

impl ThreadStates {
    fn find(py: Python<'_>) -> Result<ThreadStates> {
        if let Some(has_gil) = symbol(py, c"PyPyGILState_Check") {
            // SAFETY: this is the address of PyPy's `int PyGILState_Check(void)`. It isn't null, and stays as long as the
            // process.
            let has_gil =
                unsafe { std::mem::transmute::<usize, extern "C" fn() -> c_int>(has_gil) };
            return Ok(ThreadStates::PyPy { has_gil });
        }
        let own = address(py, c"PyGILState_GetThisThreadState")?;
        // The public name is new in 3.13.
        let current = address(py, c"PyThreadState_GetUnchecked")
            .or_else(|_| address(py, c"_PyThreadState_UncheckedGet"))?;
        let interpreter = address(py, c"PyInterpreterState_Get")?;
        let main_interpreter = address(py, c"PyInterpreterState_Main")?;
        type State = extern "C" fn() -> *mut c_void;
        type Interpreter = unsafe extern "C" fn() -> *mut c_void;
        // SAFETY: these are the addresses of `PyThreadState *PyGILState_GetThisThreadState(void)`, `PyThreadState
        // *PyThreadState_GetUnchecked(void)`, `PyInterpreterState *PyInterpreterState_Get(void)` and `PyInterpreterState
        // *PyInterpreterState_Main(void)` in the interpreter that runs this. None is null, and they stay as long as the
        // process.
        Ok(unsafe {
            ThreadStates::CPython {
                own: std::mem::transmute::<usize, State>(own),
                current: std::mem::transmute::<usize, State>(current),
                interpreter: std::mem::transmute::<usize, Interpreter>(interpreter),
                main_interpreter: std::mem::transmute::<usize, State>(main_interpreter),
            }
        })
    }
}

impl ContextFunctions {
    fn find(py: Python<'_>) -> Result<ContextFunctions> {
        let enter = address(py, c"PyContext_Enter")?;
        let exit = address(py, c"PyContext_Exit")?;
        let new = address(py, c"PyContext_New")?;
        let copy_current = address(py, c"PyContext_CopyCurrent")?;
        type OfContext = unsafe extern "C" fn(*mut c_void) -> c_int;
        type MakeContext = unsafe extern "C" fn() -> *mut PyObject;
        // SAFETY: these are the addresses of `int PyContext_Enter(PyObject *)`, `int PyContext_Exit(PyObject *)`,
        // `PyObject *PyContext_New(void)` and `PyObject *PyContext_CopyCurrent(void)` in the interpreter that runs this.
        // None is null, and they stay as long as the process.
        Ok(unsafe {
            ContextFunctions {
                enter: std::mem::transmute::<usize, OfContext>(enter),
                exit: std::mem::transmute::<usize, OfContext>(exit),
                new: std::mem::transmute::<usize, MakeContext>(new),
                copy_current: std::mem::transmute::<usize, MakeContext>(copy_current),
            }
        })
    }
}

/// Makes sure that there is always a thread state in this process. If a thread attaches to Python 3.11 or 3.12 when there is
/// none, as in a forked child whose only thread has ended, Python ends the process.
///
/// # Errors
/// If Python has no such function.
pub(crate) fn keep_thread_state(py: Python<'_>) -> Result<()> {
    let Some(ThreadStates::CPython { interpreter, .. }) =
        FUNCTIONS.get().map(|functions| &functions.thread_states)
    else {
        return Ok(());
    };
    if matches!(version(py).0, 11 | 12) {
        type New = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
        let new = address(py, c"PyThreadState_New")?;
        // SAFETY: this is the address of `PyThreadState *PyThreadState_New(PyInterpreterState *)`, and this thread is attached, as
        // `py` shows. No thread uses the new state. Python frees it with the interpreter.
        unsafe {
            let new = std::mem::transmute::<usize, New>(new);
            new(interpreter());
        }
    }
    Ok(())
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
