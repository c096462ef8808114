//! Raising an exception in a thread of Python's that isn't the main thread: as an asynchronous exception.

use std::cell::RefCell;
use std::ffi::c_ulong;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use crate::python::library::function;
use crate::python::loose::Loose;
use crate::raw::interpreter::set_async_exception;
use crate::raw::thin::{self, Exception, Name, Object, Result, Thin};

thread_local! {
    /// The asynchronous exception of this thread.
    static SCHEDULED: RefCell<Option<Loose<Exception>>> = const { RefCell::new(None) };
}

/// How many threads have one.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether any thread has one.
pub(super) fn has_scheduled() -> bool {
    COUNT.load(Ordering::Relaxed) > 0
}

fn take() -> Option<Loose<Exception>> {
    let taken = SCHEDULED.try_with(RefCell::take).unwrap_or_default();
    if taken.is_some() {
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
    taken
}

/// Takes back what is going to be raised in this thread.
pub(super) fn cancel(py: Python<'_>, ident: c_ulong) -> Option<Exception> {
    let taken = take();
    if taken.is_some() {
        set_async_exception(py, ident, None);
    }
    taken.map(Loose::into_inner)
}

/// Makes Python raise the exception in a thread. Returns the exception if that isn't possible. In another thread than this
/// one (`is_this`), Python may raise it within a log call, and nothing is known of it here from then on.
pub(super) fn raise(
    py: Python<'_>,
    ident: Result<c_ulong>,
    is_this: bool,
    error: Exception,
) -> Option<Exception> {
    let class = class_that_makes(py, &error);
    match class.and_then(|class| Ok((class, ident?))) {
        Ok((class, ident)) if set_async_exception(py, ident, Some(&class)) => {
            let replaced =
                is_this.then(|| SCHEDULED.try_with(|it| it.replace(Some(Loose::new(error)))));
            if let Some(Ok(None)) = replaced {
                COUNT.fetch_add(1, Ordering::Relaxed);
            }
            None
        }
        _ => Some(error),
    }
}

/// A class whose instance is the exception itself. Python takes a class, which it calls without arguments
/// when it raises the exception. `except` clauses of older Pythons compare the class.
fn class_that_makes<'py>(py: Python<'py>, error: &Exception) -> Result<Object<'py>> {
    let object = error.value(py).clone().unbind();
    let make = move |py: Python<'_>| {
        drop(take());
        Ok(object.clone_ref(py))
    };
    let namespace = thin::dict(py)?;
    let make = function(py, Box::new(make))?;
    namespace.set_entry(Name::__new__, &make)?;
    let class = Object::from(error.get_type(py));
    let name = class.get(Name::__name__)?;
    let make_below = |class: Object<'py>| {
        let metaclass = Object::from(class.get_type());
        let arguments = [name.clone(), thin::tuple(py, &[class])?, namespace.clone()];
        metaclass.run_by(&*thin::tuple(py, &arguments)?, &*thin::dict(py)?)
    };
    // A class may refuse to have subclasses.
    make_below(class).or_else(|_| make_below(py.get_type::<PyBaseException>().into()))
}
