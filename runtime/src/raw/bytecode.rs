//! The code of a call.

use std::ffi::{c_char, c_long};

use pyo3::ffi::{Py_ssize_t, PyObject};
use pyo3::prelude::*;

use super::functions::find;
use super::interpreter::is_pypy;
use super::once::Once;
use super::thin::{Exception, Object, Result};
use super::version::version;

/// The bytecode of `lambda f, x: f(x)`, as the releases of CPython from 3.11 on compile it: by their minor version, and by
/// the number that CPython gives to the form of bytecode. Compiling it takes as long as making twenty records.
///
/// SAFETY: CPython runs bytecode without checking it. A Python program can change the number that is read, but not the
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

/// How a Python whose bytecode is known makes a code object of its marshalled form.
struct Reader {
    bytecode: &'static [u8],
    read: unsafe extern "C" fn(*const c_char, Py_ssize_t) -> *mut PyObject,
}

impl Reader {
    fn find(py: Python<'_>) -> Option<Reader> {
        if is_pypy() {
            return None;
        }
        // SAFETY: the types are those of the functions. The first one reads a number, this thread is attached, as `py`
        // shows, and -1 stands for an exception.
        let (number, read) = unsafe {
            let number: extern "C" fn() -> c_long = find(py, c"PyImport_GetMagicNumber").ok()?;
            (number(), find(py, c"PyMarshal_ReadObjectFromString").ok()?)
        };
        if number == -1 {
            drop(Exception::taken());
        }
        let (minor, _) = version(py);
        let is_this = |(of_minor, form, _): &&(u8, u16, _)| {
            minor == *of_minor && number == c_long::from(u32::from_le_bytes(magic(*form)))
        };
        let (.., bytecode) = CALLS.iter().find(is_this)?;
        Some(Reader { bytecode, read })
    }
}

/// `importlib.util.MAGIC_NUMBER` of a form of bytecode.
const fn magic(form: u16) -> [u8; 4] {
    let [first, second] = form.to_le_bytes();
    [first, second, b'\r', b'\n']
}

/// The code of `lambda f, x: f(x)` in a function of that name, all of it on that line of the file. `None` if the bytecode of
/// this Python isn't known.
pub(crate) fn code_of_call<'py>(
    py: Python<'py>,
    name: &str,
    file: &str,
    line: u32,
) -> Result<Option<Object<'py>>> {
    static READER: Once<Option<Reader>> = Once::new();
    let Some(Reader { bytecode, read }) = READER.get_or_make(|| Reader::find(py)) else {
        return Ok(None);
    };
    let code = marshalled(bytecode, name, file, line);
    // SAFETY: this thread is attached, as `py` shows, and no exception is set. The function reads that many bytes, and
    // returns a new reference or null with an exception set.
    unsafe { Object::made(read(code.as_ptr().cast(), code.len() as Py_ssize_t), py).map(Some) }
}

/// The code as `marshal.dumps` writes it from Python 3.11 on (`Python/marshal.c`).
fn marshalled(bytecode: &[u8], name: &str, file: &str, line: u32) -> Vec<u8> {
    let mut code = START.to_vec();
    add(&mut code, b's', bytecode);
    code.extend_from_slice(NAMES);
    for text in [file, name, name] {
        add(&mut code, b'u', text.as_bytes());
    }
    code.extend_from_slice(&line.to_le_bytes());
    add(&mut code, b's', &all_on_first_line(bytecode.len() / 2));
    // No table of exceptions.
    add(&mut code, b's', b"");
    code
}

/// A code object: how many arguments it has, how many of them are positional only, and how many keyword only; the size of
/// the stack; the flags `CO_OPTIMIZED` and `CO_NEWLOCALS`, which stand for a function.
const START: &[u8] = b"c\x02\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\x03\0\0\0";

/// A tuple of no constants, one of no names, and one of the names of the local variables; their kinds, `CO_FAST_LOCAL`.
const NAMES: &[u8] = b"(\0\0\0\0(\0\0\0\0(\x02\0\0\0u\x01\0\0\0fu\x01\0\0\0xs\x02\0\0\0  ";

/// Adds an object of that kind, with its length.
#[inline(never)]
fn add(code: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    code.push(kind);
    code.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    code.extend_from_slice(bytes);
}

/// A `co_linetable` which says that all code is on the first line, without columns, which would mean nothing in the line of
/// the Rust call. CPython describes the format in `Objects/locations.md`: an entry is for up to eight units of code.
pub(crate) fn all_on_first_line(mut units: usize) -> Vec<u8> {
    const NO_COLUMNS: u8 = 13;
    let mut lines = Vec::new();
    while units > 0 {
        let of_entry = units.min(8);
        lines.extend([0x80 | NO_COLUMNS << 3 | (of_entry as u8 - 1), 0]);
        units -= of_entry;
    }
    lines
}
