//! Everything that is unsafe: calls of CPython's C API, and the callbacks that CPython is given by address.
//!
//! PyO3 has no safe way to tell whether the current thread holds the GIL: its own ways to find out
//! wait for it, which beside a busy Python thread takes milliseconds, and forever if that thread waits
//! for this one. Those of the [`Functions`] that take no argument are documented to work in any thread at any time.
//!
//! Some of these functions and those for [watching][Watchers] aren't part of the limited API, and PyO3 doesn't
//! declare the others in all of its versions. So they are looked up by name, which serves every build alike.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_ulong, c_void};
#[cfg(unix)]
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
#[cfg(not(pyo3_disable_reference_pool))]
use pyo3::types::PyBytes;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::once::Once;
use super::pypy;
use super::thin::exception::{Exception, Result};
use super::thin::{self, Name, Object, Thin};
use crate::raw::thin::Stored;

struct Functions {
    thread_states: ThreadStates,
    ident: extern "C" fn() -> c_ulong,
    /// Not in PyPy.
    native_id: Option<extern "C" fn() -> c_ulong>,
    current_frame: unsafe extern "C" fn() -> *mut PyObject,
    /// Not in PyPy.
    code_of_frame: Option<unsafe extern "C" fn(*mut c_void) -> *mut PyObject>,
    /// Not in PyPy.
    contexts: Option<ContextFunctions>,
    dict_of: unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject,
    set_async_exception: unsafe extern "C" fn(c_ulong, *mut PyObject) -> c_int,
}

enum ThreadStates {
    CPython {
        /// The thread state that this thread has in the main interpreter.
        own: extern "C" fn() -> *mut c_void,
        /// The thread state of this thread if it is attached. Below 3.12 that of the thread that is attached, if
        /// there is one.
        current: extern "C" fn() -> *mut c_void,
        /// The interpreter that this thread is attached to.
        interpreter: unsafe extern "C" fn() -> *mut c_void,
        main_interpreter: extern "C" fn() -> *mut c_void,
    },
    /// PyPy has these functions, too, but only for threads that hold the GIL. It has one interpreter.
    PyPy { has_gil: extern "C" fn() -> c_int },
}

struct ContextFunctions {
    enter: unsafe extern "C" fn(*mut c_void) -> c_int,
    exit: unsafe extern "C" fn(*mut c_void) -> c_int,
    new: unsafe extern "C" fn() -> *mut PyObject,
    copy_current: unsafe extern "C" fn() -> *mut PyObject,
}

static FUNCTIONS: Once<Functions> = Once::new();

/// Finds the [`Functions`].
///
/// # Errors
/// On Windows, if Python comes without `ctypes`.
pub(crate) fn prepare(py: Python<'_>) -> Result<()> {
    let find = || {
        let thread_states = ThreadStates::find(py)?;
        let ident = address(py, c"PyThread_get_thread_ident")?;
        let native_id = address(py, c"PyThread_get_thread_native_id").ok();
        let current_frame = address(py, c"PyEval_GetFrame")?;
        let code_of_frame = address(py, c"PyFrame_GetCode").ok();
        let dict_of = address(py, c"PyObject_GenericGetDict")?;
        let set_async_exception = address(py, c"PyThreadState_SetAsyncExc")?;
        type Id = extern "C" fn() -> c_ulong;
        type CurrentFrame = unsafe extern "C" fn() -> *mut PyObject;
        type OfFrame = unsafe extern "C" fn(*mut c_void) -> *mut PyObject;
        type Get = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject;
        type SetAsync = unsafe extern "C" fn(c_ulong, *mut PyObject) -> c_int;
        // SAFETY: these are the addresses of functions of those names, which stay as long as the process.
        unsafe {
            thin::call_by(
                address(py, c"PyObject_Vectorcall").ok(),
                address(py, c"PyObject_VectorcallMethod").ok(),
            );
        }
        // SAFETY: these are the addresses of `unsigned long PyThread_get_thread_ident(void)`,
        // `unsigned long PyThread_get_thread_native_id(void)`, `PyFrameObject *PyEval_GetFrame(void)`,
        // `PyCodeObject *PyFrame_GetCode(PyFrameObject *)`, `PyObject *PyObject_GenericGetDict(PyObject *, void *)` and
        // `int PyThreadState_SetAsyncExc(unsigned long, PyObject *)` in the interpreter that runs this. None is null, and
        // they stay as long as the process.
        Ok(unsafe {
            Functions {
                thread_states,
                ident: std::mem::transmute::<usize, Id>(ident),
                native_id: native_id.map(|it| std::mem::transmute::<usize, Id>(it)),
                current_frame: std::mem::transmute::<usize, CurrentFrame>(current_frame),
                code_of_frame: code_of_frame.map(|it| std::mem::transmute::<usize, OfFrame>(it)),
                contexts: ContextFunctions::find(py).ok(),
                dict_of: std::mem::transmute::<usize, Get>(dict_of),
                set_async_exception: std::mem::transmute::<usize, SetAsync>(set_async_exception),
            }
        })
    };
    FUNCTIONS.get_or_try(find).map(drop)
}

impl ThreadStates {
    fn find(py: Python<'_>) -> Result<ThreadStates> {
        if let Ok(has_gil) = address(py, c"PyPyGILState_Check") {
            // SAFETY: this is the address of PyPy's `int PyGILState_Check(void)`. It isn't null, and stays as long as the
            // process.
            let has_gil =
                unsafe { std::mem::transmute::<usize, extern "C" fn() -> c_int>(has_gil) };
            return Ok(ThreadStates::PyPy { has_gil });
        }
        let own = address(py, c"PyGILState_GetThisThreadState")?;
        // The public name is new in 3.13.
        let current = address(py, c"PyThreadState_GetUnchecked")
            .or_else(|_| address(py, c"_PyThreadState_UncheckedGet"))?;
        let interpreter = address(py, c"PyInterpreterState_Get")?;
        let main_interpreter = address(py, c"PyInterpreterState_Main")?;
        type State = extern "C" fn() -> *mut c_void;
        type Interpreter = unsafe extern "C" fn() -> *mut c_void;
        // SAFETY: these are the addresses of `PyThreadState *PyGILState_GetThisThreadState(void)`, `PyThreadState
        // *PyThreadState_GetUnchecked(void)`, `PyInterpreterState *PyInterpreterState_Get(void)` and `PyInterpreterState
        // *PyInterpreterState_Main(void)` in the interpreter that runs this. None is null, and they stay as long as the
        // process.
        Ok(unsafe {
            ThreadStates::CPython {
                own: std::mem::transmute::<usize, State>(own),
                current: std::mem::transmute::<usize, State>(current),
                interpreter: std::mem::transmute::<usize, Interpreter>(interpreter),
                main_interpreter: std::mem::transmute::<usize, State>(main_interpreter),
            }
        })
    }
}

impl ContextFunctions {
    fn find(py: Python<'_>) -> Result<ContextFunctions> {
        let enter = address(py, c"PyContext_Enter")?;
        let exit = address(py, c"PyContext_Exit")?;
        let new = address(py, c"PyContext_New")?;
        let copy_current = address(py, c"PyContext_CopyCurrent")?;
        type OfContext = unsafe extern "C" fn(*mut c_void) -> c_int;
        type MakeContext = unsafe extern "C" fn() -> *mut PyObject;
        // SAFETY: these are the addresses of `int PyContext_Enter(PyObject *)`, `int PyContext_Exit(PyObject *)`,
        // `PyObject *PyContext_New(void)` and `PyObject *PyContext_CopyCurrent(void)` in the interpreter that runs this.
        // None is null, and they stay as long as the process.
        Ok(unsafe {
            ContextFunctions {
                enter: std::mem::transmute::<usize, OfContext>(enter),
                exit: std::mem::transmute::<usize, OfContext>(exit),
                new: std::mem::transmute::<usize, MakeContext>(new),
                copy_current: std::mem::transmute::<usize, MakeContext>(copy_current),
            }
        })
    }
}

/// The address of a function of the C API, which isn't null. It stays as long as the process.
#[cfg(unix)]
fn address(_py: Python<'_>, name: &CStr) -> Result<usize> {
    // PyPy has its own prefix in place of `Py`.
    let in_pypy = match name.to_bytes().strip_prefix(b"Py") {
        Some(rest) => [b"PyPy", rest].concat(),
        None => Vec::new(),
    };
    let in_pypy = std::ffi::CString::new(in_pypy).unwrap_or_default();
    for name in [name, &in_pypy] {
        // SAFETY: `name` ends with a null byte. The look-up has no other requirement. It goes through what is
        // loaded, as the dynamic linker did for the functions that PyO3 declares.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        if !address.is_null() {
            return Ok(address as usize);
        }
    }
    let message = format!("this Python has no {name:?}");
    Err(PyRuntimeError::new_err(message).into())
}

/// The address of a function of the C API, which isn't null. It stays as long as the process.
#[cfg(not(unix))]
fn address(py: Python<'_>, name: &CStr) -> Result<usize> {
    let ctypes = py.import("ctypes")?;
    // PyO3 0.26 takes no `CStr` here.
    let function = ctypes
        .get(Name::pythonapi)?
        .getattr(&*name.to_string_lossy())?;
    let pointer = ctypes.call_method1("cast", (function, ctypes.get(Name::c_void_p)?))?;
    let address: Option<usize> = pointer.get(Name::value)?.extract()?;
    let no_address = || PyRuntimeError::new_err(format!("{name:?} has no address"));
    Ok(address.ok_or_else(no_address)?)
}

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
    let object = PyBytes::new(py, b"pylog");
    drop(object.clone().unbind());
    // SAFETY: this thread is attached, as `py` shows, and `object` is alive.
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

/// Makes a `contextvars.Context` the current one of this thread, as `Context.run` does.
///
/// # Errors
/// A `RuntimeError` if a thread has entered the context already, or before [`prepare`].
pub(crate) fn enter_context(context: &Bound<'_, PyAny>) -> Result<()> {
    match context_functions()? {
        Some(functions) => call_with_context(functions.enter, context),
        None => pypy::enter_context(context),
    }
}

/// Leaves a context that [`enter_context`] entered.
///
/// # Errors
/// A `RuntimeError` if it isn't the current one.
pub(crate) fn exit_context(context: &Bound<'_, PyAny>) -> Result<()> {
    match context_functions()? {
        Some(functions) => call_with_context(functions.exit, context),
        None => pypy::exit_context(context),
    }
}

/// `contextvars.Context()`.
///
/// # Errors
/// A `MemoryError`, or a `RuntimeError` before [`prepare`].
pub(crate) fn new_context(py: Python<'_>) -> Result<Object<'_>> {
    match context_functions()? {
        Some(functions) => make_context(functions.new, py),
        None => pypy::new_context(py),
    }
}

/// `contextvars.copy_context()`.
///
/// # Errors
/// A `MemoryError`, or a `RuntimeError` before [`prepare`].
pub(crate) fn copy_current_context(py: Python<'_>) -> Result<Object<'_>> {
    match context_functions()? {
        Some(functions) => make_context(functions.copy_current, py),
        None => pypy::copy_current_context(py),
    }
}

/// `None` in PyPy.
fn context_functions() -> Result<Option<&'static ContextFunctions>> {
    let no_functions = || PyRuntimeError::new_err("there is no PyContext_Enter");
    let functions = FUNCTIONS.get().ok_or_else(no_functions)?;
    Ok(functions.contexts.as_ref())
}

fn make_context(
    function: unsafe extern "C" fn() -> *mut PyObject,
    py: Python<'_>,
) -> Result<Object<'_>> {
    // SAFETY: this thread is attached, as `py` shows. The result is a new reference, or null with an exception set.
    unsafe { Object::of(function(), py) }
}

fn call_with_context(
    function: unsafe extern "C" fn(*mut c_void) -> c_int,
    context: &Bound<'_, PyAny>,
) -> Result<()> {
    // SAFETY: this thread is attached, as `context` shows, which is alive. The functions check its type, take
    // references of their own, and return -1 with an exception set if they fail.
    match unsafe { function(context.as_ptr().cast()) } {
        0 => Ok(()),
        _ => Err(Exception::taken()),
    }
}

/// A class that a `class` statement has made, without bases. Its instances have a dict, and nothing else.
pub(crate) struct PlainClass(Stored<PyType>);

impl PlainClass {
    /// `None` if the class is of another kind.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> Result<Option<PlainClass>> {
        let py = class.py();
        let object = PyTuple::new(py, [py.get_type::<PyAny>()])?;
        let is_plain = class.get_type().is(py.get_type::<PyType>())
            && class.get(Name::__bases__)?.eq(object)?
            && class
                .get(Name::__new__)?
                .is(&*py.get_type::<PyAny>().get(Name::__new__)?)
            && class.get(Name::__flags__)?.extract::<c_ulong>()? & HEAP_TYPE != 0;
        Ok(is_plain.then(|| PlainClass(class.clone().into())))
    }

    /// `object.__new__(class)`.
    ///
    /// # Errors
    /// A `MemoryError`.
    pub(crate) fn new_instance<'py>(&self, py: Python<'py>) -> Result<Object<'py>> {
        // SAFETY: this thread is attached, as `py` shows. The class is made by a `class` statement, and its instances are
        // laid out as those of `object`, followed by a dict and a list of weak references: CPython allows no other
        // bases to be assigned. `object.__new__` makes them by the same function, which sets what they consist of to
        // null, as `object.__new__` leaves it. The result is a new reference, or null with an exception set.
        unsafe {
            let instance = pyo3::ffi::PyType_GenericAlloc(self.0.as_ptr().cast(), 0);
            Object::of(instance, py)
        }
    }
}

/// `Py_TPFLAGS_HEAPTYPE`: a class isn't static.
const HEAP_TYPE: c_ulong = 1 << 9;

/// The dict of an instance's attributes, whatever the class says of `__dict__`.
///
/// # Errors
/// An `AttributeError` if it has none.
pub(crate) fn dict_of<'py>(instance: &Bound<'py, PyAny>) -> Result<Object<'py>> {
    let py = instance.py();
    let Some(functions) = FUNCTIONS.get() else {
        return instance.get(Name::__dict__);
    };
    // SAFETY: this thread is attached, as `instance` shows, which is alive. The context isn't used. The result is a new
    // reference, or null with an exception set.
    unsafe {
        let dict = (functions.dict_of)(instance.as_ptr(), std::ptr::null_mut());
        Object::of(dict, py)
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
    ///
    /// # Errors
    /// If [`prepare`] wasn't called.
    pub(crate) fn code(&self) -> Result<Option<Object<'py>>> {
        let no_functions = || PyRuntimeError::new_err("there is no PyFrame_GetCode");
        let functions = FUNCTIONS.get().ok_or_else(no_functions)?;
        let Some(code_of_frame) = functions.code_of_frame else {
            return self.0.get(Name::f_code).map(Some);
        };
        // SAFETY: this thread is attached, as the token of the frame shows. The result is a new reference.
        let code = unsafe {
            let code = code_of_frame(self.0.as_ptr().cast());
            Object::of(code, self.0.py())
        }?;
        Ok((!code.is_none()).then_some(code))
    }

    /// `f_globals`.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(crate) fn globals(&self) -> Result<Object<'py>> {
        self.0.get(Name::f_globals)
    }

    /// `f_lineno`.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(crate) fn line(&self) -> Result<Object<'py>> {
        self.0.get(Name::f_lineno)
    }

    /// The frame of the caller.
    ///
    /// # Errors
    /// The exception that Python raises.
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
                error.into_inner().restore(py);
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

/// The lowest address of this thread's stack, and the address above it. `None` where the system doesn't tell.
pub(crate) fn stack_bounds() -> Option<Range<usize>> {
    #[cfg(target_os = "linux")]
    return stack_bounds_of_linux();

    #[cfg(target_vendor = "apple")]
    // SAFETY: these functions may be called in any thread, for itself.
    return unsafe {
        let this = libc::pthread_self();
        let end = libc::pthread_get_stackaddr_np(this).addr();
        Some(end.checked_sub(libc::pthread_get_stacksize_np(this))?..end)
    };

    #[cfg(windows)]
    {
        #[link(name = "kernel32")]
        unsafe extern "system" {
            fn GetCurrentThreadStackLimits(low: *mut usize, high: *mut usize);
        }
        let (mut low, mut high) = (0, 0);
        // SAFETY: the function, which Windows has from version 8 on, stores two integers, in any thread.
        unsafe { GetCurrentThreadStackLimits(&raw mut low, &raw mut high) };
        return Some(low..high);
    }

    #[allow(unreachable_code, reason = "on the systems above")]
    None
}

#[cfg(target_os = "linux")]
fn stack_bounds_of_linux() -> Option<Range<usize>> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: `pthread_getattr_np` initializes the attributes, unless it fails. They are destroyed once, after their
    // last use.
    let bounds = unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let result =
            libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut start, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (result == 0).then(|| start.addr()..start.addr() + size)
    }?;
    // musl tells only how much of the stack of the main thread is in use.
    #[cfg(target_env = "musl")]
    // SAFETY: the calls have no effect but that `getrlimit` fills `limit`.
    unsafe {
        let mut limit = MaybeUninit::<libc::rlimit>::uninit();
        let thread = libc::syscall(libc::SYS_gettid);
        if thread == libc::c_long::from(libc::getpid()) {
            if libc::getrlimit(libc::RLIMIT_STACK, limit.as_mut_ptr()) != 0 {
                return None;
            }
            let limit = usize::try_from(limit.assume_init().rlim_cur).ok()?;
            return Some(bounds.end.checked_sub(limit)?..bounds.end);
        }
    }
    Some(bounds)
}

thread_local! {
    /// The name of a thread that [`spawn`] has started.
    static THREAD_NAME: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The name of this thread, if [`spawn`] has started it and Rust has none for it.
pub(crate) fn thread_name() -> Option<&'static str> {
    THREAD_NAME.try_with(Cell::get).ok().flatten()
}

/// Starts a thread. Returns whether there was one. `std::thread` would add 20 KiB to each extension.
#[cfg(unix)]
pub(crate) fn spawn(name: &'static str, run: fn()) -> bool {
    /// As much as `std::thread` gives to a thread, in bytes.
    const STACK: usize = 2 * 1024 * 1024;

    struct Start {
        name: &'static str,
        run: fn(),
    }
    extern "C" fn start(start: *mut c_void) -> *mut c_void {
        // SAFETY: `spawn` has leaked it for this thread.
        let Start { name, run } = *unsafe { Box::from_raw(start.cast::<Start>()) };
        THREAD_NAME.set(Some(name));
        // A panic has been printed. The thread ends, as one of `std::thread` would.
        let _ = std::panic::catch_unwind(run);
        std::ptr::null_mut()
    }
    let argument = Box::into_raw(Box::new(Start { name, run }));
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: the attributes are initialized before they are used, and destroyed once. The new thread gets the argument,
    // which is freed here if there is no thread. The thread is detached once: nothing else knows it.
    unsafe {
        if libc::pthread_attr_init(attributes.as_mut_ptr()) == 0 {
            libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK);
            let result = libc::pthread_create(
                thread.as_mut_ptr(),
                attributes.as_ptr(),
                start,
                argument.cast(),
            );
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            if result == 0 {
                libc::pthread_detach(thread.assume_init());
                return true;
            }
        }
        drop(Box::from_raw(argument));
    }
    false
}

/// Starts a thread. Returns whether there was one.
#[cfg(not(unix))]
pub(crate) fn spawn(name: &'static str, run: fn()) -> bool {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn(run).is_ok()
}

/// How many forks lie between the first process and this one, plus one; 0 before [`count_forks`].
static FORKS: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the first process and this one. `None` before [`count_forks`].
pub(crate) fn forks() -> Option<u32> {
    FORKS.load(Ordering::Relaxed).checked_sub(1)
}

/// What runs before each fork, and after it in the parent.
static AROUND_FORKS: Once<[fn(); 2]> = Once::new();

/// Sets functions that run before each fork, also one that C code makes, and after it in the parent. They must not
/// panic. The thread may be attached or not.
pub(crate) fn set_around_forks(before: fn(), after: fn()) {
    AROUND_FORKS.get_or_make(|| [before, after]);
}

/// Makes the system report forks, also those that C code makes.
///
/// # Errors
/// If it has no memory for that.
pub(crate) fn count_forks() -> Result<(), ()> {
    // Emscripten has no forks.
    #[cfg(all(unix, not(target_os = "emscripten")))]
    {
        extern "C" fn before() {
            AROUND_FORKS
                .get()
                .into_iter()
                .for_each(|[before, _]| before());
        }
        extern "C" fn in_parent() {
            AROUND_FORKS
                .get()
                .into_iter()
                .for_each(|[_, after]| after());
        }
        extern "C" fn in_child() {
            FORKS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the system calls the first two in the thread that forks, and `in_child` in the only thread of a forked
        // child. That increments an atomic. They stay as long as the process, since a Python extension module is
        // never unloaded.
        if unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) } != 0 {
            return Err(());
        }
    }
    FORKS.store(1, Ordering::Relaxed);
    Ok(())
}

/// How many relevant changes CPython has reported, plus one: of a key in [`KEYS`], or of a class in [`CLASSES`] that other
/// classes and objects are compared with.
pub(crate) static CHANGES: AtomicUsize = AtomicUsize::new(1);

/// The keys of watched dicts whose changes are relevant. The entries are as many as [`KEY_COUNT`].
pub(crate) static KEYS: [WatchedKey; 256] = [const { WatchedKey::new() }; 256];
pub(crate) static KEY_COUNT: AtomicUsize = AtomicUsize::new(0);

/// The watched classes, by their addresses, and how many there are.
pub(crate) static CLASSES: [WatchedClass; 256] = [const { WatchedClass::new() }; 256];
pub(crate) static CLASS_COUNT: AtomicUsize = AtomicUsize::new(0);

/// The watched dicts of instances, by their addresses, and below which place they are. A free place has the address 0.
pub(crate) static INSTANCES: [WatchedInstance; 256] = [const { WatchedInstance::new() }; 256];
pub(crate) static INSTANCE_COUNT: AtomicUsize = AtomicUsize::new(0);

/// The keys of instances whose changes are relevant, and how many there are.
pub(crate) static INSTANCE_KEYS: [WatchedKey; 32] = [const { WatchedKey::new() }; 32];
pub(crate) static INSTANCE_KEY_COUNT: AtomicUsize = AtomicUsize::new(0);

/// A key of a watched dict, by the addresses of both, and the hash of the key.
pub(crate) struct WatchedKey {
    pub(crate) dict: AtomicUsize,
    pub(crate) key: AtomicUsize,
    pub(crate) hash: AtomicIsize,
}

pub(crate) struct WatchedClass {
    pub(crate) address: AtomicUsize,
    /// Whether a change counts among the [`CHANGES`].
    pub(crate) is_of_table: AtomicBool,
    /// Whether the class has a version. CPython reports the next change of a class only if it has one, and takes the version
    /// away as it reports a change.
    pub(crate) has_version: AtomicBool,
    pub(crate) changes: AtomicUsize,
}

pub(crate) struct WatchedInstance {
    pub(crate) dict: AtomicUsize,
    pub(crate) changes: AtomicUsize,
}

impl WatchedKey {
    const fn new() -> WatchedKey {
        WatchedKey {
            dict: AtomicUsize::new(0),
            key: AtomicUsize::new(0),
            hash: AtomicIsize::new(0),
        }
    }
}

impl WatchedClass {
    const fn new() -> WatchedClass {
        WatchedClass {
            address: AtomicUsize::new(0),
            is_of_table: AtomicBool::new(false),
            has_version: AtomicBool::new(false),
            changes: AtomicUsize::new(0),
        }
    }
}

impl WatchedInstance {
    const fn new() -> WatchedInstance {
        WatchedInstance {
            dict: AtomicUsize::new(0),
            changes: AtomicUsize::new(0),
        }
    }
}

type DictCallback = extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;
/// `PyDict_EVENT_DEALLOCATED`.
const DEALLOCATED: c_int = 5;

type ClassCallback = extern "C" fn(*mut PyObject) -> c_int;

/// A `PyDict_WatchCallback`.
///
/// SAFETY: CPython calls this from its C code with the GIL held (nothing is watched where there is no
/// GIL), just before a watched dict changes, possibly in the middle of a deallocation and with an
/// exception set. The arguments are an event, the dict, and two more borrowed or null object pointers: the key and the new
/// value. The callback must not run Python code or unwind. It compares addresses, reads the class of the key, and the hash
/// of a `str` or `bytes`, which is C code that can't fail. It stores to atomics, and returns 0, which reports success. Its
/// address is given to `PyDict_AddWatcher`, which keeps it until the process ends; a Python extension module is never
/// unloaded.
extern "C" fn on_dict_change(
    event: c_int,
    dict: *mut PyObject,
    key: *mut PyObject,
    _: *mut PyObject,
) -> c_int {
    let instances = &INSTANCES[..INSTANCE_COUNT.load(Ordering::Relaxed)];
    let is_this = |it: &&WatchedInstance| it.dict.load(Ordering::Relaxed) == dict.addr();
    if let Some(instance) = instances.iter().find(is_this) {
        if event == DEALLOCATED {
            instance.dict.store(0, Ordering::Relaxed);
        }
        let keys = &INSTANCE_KEYS[..INSTANCE_KEY_COUNT.load(Ordering::Relaxed)];
        if is_relevant(key, keys.iter()) {
            instance.changes.fetch_add(1, Ordering::Relaxed);
        }
        return 0;
    }
    let keys = &KEYS[..KEY_COUNT.load(Ordering::Relaxed)];
    let of_dict = keys
        .iter()
        .filter(|it| it.dict.load(Ordering::Relaxed) == dict.addr());
    if is_relevant(key, of_dict) {
        CHANGES.fetch_add(1, Ordering::Relaxed);
    }
    0
}

/// Whether a change of `key` counts. It is null where all keys change.
fn is_relevant<'a>(
    key: *mut PyObject,
    relevant: impl Iterator<Item = &'a WatchedKey> + Clone,
) -> bool {
    if key.is_null()
        || relevant
            .clone()
            .any(|it| it.key.load(Ordering::Relaxed) == key.addr())
    {
        return true;
    }
    // SAFETY: see `on_dict_change`.
    let hash = unsafe {
        match pyo3::ffi::PyUnicode_CheckExact(key) != 0 || pyo3::ffi::PyBytes_CheckExact(key) != 0 {
            true => pyo3::ffi::PyObject_Hash(key),
            // Keys of other classes compare as they like.
            false => return true,
        }
    };
    relevant
        .clone()
        .any(|it| it.hash.load(Ordering::Relaxed) == hash)
}

/// A `PyType_WatchCallback`.
///
/// SAFETY: as for [`on_dict_change`]. The argument is the class, which isn't touched, and the address is given to
/// `PyType_AddWatcher`.
extern "C" fn on_class_change(class: *mut PyObject) -> c_int {
    let classes = &CLASSES[..CLASS_COUNT.load(Ordering::Relaxed)];
    let is_this = |it: &&WatchedClass| it.address.load(Ordering::Relaxed) == class.addr();
    if let Some(watched) = classes.iter().find(is_this) {
        watched.has_version.store(false, Ordering::Relaxed);
        watched.changes.fetch_add(1, Ordering::Relaxed);
        if watched.is_of_table.load(Ordering::Relaxed) {
            CHANGES.fetch_add(1, Ordering::Relaxed);
        }
    }
    0
}

/// CPython's functions for watching, from 3.12 on.
pub(crate) struct WatchFunctions {
    add_dict_watcher: extern "C" fn(DictCallback) -> c_int,
    add_class_watcher: extern "C" fn(ClassCallback) -> c_int,
    watch_dict: extern "C" fn(c_int, *mut PyObject) -> c_int,
    watch_class: extern "C" fn(c_int, *mut PyObject) -> c_int,
    assign_version: extern "C" fn(*mut PyObject) -> c_int,
}

impl WatchFunctions {
    /// # Errors
    /// If this Python hasn't got them.
    pub(crate) fn find(py: Python<'_>) -> Result<WatchFunctions> {
        let add_dict_watcher = address(py, c"PyDict_AddWatcher")?;
        let add_class_watcher = address(py, c"PyType_AddWatcher")?;
        let watch_dict = address(py, c"PyDict_Watch")?;
        let watch_class = address(py, c"PyType_Watch")?;
        let assign_version = address(py, c"PyUnstable_Type_AssignVersionTag")?;
        // SAFETY: these are the addresses of `int PyDict_AddWatcher(PyDict_WatchCallback)`, `int
        // PyType_AddWatcher(PyType_WatchCallback)`, `int PyDict_Watch(int, PyObject *)`, `int
        // PyType_Watch(int, PyObject *)` and `int PyUnstable_Type_AssignVersionTag(PyTypeObject *)` in the
        // interpreter that runs this. None is null, and they stay as long as the process. They are called
        // below by threads that hold the GIL.
        Ok(unsafe {
            WatchFunctions {
                add_dict_watcher: std::mem::transmute::<usize, extern "C" fn(DictCallback) -> c_int>(
                    add_dict_watcher,
                ),
                add_class_watcher: std::mem::transmute::<
                    usize,
                    extern "C" fn(ClassCallback) -> c_int,
                >(add_class_watcher),
                watch_dict: std::mem::transmute::<
                    usize,
                    extern "C" fn(c_int, *mut PyObject) -> c_int,
                >(watch_dict),
                watch_class: std::mem::transmute::<
                    usize,
                    extern "C" fn(c_int, *mut PyObject) -> c_int,
                >(watch_class),
                assign_version: std::mem::transmute::<usize, extern "C" fn(*mut PyObject) -> c_int>(
                    assign_version,
                ),
            }
        })
    }

    /// Takes one of the places for watchers of dicts, and one for watchers of classes. Runs no Python code.
    ///
    /// # Errors
    /// If other libraries have taken them all.
    pub(crate) fn add_watchers(self, py: Python<'_>) -> Result<Watchers> {
        let dict = check(py, (self.add_dict_watcher)(on_dict_change))?;
        let class = check(py, (self.add_class_watcher)(on_class_change))?;
        Ok(Watchers {
            functions: self,
            dict,
            class,
        })
    }
}

/// Our watchers: their numbers.
pub(crate) struct Watchers {
    functions: WatchFunctions,
    dict: c_int,
    class: c_int,
}

impl Watchers {
    /// # Errors
    /// The exception that CPython raises.
    pub(crate) fn watch_dict(&self, dict: &Bound<'_, PyDict>) -> Result<()> {
        let result = (self.functions.watch_dict)(self.dict, dict.as_ptr());
        check(dict.py(), result).map(drop)
    }

    /// # Errors
    /// The exception that CPython raises.
    pub(crate) fn watch_class(&self, class: &Bound<'_, PyType>) -> Result<()> {
        let result = (self.functions.watch_class)(self.class, class.as_ptr());
        check(class.py(), result).map(drop)
    }

    /// Gives a class a version, unless it has one. Returns `false` if it gets none any more.
    pub(crate) fn give_version(&self, class: &Bound<'_, PyType>) -> bool {
        (self.functions.assign_version)(class.as_ptr()) == 1
    }
}

/// The result of a function, or the exception that it has set if the result is negative.
fn check(_py: Python<'_>, result: c_int) -> Result<c_int> {
    match result {
        0.. => Ok(result),
        _ => Err(Exception::taken()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_python_lacks_is_an_error() {
        Python::attach(|py| {
            assert!(address(py, c"PyGILState_Check").is_ok());
            assert!(address(py, c"PyGILState_NoSuchFunction").is_err());
        });
    }
}
