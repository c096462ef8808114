//! A program that contains the test extensions and runs pytest. A sanitizer needs this, because it must be part of the
//! program itself.

use std::ffi::CString;
use std::process::ExitCode;

use pylog_oldest::pylog_oldest;
use pylog_test_extension::_native;
use pyo3::prelude::*;

const RUN: &str = "\
import _imp, importlib.machinery, sys, sysconfig, types

# The tests import the extension as pylog_probe._native.
spec = importlib.machinery.ModuleSpec('_native', importlib.machinery.BuiltinImporter)
native = _imp.create_builtin(spec)
native.__name__ = 'pylog_probe._native'
_imp.exec_builtin(native)
package = types.ModuleType('pylog_probe')
package._native = native
sys.modules |= {'pylog_probe': package, 'pylog_probe._native': native}

# An extension that needs the GIL enables it.
def check_gil():
    is_free_threaded = sysconfig.get_config_var('Py_GIL_DISABLED')
    assert not is_free_threaded or not sys._is_gil_enabled()

import pytest
check_gil()
status = int(pytest.main(arguments))
check_gil()
";

fn main() -> ExitCode {
    pyo3::append_to_inittab!(_native);
    pyo3::append_to_inittab!(pylog_oldest);
    Python::initialize();
    let status = Python::attach(|py| -> PyResult<u8> {
        let names = pyo3::types::PyDict::new(py);
        names.set_item("arguments", std::env::args().skip(1).collect::<Vec<_>>())?;
        let code = CString::new(RUN)?;
        py.run(&code, Some(&names), None)
            .inspect_err(|error| error.print(py))?;
        names.as_any().get_item("status")?.extract()
    });
    status.map_or(ExitCode::FAILURE, ExitCode::from)
}
