//! Whether the current thread is handling a record.

use std::cell::Cell;

#[derive(Clone, Copy, PartialEq)]
enum Handling {
    /// No record is being handled by this thread.
    None,
    /// A record is being handled. Records that handlers log meanwhile are nested.
    Record,
    /// The same, but nesting has hit Python's recursion limit: nested records are dropped.
    RecordAfterRecursionError,
}

thread_local! {
    static HANDLING: Cell<Handling> = const { Cell::new(Handling::None) };
}

fn is(handling: Handling) -> bool {
    HANDLING.try_with(Cell::get) == Ok(handling)
}

/// Whether this thread is handling a record.
pub(crate) fn is_handling_record() -> bool {
    !is(Handling::None)
}

/// Lives while this thread handles a record.
pub(crate) struct HandlingRecord {
    /// Whether no other record was being handled when this one came.
    pub(crate) is_outermost: bool,
}

impl HandlingRecord {
    pub(crate) fn enter() -> HandlingRecord {
        let is_outermost = HANDLING.try_with(|handling| match handling.get() {
            Handling::None => {
                handling.set(Handling::Record);
                true
            }
            _ => false,
        });
        HandlingRecord {
            is_outermost: is_outermost == Ok(true),
        }
    }
}

impl Drop for HandlingRecord {
    fn drop(&mut self) {
        if self.is_outermost {
            let _ = HANDLING.try_with(|handling| handling.set(Handling::None));
        }
    }
}

/// Notes a `RecursionError`: nested records are dropped until the outermost one has been handled.
///
/// In Python the error would end every handler that logs what it handles. Here it doesn't leave the
/// call, so that several such handlers would go on taking turns, twice as often with each level.
pub(crate) fn drop_nested_records() {
    if is(Handling::Record) {
        let _ = HANDLING.try_with(|handling| handling.set(Handling::RecordAfterRecursionError));
    }
}

/// Whether records of this thread are dropped.
pub(crate) fn drops_records() -> bool {
    is(Handling::RecordAfterRecursionError)
}
