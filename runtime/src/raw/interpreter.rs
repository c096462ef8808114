//! The interpreter: whether this thread is attached to it, and what PyO3 has no function for.

use std::ffi::{c_int, c_ulong, c_void};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::functions::{ContextFunctions, FUNCTIONS, Functions, ThreadStates};
pub(crate) use super::functions::{keep_thread_state, prepare};
use super::pypy;
use super::thin::{self, Name, Object, Stored, Thin};
use super::thin::{Exception, Result};

/// Whether there is an interpreter.
#[cfg(feature = "log")]
pub(crate) fn is_initialized() -> bool {
    // SAFETY: CPython documents that this function may be called before Python is initialized, and by
    // any thread.
    unsafe { pyo3::ffi::Py_IsInitialized() != 0 }
}

impl Functions {
    /// Whether this thread is attached to the main interpreter. From Python 3.12 on, a thread that is attached to a
    /// subinterpreter has its own thread state there.
    fn is_attached(&self) -> bool {
        match &self.thread_states {
            ThreadStates::CPython { own, current, .. } => {
                let own = own();
                !own.is_null() && own == current() && self.is_in_main_interpreter()
            }
            ThreadStates::PyPy { has_gil } => has_gil() != 0,
        }
    }

    /// For a thread that is attached.
    fn is_in_main_interpreter(&self) -> bool {
        match &self.thread_states {
            ThreadStates::CPython {
                current,
                interpreter,
                main_interpreter,
                ..
            } => {
                // At the end of the interpreter CPython runs destructors when the thread has no state any more.
                if current().is_null() {
                    return true;
                }
                // SAFETY: this thread is attached, and has a thread state.
                let interpreter = unsafe { interpreter() };
                interpreter == main_interpreter()
            }
            ThreadStates::PyPy { .. } => true,
        }
    }
}

/// Whether the interpreter that this thread is attached to is the main one. Also true before [`prepare`].
pub(crate) fn is_main(_py: Python<'_>) -> bool {
    FUNCTIONS
        .get()
        .is_none_or(Functions::is_in_main_interpreter)
}

/// Whether this thread holds the GIL; on free-threaded Python, whether it is attached. Also true before
/// [`prepare`]. Threads of subinterpreters count as not attached.
pub(crate) fn is_attached() -> bool {
    FUNCTIONS.get().is_none_or(Functions::is_attached)
}

/// Calls `f` with a token if this thread is attached, and PyO3 knows it. Unlike [`Python::try_attach`], this never
/// waits, and doesn't run the destructors of objects that were dropped in detached threads, which can be Python code.
pub(crate) fn if_attached<R>(f: impl FnOnce(Option<Python<'_>>) -> R) -> R {
    if !FUNCTIONS.get().is_some_and(Functions::is_attached) {
        return f(None);
    }
    // SAFETY: this thread is attached, and stays so while `f` runs: `f` gets the token, and only code with a
    // token can detach, which lasts no longer than a call. Until PyO3 is known to allow it, in a `__traverse__` for
    // example, the token serves to make and to drop a `bytes`, which no garbage collector keeps track of.
    let py = unsafe { Python::assume_attached() };
    f(lets_use_python(py).then_some(py))
}

/// Whether PyO3 lets this thread use Python: the thread has attached by PyO3, and no `__traverse__` runs. This is seen
/// by whether it releases an object at once.
#[cfg(not(pyo3_disable_reference_pool))]
fn lets_use_python(py: Python<'_>) -> bool {
    // PyPy's C API runs bytecode, so that another thread can take the GIL.
    if is_pypy() {
        return false;
    }
    let text = b"pylog";
    // SAFETY: this thread is attached, as `py` shows. The function returns a new reference, or null with an exception set.
    let object = unsafe {
        let length = text.len() as pyo3::ffi::Py_ssize_t;
        let object = pyo3::ffi::PyBytes_FromStringAndSize(text.as_ptr().cast(), length);
        Object::made(object, py)
    };
    let Ok(object) = object else {
        return false;
    };
    drop(object.clone().into_bound().unbind());
    // SAFETY: as above, and `object` is alive.
    unsafe { pyo3::ffi::Py_REFCNT(object.as_ptr()) == 1 }
}

/// The same where PyO3 keeps no objects, which [`Python::try_attach`] would release.
#[cfg(pyo3_disable_reference_pool)]
fn lets_use_python(_py: Python<'_>) -> bool {
    Python::try_attach(|_| ()).is_some()
}

/// Calls `drop`, which drops Python objects, if this thread is attached. Returns whether it has. Never waits.
pub(crate) fn drop_if_attached(drop: &mut dyn FnMut()) -> bool {
    if !FUNCTIONS.get().is_some_and(Functions::is_attached) {
        return false;
    }
    // CPython calls destructors from its own code, where PyO3 doesn't know that the thread is attached. If it can't, it
    // aborts.
    #[cfg(pyo3_disable_reference_pool)]
    return Python::try_attach(|_| drop()).is_some();
    #[cfg(not(pyo3_disable_reference_pool))]
    {
        drop();
        true
    }
}

/// Whether Python has a thread state for this thread. Python's own threads always have one, Rust
/// threads while they are attached or in a [`Python::detach`]. `None` before [`prepare`]. In PyPy a detached thread can't
/// find that out, so it is taken for one of Python's.
pub(crate) fn has_thread_state() -> Option<bool> {
    match &FUNCTIONS.get()?.thread_states {
        ThreadStates::CPython { own, .. } => Some(!own().is_null()),
        ThreadStates::PyPy { .. } => Some(true),
    }
}

/// Whether Python knows this thread: a Rust thread is unknown while it isn't attached. In PyPy each detached thread counts as
/// unknown. Also true before [`prepare`].
pub(crate) fn is_known_thread() -> bool {
    match is_pypy() {
        true => is_attached(),
        false => has_thread_state() != Some(false),
    }
}

/// Whether this is PyPy. Also `false` before [`prepare`].
pub(crate) fn is_pypy() -> bool {
    FUNCTIONS
        .get()
        .is_some_and(|functions| matches!(functions.thread_states, ThreadStates::PyPy { .. }))
}

/// `threading.get_ident()`.
pub(crate) fn thread_ident() -> c_ulong {
    FUNCTIONS.get().map_or(0, |functions| (functions.ident)())
}

/// `threading.get_native_id()`. Unlike the ident, this number is seldom reused soon. `None` in PyPy.
pub(crate) fn native_id() -> Option<c_ulong> {
    let native_id = FUNCTIONS.get()?.native_id?;
    Some(native_id())
}

/// Makes a `contextvars.Context` the current one of this thread, as `Context.run` does. An error if a thread has entered it.
pub(crate) fn enter_context(context: &Bound<'_, PyAny>) -> Result<()> {
    call_with_context(context, |it| it.enter, pypy::enter_context)
}

/// Leaves a context that [`enter_context`] entered.
pub(crate) fn exit_context(context: &Bound<'_, PyAny>) -> Result<()> {
    call_with_context(context, |it| it.exit, pypy::exit_context)
}

/// `contextvars.Context()`.
pub(crate) fn new_context(py: Python<'_>) -> Result<Object<'_>> {
    make_context(py, |it| it.new, Name::Context)
}

/// `contextvars.copy_context()`.
pub(crate) fn copy_current_context(py: Python<'_>) -> Result<Object<'_>> {
    make_context(py, |it| it.copy_current, Name::copy_context)
}

fn functions(py: Python<'_>) -> Result<&'static Functions> {
    let no_functions = || Exception::new::<PyRuntimeError>(py, "there is no PyContext_Enter");
    FUNCTIONS.get().ok_or_else(no_functions)
}

fn make_context(
    py: Python<'_>,
    function: fn(&ContextFunctions) -> unsafe extern "C" fn() -> *mut PyObject,
    in_pypy: Name,
) -> Result<Object<'_>> {
    let Some(contexts) = &functions(py)?.contexts else {
        return py.import("contextvars")?.call_named(in_pypy);
    };
    // SAFETY: this thread is attached, as `py` shows. The result is a new reference, or null with an exception set.
    unsafe { Object::made(function(contexts)(), py) }
}

fn call_with_context<'py>(
    context: &Bound<'py, PyAny>,
    function: fn(&ContextFunctions) -> unsafe extern "C" fn(*mut c_void) -> c_int,
    in_pypy: fn(&Bound<'py, PyAny>) -> Result<()>,
) -> Result<()> {
    let Some(contexts) = &functions(context.py())?.contexts else {
        return in_pypy(context);
    };
    // SAFETY: this thread is attached, as `context` shows, which is alive. The functions check its type, take
    // references of their own, and return -1 with an exception set if they fail.
    match unsafe { function(contexts)(context.as_ptr().cast()) } {
        0 => Ok(()),
        _ => Err(Exception::taken()),
    }
}

/// A class that a `class` statement has made, without bases. Its instances have a dict, and nothing else.
pub(crate) struct PlainClass(Stored<PyType>);

impl PlainClass {
    /// `None` if the class is of another kind.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> Result<Option<PlainClass>> {
        let py = class.py();
        let object = thin::tuple(py, &[py.get_type::<PyAny>().into()])?;
        let is_plain = class.get_type().is(py.get_type::<PyType>())
            && class.get(Name::__bases__)?.equals(&object)?
            && class
                .get(Name::__new__)?
                .is(&*py.get_type::<PyAny>().get(Name::__new__)?)
            && class.get(Name::__flags__)?.number()? & HEAP_TYPE != 0;
        Ok(is_plain.then(|| PlainClass(class.clone().into())))
    }

    /// `object.__new__(class)`.
    pub(crate) fn new_instance<'py>(&self, py: Python<'py>) -> Result<Object<'py>> {
        // SAFETY: this thread is attached, as `py` shows. The class is made by a `class` statement, and its instances are
        // laid out as those of `object`, followed by a dict and a list of weak references: CPython allows no other
        // bases to be assigned. `object.__new__` makes them by the same function, which sets what they consist of to
        // null, as `object.__new__` leaves it. The result is a new reference, or null with an exception set.
        unsafe {
            let instance = pyo3::ffi::PyType_GenericAlloc(self.0.as_ptr().cast(), 0);
            Object::made(instance, py)
        }
    }
}

/// `Py_TPFLAGS_HEAPTYPE`: a class isn't static.
const HEAP_TYPE: i64 = 1 << 9;

/// The dict of an instance's attributes, whatever the class says of `__dict__`.
pub(crate) fn dict_of<'py>(instance: &Bound<'py, PyAny>) -> Result<Object<'py>> {
    let py = instance.py();
    let Some(functions) = FUNCTIONS.get() else {
        return instance.get(Name::__dict__);
    };
    // SAFETY: this thread is attached, as `instance` shows, which is alive. The context isn't used. The result is a new
    // reference, or null with an exception set.
    unsafe {
        let dict = (functions.dict_of)(instance.as_ptr(), std::ptr::null_mut());
        Object::made(dict, py)
    }
}

/// A frame of a Python function. Reading it raises no audit event, whose hooks are Python code.
pub(crate) struct Frame<'py>(Object<'py>);

/// The frame of the Python function that runs in this thread, if there is one.
pub(crate) fn current_frame(py: Python<'_>) -> Option<Frame<'_>> {
    let functions = FUNCTIONS.get()?;
    // SAFETY: this thread is attached, as `py` shows. The result is null or a borrowed reference to a frame.
    let frame = unsafe {
        let frame = (functions.current_frame)();
        Bound::from_borrowed_ptr_or_opt(py, frame).map(|it| Frame(it.into()))
    };
    // From 3.15 on the lowest frame of each thread has no code.
    frame.filter(|frame| !matches!(frame.code(), Ok(None)))
}

impl<'py> Frame<'py> {
    /// The code object, if the frame has one.
    pub(crate) fn code(&self) -> Result<Option<Object<'py>>> {
        let py = self.0.py();
        let Some(code_of_frame) = functions(py)?.code_of_frame else {
            return self.0.get(Name::f_code).map(Some);
        };
        // SAFETY: this thread is attached, as the token of the frame shows. The result is a new reference.
        let code = unsafe { Object::made(code_of_frame(self.0.as_ptr().cast()), py) }?;
        Ok((!code.is_none()).then_some(code))
    }

    pub(crate) fn get(&self, name: Name) -> Result<Object<'py>> {
        self.0.get(name)
    }

    /// The frame of the caller.
    pub(crate) fn back(&self) -> Result<Option<Frame<'py>>> {
        // Python code can't set it: it is `None` or a frame.
        let back = self.0.get(Name::f_back)?;
        Ok((!back.is_none()).then(|| Frame(back)))
    }
}

/// Makes Python call `function` in the main thread, as soon as Python code runs there, and raise what it
/// returns. Returns `false` if too many calls are pending.
pub(crate) fn add_pending_call(function: fn(Python<'_>) -> Result<()>) -> bool {
    extern "C" fn call(function: *mut c_void) -> c_int {
        // SAFETY: `function` is the pointer below, which was made of a function of this type. CPython
        // makes pending calls with the GIL held and no exception set.
        let (function, py) = unsafe {
            let function =
                std::mem::transmute::<*mut c_void, fn(Python<'_>) -> Result<()>>(function);
            (function, Python::assume_attached())
        };
        match function(py) {
            Ok(()) => 0,
            Err(error) => {
                error.restore(py);
                -1
            }
        }
    }
    // SAFETY: CPython documents that any thread may call this at any time, attached or not. `call` and
    // `function` stay as long as the process.
    unsafe { pyo3::ffi::Py_AddPendingCall(Some(call), function as *mut c_void) == 0 }
}

/// Makes Python raise an instance of `class` in the thread with that ident, as soon as Python code runs
/// there. `None` cancels that. Returns whether there is such a thread.
pub(crate) fn set_async_exception(
    _py: Python<'_>,
    ident: c_ulong,
    class: Option<&Bound<'_, PyAny>>,
) -> bool {
    let class = class.map_or(std::ptr::null_mut(), Bound::as_ptr);
    let Some(functions) = FUNCTIONS.get() else {
        return false;
    };
    // SAFETY: this thread is attached, as `_py` shows. `class` is null or a class, of which the function
    // takes a reference of its own; an ident without a thread is allowed.
    unsafe { (functions.set_async_exception)(ident, class) > 0 }
}
