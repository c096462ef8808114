//! Context variables.
//!
//! In Python a thread has one context, and everything that happens to the records of the thread happens in
//! it. For a thread that Rust has spawned, Python makes a new context each time the thread attaches, and
//! the drain thread has a context of its own. So pylog keeps a [`RecordContext`] for such threads, and enters
//! it whenever Python handles one of their records.

use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::asyncio::task_name_without_python;
use super::kept::Kept;
use super::loose::Loose;
use super::process::OfProcess;
use super::raised::attempt;
use crate::raw::interpreter::{
    self, copy_current_context, enter_context, exit_context, has_thread_state, new_context,
};
use crate::raw::list::Inbox;
use crate::raw::once::Once;
use crate::raw::thin::{self, Exception, Name, Object, Result, Stored, Thin};

/// The values of Python's [context variables] at one moment, for threads that Rust has spawned.
///
/// A filter or record factory that reads a request id from a context variable finds none in such a
/// thread, because the thread has a context of its own, which is empty. With queued delivery the same holds
/// for any thread that has released the GIL, since reading its context takes the GIL. So capture the
/// context where Python asks for the work, and enter it where the work is done:
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
/// While a context is entered, everything that Python does with the records of this thread (`isEnabledFor`,
/// the record factory, filters and handlers) runs in a copy of it, as with [`contextvars.Context.run`].
/// There is one copy for each call of [`enter`][Context::enter], so a handler finds the values that it has set for
/// earlier records. The same holds for queued records.
///
/// [context variables]: https://docs.python.org/3/library/contextvars.html
/// [`contextvars.Context.run`]: https://docs.python.org/3/library/contextvars.html#contextvars.Context.run
#[derive(Clone, Debug)]
pub struct Context(Arc<Registered>);

impl Context {
    /// Captures the current context: `contextvars.copy_context()`.
    ///
    /// # Errors
    /// On Windows, if Python comes without `ctypes`.
    pub fn capture(py: Python<'_>) -> PyResult<Context> {
        let capture = || {
            interpreter::prepare(py)?;
            let context = copy_current_context(py)?;
            Registered::new(&context)
        };
        let registered = capture().map_err(Exception::into_inner)?;
        Ok(Context(Arc::new(registered)))
    }

    /// Enters the context in this thread until the returned guard is dropped, which enters the previous
    /// one again.
    #[must_use = "the context is left when this is dropped"]
    pub fn enter(&self) -> Entered {
        Entered::new(RecordContext::of(Some(self.clone())))
    }
}

/// A Python context that lives as long as this, or as the interpreter.
#[derive(Debug)]
struct Registered(u64);

/// The registered contexts by their numbers. Rust only knows the numbers, so that it doesn't keep users'
/// objects beyond the end of the interpreter.
fn registry(py: Python<'_>) -> Bound<'_, PyDict> {
    static CONTEXTS: Kept<Stored<PyDict>> = Kept::new();
    let contexts = CONTEXTS.get_or_make(|| PyDict::new(py).into());
    let contexts = contexts.bind(py).clone();
    for number in DROPPED.get().into_iter().flat_map(Inbox::take) {
        // At the end of the interpreter it may be gone.
        let _ = thin::number(py, number as i64).and_then(|it| contexts.remove_entry(&it));
    }
    contexts
}

/// The numbers of contexts that have been dropped, perhaps by detached threads.
static DROPPED: OfProcess<Inbox<u64>> = OfProcess::new();

impl Registered {
    fn new(context: &Bound<'_, PyAny>) -> Result<Registered> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let registry = registry(context.py());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        registry.set_entry_of(&*thin::number(context.py(), number as i64)?, context)?;
        Ok(Registered(number))
    }

    fn get<'py>(&self, py: Python<'py>) -> Result<Option<Object<'py>>> {
        registry(py).entry(&*thin::number(py, self.0 as i64)?)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        DROPPED.get_or_make(|_| Inbox::new()).push(self.0);
    }
}

/// The context in which Python handles records.
#[derive(Clone, Debug)]
pub(crate) struct RecordContext(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// The context of a thread's records: a copy of a captured one, or an empty one. The copy is made when it is first
    /// needed.
    OfThread {
        captured: Option<Context>,
        copy: Once<Registered>,
    },
    /// The context of one record of a thread of Python's: a copy of the current one, and the name of the current
    /// asyncio task.
    OfRecord {
        copy: Loose<Stored>,
        task_name: Option<Loose<Stored>>,
    },
}

thread_local! {
    static CURRENT: RefCell<Current> = const { RefCell::new(Current { context: None, is_inside: false }) };

    /// The context of this thread if no other is entered and Python keeps none for it.
    static OWN: RefCell<Option<RecordContext>> = const { RefCell::new(None) };
}

/// The context that is entered in a thread.
#[derive(Debug, Default)]
struct Current {
    context: Option<RecordContext>,
    /// Whether Python has entered the context for a record that is being handled.
    is_inside: bool,
}

impl RecordContext {
    pub(super) fn of(captured: Option<Context>) -> RecordContext {
        let copy = Once::new();
        RecordContext(Arc::new(Source::OfThread { captured, copy }))
    }

    /// A copy of the context that this thread has in Python. Runs no Python code.
    pub(crate) fn copy_current(py: Python<'_>) -> Result<RecordContext> {
        let task_name = task_name_without_python(py).ok().flatten();
        Ok(RecordContext(Arc::new(Source::OfRecord {
            copy: Loose::new(copy_current_context(py)?.unbind()),
            task_name: task_name.map(|name| Loose::new(name.unbind())),
        })))
    }

    /// The name of the asyncio task, if there was one.
    pub(crate) fn task_name<'py>(&self, py: Python<'py>) -> Option<Object<'py>> {
        match &*self.0 {
            Source::OfThread { .. } => None,
            Source::OfRecord { task_name, .. } => {
                task_name.as_ref().map(|name| name.bind(py).into())
            }
        }
    }

    /// The context of this thread's records. `None` if that is the context that the thread has in Python. A detached
    /// thread calls this before it attaches.
    pub(crate) fn of_this_thread() -> Option<RecordContext> {
        let entered = CURRENT.try_with(|current| {
            let current = current.borrow();
            (current.context.clone(), current.is_inside)
        });
        // At the end of a thread the variable may be gone.
        match entered {
            Ok((_, true)) | Err(_) => None,
            Ok((Some(context), false)) => Some(context),
            Ok((None, false)) if has_thread_state() == Some(false) => RecordContext::own(),
            Ok((None, false)) => None,
        }
    }

    /// The context of a thread that Rust has spawned.
    pub(crate) fn own() -> Option<RecordContext> {
        let own = OWN.try_with(|own| {
            let mut own = own.borrow_mut();
            own.get_or_insert_with(|| RecordContext::of(None)).clone()
        });
        own.ok()
    }

    /// Enters the context until the guard is dropped. `None` if that isn't possible.
    pub(crate) fn enter<'py>(&self, py: Python<'py>) -> Option<Inside<'py>> {
        attempt(py, self.object(py)).and_then(Inside::new)
    }

    fn object<'py>(&self, py: Python<'py>) -> Result<Object<'py>> {
        let (captured, copy) = match &*self.0 {
            Source::OfThread { captured, copy } => (captured, copy),
            Source::OfRecord { copy, .. } => return Ok(copy.bind(py).into()),
        };
        if let Some(object) = copy.get().map_or(Ok(None), |copy| copy.get(py))? {
            return Ok(object);
        }
        let captured = captured.as_ref();
        let object = match captured.map_or(Ok(None), |captured| captured.0.get(py))? {
            Some(captured) => captured.call_named(Name::copy)?,
            None => new_context(py)?,
        };
        // Another thread may have been faster.
        let copy = copy.get_or_try(|| Registered::new(&object))?;
        Ok(copy.get(py)?.unwrap_or(object))
    }
}

/// A guard: Python has entered a context while it lives.
pub(crate) struct Inside<'py> {
    context: Object<'py>,
    before: bool,
}

impl<'py> Inside<'py> {
    /// Enters `context`, or a copy if another thread is inside it. `None` if that isn't possible.
    fn new(context: Object<'py>) -> Option<Inside<'py>> {
        let py = context.py();
        let context = match enter_context(&context) {
            Ok(()) => context,
            Err(_) => {
                let copy = context.call_named(Name::copy);
                let copy = attempt(py, copy)?;
                attempt(py, enter_context(&copy))?;
                copy
            }
        };
        Some(Inside {
            context,
            before: set_inside(true),
        })
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        set_inside(self.before);
        attempt(self.context.py(), exit_context(&self.context));
    }
}

/// Sets whether Python has entered the current context, and returns the previous value.
fn set_inside(is_inside: bool) -> bool {
    let before = CURRENT
        .try_with(|current| std::mem::replace(&mut current.borrow_mut().is_inside, is_inside));
    before.unwrap_or_default()
}

/// A guard: a [`Context`] is entered while it lives. See [`Context::enter`].
#[derive(Debug)]
pub struct Entered {
    before: Current,
    /// The guard belongs to its thread.
    not_send: PhantomData<*const ()>,
}

impl Entered {
    pub(super) fn new(context: RecordContext) -> Entered {
        let entered = Current {
            context: Some(context),
            is_inside: false,
        };
        let before = CURRENT.try_with(|current| current.replace(entered));
        Entered {
            before: before.unwrap_or_default(),
            not_send: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = std::mem::take(&mut self.before);
        let _ = CURRENT.try_with(|current| current.replace(before));
    }
}

impl Context {
    /// Makes a future that enters the context whenever it is polled, and when it is dropped. All polls share one
    /// copy of it.
    ///
    /// A task of an async runtime moves from thread to thread, and takes turns with others, so a guard of
    /// [`enter`](Context::enter) can't be kept across an `await`.
    ///
    /// ```
    /// use pyo3::prelude::*;
    ///
    /// async fn load() -> u32 {
    ///     pylog::info!("with the request's id");
    ///     7
    /// }
    ///
    /// # fn spawn<F: Future + Send + 'static>(future: F) {
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     assert!(std::pin::pin!(future).poll(&mut context).is_ready());
    /// # }
    /// #[pyfunction]
    /// fn start(py: Python<'_>) -> PyResult<()> {
    ///     let context = pylog::Context::capture(py)?;
    ///     spawn(context.scope(load())); // such as `tokio::spawn`
    ///     Ok(())
    /// }
    /// # Python::attach(start).unwrap();
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped {
            context: RecordContext::of(Some(self.clone())),
            future: Some(Box::pin(future)),
        }
    }
}

/// A future that is polled and dropped in a [`Context`]. See [`Context::scope`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Scoped<F> {
    context: RecordContext,
    /// `None` while it is dropped.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let _entered = Entered::new(self.context.clone());
        match &mut self.future {
            Some(future) => future.as_mut().poll(task),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        let _entered = Entered::new(self.context.clone());
        self.future = None;
    }
}
