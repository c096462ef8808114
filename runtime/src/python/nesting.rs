//! The log calls that are under way in the current thread.
//!
//! A handler that logs makes a call within a call. In Python the recursion limit ends that if it goes on and
//! on, but here each call also takes Rust's and CPython's stack, and a thread can have little of it.

use std::cell::Cell;

use super::exception::Result;
use pyo3::exceptions::PyRecursionError;

/// How much stack nested calls may take, in bytes. The smallest stacks that threads have in practice are
/// twice as large.
const MAX_STACK: usize = 256 * 1024;

#[derive(Clone, Copy, Default)]
struct State {
    /// How many calls are under way.
    depth: u32,
    /// Where the stack was at the outermost call.
    outermost: usize,
    /// Whether nesting has met a limit: nested records are dropped.
    drops_nested: bool,
}

thread_local! {
    static STATE: Cell<State> = const {
        Cell::new(State { depth: 0, outermost: 0, drops_nested: false })
    };
}

fn state() -> State {
    STATE.try_with(Cell::get).unwrap_or_default()
}

fn change(change: impl FnOnce(&mut State)) {
    // At the end of a thread the variable may be gone.
    let _ = STATE.try_with(|cell| {
        let mut state = cell.get();
        change(&mut state);
        cell.set(state);
    });
}

/// An address on the stack of the current function.
#[inline(never)]
fn stack_address() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(&local).addr()
}

/// Lives while a call of this thread is under way.
pub(crate) struct CallGuard(());

impl CallGuard {
    pub(crate) fn enter() -> CallGuard {
        change(|state| {
            if state.depth == 0 {
                state.outermost = stack_address();
            }
            state.depth += 1;
        });
        CallGuard(())
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        change(|state| {
            state.depth = state.depth.saturating_sub(1);
            state.drops_nested &= state.depth > 0;
        });
    }
}

/// Whether a call of this thread is under way.
pub(crate) fn is_in_call() -> bool {
    state().depth > 0
}

/// Whether the call that is under way was made within another one, by a handler for example.
pub(crate) fn is_nested() -> bool {
    state().depth > 1
}

/// Checks that nested calls haven't taken too much stack.
///
/// # Errors
/// A `RecursionError` if they have.
pub(crate) fn check_stack() -> Result<()> {
    match stack_address().abs_diff(state().outermost) {
        0..=MAX_STACK => Ok(()),
        _ => {
            let message = "log calls within log calls take too much stack";
            Err(PyRecursionError::new_err(message).into())
        }
    }
}

/// Notes a `RecursionError`: nested records are dropped until the outermost call returns.
///
/// In Python the error would end every handler that logs what it handles. Here it doesn't leave the
/// call, so that several such handlers would go on taking turns, twice as often with each level.
pub(crate) fn drop_nested_records() {
    if is_nested() {
        change(|state| state.drops_nested = true);
    }
}

/// Whether records of this thread are dropped.
pub(crate) fn drops_records() -> bool {
    state().drops_nested
}
