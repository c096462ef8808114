//! Functions that run before and after Python's forks.

use pyo3::prelude::*;

use super::library::{OS_GLOBALS, callback};
use super::process;
use super::raised::attempt;
use crate::raw::interpreter;
use crate::raw::once::{Once, RunOnce};
use crate::raw::system;
use crate::raw::thin::{self, Name, Result, Thin};

/// Functions that run before a fork, and after it in the parent and in the child.
pub(crate) struct Hooks {
    pub(crate) before: fn(),
    pub(crate) in_parent: fn(),
    pub(crate) in_child: fn(Python<'_>) -> Result<()>,
    /// Runs in a child when its first thread has ended, otherwise than by the end of the process.
    pub(crate) at_end_of_first_thread: fn(),
}

static HOOKS: Once<Hooks> = Once::new();

static REGISTERED: RunOnce = RunOnce::new();

/// Sets the hooks, which run from the next fork on.
pub(crate) fn set_hooks(hooks: Hooks) {
    HOOKS.get_or_make(|| hooks);
}

/// Makes Python report its forks.
pub(crate) fn prepare(py: Python<'_>) {
    static COUNTED: RunOnce = RunOnce::new();
    let _ = COUNTED.run(system::count_forks);
    attempt(py, REGISTERED.run(|| register(py)));
}

fn register(py: Python<'_>) -> Result<()> {
    if !OS_GLOBALS.dict(py)?.has_entry(Name::register_at_fork)? {
        return Ok(()); // There are no forks either.
    }
    let hook = |hook: fn(&Hooks)| {
        callback(py, move |_| {
            HOOKS.get().into_iter().for_each(hook);
            Ok(())
        })
    };
    let before = hook(|hooks| (hooks.before)())?;
    let in_parent = hook(|hooks| (hooks.in_parent)())?;
    let in_child = callback(py, |py| {
        attempt(py, interpreter::keep_thread_state(py));
        process::watch_first_thread(|| {
            let hooks = HOOKS.get().into_iter();
            hooks.for_each(|hooks| (hooks.at_end_of_first_thread)());
        });
        HOOKS.get().map_or(Ok(()), |it| (it.in_child)(py))
    })?;
    let hooks = thin::dict(py)?;
    hooks.set_entry(Name::before, &before)?;
    hooks.set_entry(Name::after_in_parent, &in_parent)?;
    hooks.set_entry(Name::after_in_child, &in_child)?;
    OS_GLOBALS
        .get(Name::register_at_fork, py)?
        .run_by(&*thin::tuple(py, &[])?, &hooks)
        .map(drop)
}
