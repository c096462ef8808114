//! Python code that comes with pylog.

use std::ffi::CStr;

use pyo3::ffi;
use pyo3::prelude::*;

use super::exception::Result;
use super::name::Name;
use super::new::{dict, text};
use super::object::Object;
use super::operations::Thin;

/// Runs the code of a module named `pylog`. Returns its dict.
///
/// # Errors
/// The exception that it raises.
pub(crate) fn run<'py>(py: Python<'py>, code: &CStr) -> Result<Object<'py>> {
    let names = dict(py)?;
    names.set_entry(Name::__name__, &*text(py, "pylog")?)?;
    // SAFETY: this thread is attached, as `py` shows, and the arguments are alive. `PyEval_GetBuiltins` returns a borrowed
    // reference or null, the others return a new reference or set an exception.
    unsafe {
        // Below Python 3.10 there are no builtins otherwise.
        if let Some(builtins) = Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetBuiltins()) {
            names.set_entry(Name::__builtins__, &builtins)?;
        }
        let file = c"<pylog>".as_ptr();
        let code = ffi::Py_CompileString(code.as_ptr(), file, ffi::Py_file_input);
        let code = Object::made(code, py)?;
        let names = names.as_ptr();
        Object::made(ffi::PyEval_EvalCode(code.as_ptr(), names, names), py)?;
    }
    Ok(names)
}
