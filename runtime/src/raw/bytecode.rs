//! The bytecode of a call.

use pyo3::prelude::*;

use super::interpreter::is_pypy;
use super::version::version;

/// The bytecode of `lambda f, x: f(x)`, as the releases of CPython from 3.11 on compile it: by their minor version, and by
/// the number that CPython gives to the form of bytecode. Compiling it takes as long as making twenty records.
///
/// SAFETY: CPython runs bytecode without checking it. A Python program can change the number that it reads, but not the
/// version, and all releases of a version have one form (`Include/internal/pycore_magic_number.h`); the number tells them
/// from what came before. `test_frames.py` compares these with what the Python that runs it compiles.
const CALLS: [(u8, u16, &[u8]); 5] = [
    (
        11,
        3495,
        b"\x97\0\x02\0|\0|\x01\xa6\x01\0\0\xab\x01\0\0\0\0\0\0\0\0S\0",
    ),
    (12, 3531, b"\x97\0\x02\0|\0|\x01\xab\x01\0\0\0\0\0\0S\0"),
    (13, 3571, b"\x95\0U\0\"\0U\x015\x01\0\0\0\0\0\0$\0"),
    (14, 3627, b"\x80\0V\0!\0V\x014\x01\0\0\0\0\0\0#\0"),
    (15, 3666, b"\x80\0\0\0U\0\x1f\0U\x012\x01\0\0\0\0\0\0!\0"),
];

/// The bytecode of `lambda f, x: f(x)`, which has two local variables and needs three places on the stack, for the
/// `importlib.util.MAGIC_NUMBER` of this Python.
pub(crate) fn of_call(py: Python<'_>, magic_number: &[u8]) -> Option<&'static [u8]> {
    if is_pypy() {
        return None;
    }
    let (minor, _) = version(py);
    let [first, second, b'\r', b'\n'] = *magic_number else {
        return None;
    };
    let form = u16::from_le_bytes([first, second]);
    let is_this = |call: &&(u8, u16, _)| (minor, form) == (call.0, call.1);
    let (.., bytecode) = CALLS.iter().find(is_this)?;
    Some(bytecode)
}
