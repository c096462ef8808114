//! The buffer that a thread formats into, used again and again.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// Bytes that a buffer has room for from the start: most messages need no more.
const SMALLEST: usize = 1024;

/// Bytes above which a buffer isn't kept.
const LARGEST_KEPT: usize = 16 * 1024;

thread_local! {
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

/// An empty string with the capacity of the one before it.
///
/// Who takes one while another is in use, because a `Display` logs in turn, gets a new one. One that
/// is dropped by a panic is used again like any other.
pub(crate) struct Buffer(String);

impl Buffer {
    pub(crate) fn take() -> Buffer {
        // At the end of a thread there may be none any more.
        let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
        buffer.reserve(SMALLEST);
        Buffer(buffer)
    }

    /// The same text, in no more memory than it needs. This one is kept for the next.
    pub(crate) fn fitted(self) -> Buffer {
        Buffer(String::from(&*self.0))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if (SMALLEST..=LARGEST_KEPT).contains(&buffer.capacity()) {
            buffer.clear();
            let _ = BUFFER.try_with(|kept| kept.set(buffer));
        }
    }
}

impl Deref for Buffer {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.0
    }
}
