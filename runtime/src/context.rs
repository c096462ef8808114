//! The context variables of the Python code that asked for the work.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use pyo3::call::PyCallArgs;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::once::{Once, intern};
use crate::python::{CONTEXT, COPY_CONTEXT};

thread_local! {
    static ENTERED: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// The values of Python's [context variables] at one moment, for threads that Rust has spawned.
///
/// A request id in a context variable, read by a filter or a record factory, is lost in a thread that
/// Python knows nothing of: each such thread has a context of its own, which is empty. So is that of
/// queued records, as the GIL is needed to ask for another. So capture
/// the context where Python asks for the work, and enter it where the work is done:
///
/// ```
/// use pyo3::prelude::*;
/// use std::thread;
///
/// #[pyfunction]
/// fn load(py: Python<'_>) -> PyResult<()> {
///     let context = pylog::Context::capture(py)?;
///     py.detach(|| {
///         thread::scope(|scope| {
///             scope.spawn(|| {
///                 let _entered = context.enter();
///                 pylog::info!("with the request's id");
///             });
///         });
///     });
///     Ok(())
/// }
/// # Python::attach(load).unwrap();
/// ```
///
/// While a context is entered, what Python does with a record of this thread (its `isEnabledFor`, record
/// factory, filters and handlers) runs in a copy of it, as with [`contextvars.Context.run`]. Queued
/// records take it along.
///
/// [context variables]: https://docs.python.org/3/library/contextvars.html
/// [`contextvars.Context.run`]: https://docs.python.org/3/library/contextvars.html#contextvars.Context.run
#[derive(Clone, Debug)]
pub struct Context(Arc<Py<PyAny>>);

impl Context {
    /// The current one, as `contextvars.copy_context()` gives it.
    ///
    /// # Errors
    /// What importing `contextvars` raises.
    pub fn capture(py: Python<'_>) -> PyResult<Context> {
        let context = COPY_CONTEXT.get(py)?.call0()?;
        Ok(Context(Arc::new(context.unbind())))
    }

    /// One without variables, as threads have that Python doesn't know. `None` if there are none at all.
    pub(crate) fn empty(py: Python<'_>) -> Option<Context> {
        static EMPTY: Once<Context> = Once::new();
        let make = || {
            let context = CONTEXT.get(py)?.call0()?;
            PyResult::Ok(Context(Arc::new(context.unbind())))
        };
        EMPTY.get_or_try(make).ok().cloned()
    }

    /// Makes records of this thread carry the context, until what it gives is dropped. The context that
    /// was entered before is then back.
    #[must_use = "the context is left when this is dropped"]
    pub fn enter(&self) -> Entered {
        Entered::new(Some(self.clone()))
    }

    /// Whether this thread is in one.
    pub(crate) fn is_entered() -> bool {
        ENTERED.try_with(|entered| entered.borrow().is_some()) == Ok(true)
    }

    /// The one that this thread is in.
    pub(crate) fn entered() -> Option<Context> {
        // At the end of a thread there may be none any more.
        let context = ENTERED.try_with(|entered| entered.borrow().clone());
        context.unwrap_or_default()
    }
}

/// A [`Context`] is entered as long as this lives.
#[derive(Debug)]
pub struct Entered {
    before: Option<Context>,
    /// It belongs to its thread.
    not_send: PhantomData<*const ()>,
}

impl Entered {
    pub(crate) fn new(context: Option<Context>) -> Entered {
        let before = ENTERED.try_with(|entered| entered.replace(context));
        Entered {
            before: before.unwrap_or_default(),
            not_send: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.before.take();
        let ours = ENTERED.try_with(|entered| entered.replace(before));
        drop(ours);
    }
}

/// Calls a method, in the context that this thread is in. What the method logs is in that as well, with
/// what has become of it.
///
/// # Errors
/// What the method raises.
pub(crate) fn call_method<'py, A>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    args: A,
) -> PyResult<Bound<'py, PyAny>>
where
    A: PyCallArgs<'py>
        + IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
{
    let Some(context) = Context::entered() else {
        return object.call_method1(name, args);
    };
    let py = object.py();
    let args = args.into_pyobject(py)?;
    let method = object.getattr(name)?;
    let args = PyTuple::new(
        py,
        std::iter::once(method)
            .chain(args.iter())
            .collect::<Vec<_>>(),
    )?;
    let _left = Entered::new(None);
    // A copy, as one that is entered can't be entered again, by another thread, before it is left.
    let copy = context.0.bind(py).call_method0(intern!(py, "copy"))?;
    copy.call_method1(intern!(py, "run"), args)
}
