//! What the code of a function does, as a number.
//!
//! A function of Python is known by its bytecode, its constants without the docstring, its names and its flags. Where one
//! of them differs, so may what it does: a patch of a distribution or a program changes them, even if it uses the same
//! names. Each version of CPython has other bytecode, so each has fingerprints of its own. Under `-OO` there are no
//! docstrings, which moves the other constants, so there are others again.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::hash::Hash;
use crate::raw::thin::{Name, Result, Thin};

/// The fingerprint of a function.
pub(crate) fn of(function: &Bound<'_, PyAny>) -> Result<u64> {
    let mut hash = Fingerprint(Hash::new());
    let docstring = function.get(Name::__doc__)?;
    let code = function.get(Name::__code__)?;
    hash.add_code(&code, &docstring)?;
    for name in [Name::__defaults__, Name::__kwdefaults__] {
        hash.add_repr(&*function.get(name)?)?;
    }
    Ok(hash.0.value())
}

struct Fingerprint(Hash);

impl Fingerprint {
    fn add_repr(&mut self, object: &Bound<'_, PyAny>) -> Result<()> {
        let text = object.representation()?;
        self.0.add(text.cast::<PyString>()?.to_cow()?.as_bytes());
        Ok(())
    }

    fn add_code(&mut self, code: &Bound<'_, PyAny>, docstring: &Bound<'_, PyAny>) -> Result<()> {
        let py = code.py();
        let bytecode = code.get(Name::co_code)?;
        self.0.add(bytecode.cast::<PyBytes>()?.as_bytes());
        for names in [
            Name::co_names,
            Name::co_varnames,
            Name::co_freevars,
            Name::co_cellvars,
            Name::co_argcount,
            Name::co_kwonlyargcount,
            Name::co_flags,
        ] {
            self.add_repr(&*code.get(names)?)?;
        }
        let constants = code.get(Name::co_consts)?;
        for (index, constant) in constants.cast::<PyTuple>()?.iter().enumerate() {
            let is_docstring = index == 0 && constant.is(docstring) && !docstring.is_none();
            if is_docstring {
                self.0.add(b"docstring");
            } else if constant.class_address() == code.class_address() {
                self.add_code(&constant, &py.None().into_bound(py))?;
            } else {
                self.add_repr(&constant)?;
            }
        }
        Ok(())
    }
}
