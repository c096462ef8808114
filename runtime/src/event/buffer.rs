//! The buffer that a thread formats messages into, and reuses.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// Bytes that a buffer has room for from the start. Most messages need no more.
const INITIAL_CAPACITY: usize = 1024;

/// Bytes. A larger buffer isn't reused.
const MAX_REUSED_CAPACITY: usize = 16 * 1024;

thread_local! {
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

/// A string that gives its memory back to the thread when it is dropped.
///
/// While one is in use, because a `Display` logs in turn, [`Buffer::take`] allocates another one.
pub(crate) struct Buffer(String);

impl Buffer {
    pub(crate) fn take() -> Buffer {
        // At the end of a thread the variable may be gone.
        let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
        buffer.reserve(INITIAL_CAPACITY);
        Buffer(buffer)
    }

    /// Copies the text into memory of its own size, and gives the buffer back.
    pub(crate) fn shrunk(self) -> Buffer {
        Buffer(String::from(&*self.0))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if (INITIAL_CAPACITY..=MAX_REUSED_CAPACITY).contains(&buffer.capacity()) {
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
