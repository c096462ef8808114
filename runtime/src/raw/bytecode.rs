//! The bytecode of a call.

/// The bytecode of `lambda f, x: f(x)`, by the number of its form, as each release of CPython from 3.11 on compiles it.
/// Compiling it takes as long as making twenty records.
///
/// SAFETY: CPython runs bytecode without checking it. It gives another number to each form, and gives none up for a form
/// that it has released (`Include/internal/pycore_magic_number.h`). `test_frames.py` compares these with what the Python that
/// runs it compiles.
const CALLS: [(u16, &[u8]); 5] = [
    (
        3495, // 3.11
        b"\x97\0\x02\0|\0|\x01\xa6\x01\0\0\xab\x01\0\0\0\0\0\0\0\0S\0",
    ),
    (
        3531, // 3.12
        b"\x97\0\x02\0|\0|\x01\xab\x01\0\0\0\0\0\0S\0",
    ),
    (
        3571, // 3.13
        b"\x95\0U\0\"\0U\x015\x01\0\0\0\0\0\0$\0",
    ),
    (
        3627, // 3.14
        b"\x80\0V\0!\0V\x014\x01\0\0\0\0\0\0#\0",
    ),
    (
        3666, // 3.15
        b"\x80\0\0\0U\0\x1f\0U\x012\x01\0\0\0\0\0\0!\0",
    ),
];

/// The bytecode of `lambda f, x: f(x)`, which has two local variables and needs three places on the stack, for the
/// `importlib.util.MAGIC_NUMBER` of a Python.
pub(crate) fn of_call(magic_number: &[u8]) -> Option<&'static [u8]> {
    let [first, second, b'\r', b'\n'] = *magic_number else {
        return None;
    };
    let form = u16::from_le_bytes([first, second]);
    let (_, bytecode) = CALLS.iter().find(|call| call.0 == form)?;
    Some(bytecode)
}
