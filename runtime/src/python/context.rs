//! Context variables for threads that Rust has spawned.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use pyo3::call::PyCallArgs;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use super::library::{CONTEXT, COPY_CONTEXT};
use super::once::{Once, intern};

thread_local! {
    static ENTERED: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// The values of Python's [context variables] at one moment, for threads that Rust has spawned.
///
/// A filter or record factory that reads a request id from a context variable finds none in such a
/// thread, because the thread has a context of its own, which is empty. Queued records are handled in an
/// empty context too, since reading another one takes the GIL. So capture the context where Python asks
/// for the work, and enter it where the work is done:
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
/// While a context is entered, everything that Python does with a record of this thread (`isEnabledFor`,
/// the record factory, filters and handlers) runs in a copy of it, as with
/// [`contextvars.Context.run`]. Queued records keep the context that was entered when they were made.
///
/// [context variables]: https://docs.python.org/3/library/contextvars.html
/// [`contextvars.Context.run`]: https://docs.python.org/3/library/contextvars.html#contextvars.Context.run
#[derive(Clone, Debug)]
pub struct Context(Arc<Py<PyAny>>);

impl Context {
    /// Captures the current context: `contextvars.copy_context()`.
    ///
    /// # Errors
    /// The exception that importing `contextvars` raises.
    pub fn capture(py: Python<'_>) -> PyResult<Context> {
        let context = COPY_CONTEXT.get(py)?.call0()?;
        Ok(Context(Arc::new(context.unbind())))
    }

    /// An empty context, as a new thread has. `None` if it can't be made.
    pub(crate) fn empty(py: Python<'_>) -> Option<Context> {
        static EMPTY: Once<Context> = Once::new();
        let make = || {
            let context = CONTEXT.get(py)?.call0()?;
            PyResult::Ok(Context(Arc::new(context.unbind())))
        };
        EMPTY.get_or_try(make).ok().cloned()
    }

    /// Enters the context in this thread until the returned guard is dropped, which enters the previous
    /// one again.
    #[must_use = "the context is left when this is dropped"]
    pub fn enter(&self) -> Entered {
        Entered::new(Some(self.clone()))
    }

    /// Whether this thread has entered a context.
    pub(crate) fn is_entered() -> bool {
        ENTERED.try_with(|entered| entered.borrow().is_some()) == Ok(true)
    }

    /// The context that this thread has entered.
    pub(crate) fn entered() -> Option<Context> {
        // At the end of a thread the variable may be gone.
        let context = ENTERED.try_with(|entered| entered.borrow().clone());
        context.unwrap_or_default()
    }
}

/// A guard: a [`Context`] is entered while it lives. See [`Context::enter`].
#[derive(Debug)]
pub struct Entered {
    before: Option<Context>,
    /// The guard belongs to its thread.
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
        // Dropped outside of `replace`: freeing a context can run Python code, which may log.
        let ours = ENTERED.try_with(|entered| entered.replace(before));
        drop(ours);
    }
}

/// Calls a method in the context that this thread has entered. Records that the method logs are handled
/// in the same copy of the context, and see what the method has changed there.
///
/// # Errors
/// The exception that the method raises.
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
    // A copy, since Python doesn't let two threads enter the same context at a time.
    let copy = context.0.bind(py).call_method0(intern!(py, "copy"))?;
    copy.call_method1(intern!(py, "run"), args)
}
