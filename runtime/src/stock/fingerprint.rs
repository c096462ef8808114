//! What the code of a function does, as a number.
//!
//! A function of Python is known by its bytecode, its constants without the docstring, its names and its flags. Where one
//! of them differs, so may what it does: a patch of a distribution or a program changes them, even if it uses the same
//! names. Each version of CPython has other bytecode, so each has fingerprints of its own. Under `-OO` there are no
//! docstrings, which moves the other constants, so there are others again.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::raw::thin::exception::Result;
use crate::raw::thin::{Name, Thin};

/// The fingerprint of a function.
///
/// # Errors
/// The exception that Python raises, if this isn't a Python function.
pub(crate) fn of(function: &Bound<'_, PyAny>) -> Result<u64> {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    let docstring = function.get(Name::__doc__)?;
    let code = function.get(Name::__code__)?;
    hash.add_code(&code, &docstring)?;
    for name in [Name::__defaults__, Name::__kwdefaults__] {
        hash.add_text(&function.get(name)?.repr()?)?;
    }
    Ok(hash.0)
}

/// FNV-1a.
struct Hash(u64);

impl Hash {
    fn add(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u32).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn add_text(&mut self, text: &Bound<'_, PyString>) -> Result<()> {
        self.add(text.to_cow()?.as_bytes());
        Ok(())
    }

    fn add_code(&mut self, code: &Bound<'_, PyAny>, docstring: &Bound<'_, PyAny>) -> Result<()> {
        let py = code.py();
        let bytecode = code.get(Name::co_code)?;
        self.add(bytecode.cast::<PyBytes>()?.as_bytes());
        for names in [
            Name::co_names,
            Name::co_varnames,
            Name::co_freevars,
            Name::co_cellvars,
            Name::co_argcount,
            Name::co_kwonlyargcount,
            Name::co_flags,
        ] {
            self.add_text(&code.get(names)?.repr()?)?;
        }
        let constants = code.get(Name::co_consts)?;
        for (index, constant) in constants.cast::<PyTuple>()?.iter().enumerate() {
            let is_docstring = index == 0 && constant.is(docstring) && !docstring.is_none();
            if is_docstring {
                self.add(b"docstring");
            } else if constant.class_address() == code.class_address() {
                self.add_code(&constant, &py.None().into_bound(py))?;
            } else {
                self.add_text(&constant.repr()?)?;
            }
        }
        Ok(())
    }
}
