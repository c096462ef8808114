//! Which Python this is.

use std::ffi::CStr;

use pyo3::prelude::*;

/// The minor version and the patch level of Python 3.
pub(crate) fn version(py: Python<'_>) -> (u8, u8) {
    version_in(version_text(py))
}

/// Whether this Python is built to run without a GIL.
pub(crate) fn is_free_threaded(py: Python<'_>) -> bool {
    let mark = b"free-threading";
    version_text(py).windows(mark.len()).any(|it| it == mark)
}

/// `sys.version`, as it is at the start.
fn version_text(_py: Python<'_>) -> &'static [u8] {
    // SAFETY: the function returns a text that ends with a null byte, and that stays as long as the process.
    unsafe { CStr::from_ptr(pyo3::ffi::Py_GetVersion()) }.to_bytes()
}

/// Of `3.13.0rc1 (main, …`: 13 and 0.
fn version_in(text: &[u8]) -> (u8, u8) {
    let digits = text.split(|byte| !byte.is_ascii_digit());
    let number = |digits: &[u8]| {
        digits.iter().fold(0_u8, |number, digit| {
            number.saturating_mul(10).saturating_add(digit - b'0')
        })
    };
    let mut numbers = digits.map(number).skip(1);
    let mut next = || numbers.next().unwrap_or_default();
    (next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_pyo3() {
        Python::attach(|py| {
            let expected = py.version_info();
            assert_eq!(version(py), (expected.minor, expected.patch));
        });
        assert_eq!(version_in(b"3.15.0a0+ (main, Dec 1)"), (15, 0));
        assert_eq!(version_in(b"3.9.18 | packaged by"), (9, 18));
    }
}
