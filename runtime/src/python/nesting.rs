//! The log calls that are under way in the current thread.
//!
//! A handler that logs makes a call within a call. In Python the recursion limit ends that if it goes on and
//! on, but here each call also takes Rust's and CPython's stack, and a thread can have little of it. So a nested call
//! needs some of it to be left.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Range;

use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::raw::interpreter::is_pypy;
use crate::raw::system;
use crate::raw::thin::{Exception, Result, Stored};

/// How much stack a nested call needs, in bytes: for its record and a handler. Half of a stack is enough for that, too.
const NEEDED: usize = 64 * 1024;

/// How much stack nested calls may take where the system doesn't tell how much there is, or where the program has
/// switched to a stack of its own.
const MAX_OF_UNKNOWN: usize = 256 * 1024;

/// PyPy ends a process within its C API where 768 KiB of any stack are in use.
const MAX_IN_PYPY: usize = 512 * 1024;

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

    static ENDED: RefCell<Option<(Exception, Stored<PyString>)>> = const { RefCell::new(None) };
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

/// Checks that a nested call has enough stack.
pub(crate) fn check_stack(py: Python<'_>) -> Result<()> {
    if !is_nested() || is_enough(stack_address()) {
        return Ok(());
    }
    let message = "log calls within log calls take too much stack";
    Err(Exception::new::<PyRecursionError>(py, message))
}

/// Whether a nested call has enough stack at this address.
fn is_enough(address: usize) -> bool {
    thread_local! {
        static BOUNDS: OnceCell<Option<Range<usize>>> = const { OnceCell::new() };
    }
    let find = || {
        let stack = system::stack_bounds()?;
        let start = match is_pypy() {
            true => stack.start.max(stack.end - MAX_IN_PYPY.min(stack.len())),
            false => stack.start,
        };
        Some(start..stack.end)
    };
    let bounds = BOUNDS.try_with(|it| it.get_or_init(find).clone());
    match bounds.ok().flatten() {
        Some(stack) if stack.contains(&address) => {
            address - stack.start >= NEEDED.min(stack.len() / 2)
        }
        _ => address.abs_diff(state().outermost) <= MAX_OF_UNKNOWN,
    }
}

/// Notes a `RecursionError`, and where it was raised: nested records are dropped until the outermost call returns.
/// Returns the error if it is that of the outermost call.
///
/// In Python the error would end every handler that logs what it handles. Here it doesn't leave the
/// call, so that several such handlers would go on taking turns, twice as often with each level. It is reported when the
/// outermost call returns: where it was raised, Python may be unable to call anything.
pub(super) fn end(error: Exception, place: Bound<'_, PyString>) -> Option<Exception> {
    if !is_nested() {
        return Some(error);
    }
    if !drops_records() {
        change(|state| state.drops_nested = true);
        let _ = ENDED.try_with(|it| it.replace(Some((error, place.into()))));
    }
    None
}

/// The `RecursionError` of calls within the outermost one, which is about to return. Nested records are still dropped,
/// because the hook that is told of the error may log, too.
pub(super) fn take_ended() -> Option<(Exception, Stored<PyString>)> {
    match is_nested() {
        true => None,
        false => ENDED.try_with(RefCell::take).unwrap_or_default(),
    }
}

/// Whether records of this thread are dropped.
pub(crate) fn drops_records() -> bool {
    state().drops_nested
}
