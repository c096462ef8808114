//! The names that pylog looks up in Python's objects.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyString;

/// A name, which is interned on first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Name(u16);

macro_rules! names {
    ($($name:ident $(= $text:literal)?)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index {
            $($name),*
        }

        #[allow(non_upper_case_globals)]
        impl Name {
            $(pub(crate) const $name: Name = Name(Index::$name as u16);)*
        }

        /// The names, each with a space behind it. One text needs no relocations, as a table of texts would.
        const TEXTS: &str = concat!($(names!(@text $name $($text)?), " "),*);

        const COUNT: usize = [$(Name::$name),*].len();
    };
    (@text $name:ident $text:literal) => { $text };
    (@text $name:ident) => { stringify!($name) };
}

names! {
    BaseRotatingHandler Context FileHandler Filter Finalize Formatter FunctionType Handler LogRecord Logger
    LoggerAdapter MainProcess MethodType NSIG NullHandler PercentStyle PlaceHolder QueueHandler
    RLock RootLoggerCache RotatingFileHandler RustError SIGBREAK SIGURG SimpleNamespace StackSummary StrFormatStyle
    StreamHandler StringTemplateStyle TZ Thread TimedRotatingFileHandler TracebackType _DummyThread
    _MainThread _SHUTTING_DOWN __bases__ __basicsize__ __bool__ __builtins__ __cause__ __code__ __defaults__ __dict__
    __doc__ __firstlineno__ __flags__ __func__ __get__ __getattribute__ __globals__ __init__ __kwdefaults__
    __len__ __module__ __name__ __new__ __repr__ __self__ __slotnames__ __static_attributes__ __traceback__ __weakref__
    _active _cache _copy_atomic_types _copy_builtin_containers _copy_dispatch _data _defaultFormatter
    _defaults _disable _fmt _format _get_running_loop _getframe _handlerList
    _handlers _ident _is_entered _is_owned _levelToName _lock _log _logRecordFactory _loggerClass _main_thread
    _name _nameToLevel _pylog_flushes _pylog_previous _register_atexit _signal _startTime _style _thread _tls
    _tpl acquire addLevelName after_in_child after_in_parent append args asctime asctime_search asyncio atexit basename
    bare_asctime = "$asctime" before brace_asctime = "{asctime" call callHandlers clear close co_argcount
    co_cellvars co_code co_consts co_filename co_firstlineno co_flags co_freevars
    co_kwonlyargcount co_lines co_linetable co_name co_names co_qualname
    co_varnames converter copy copy_context copyreg created current_process current_task
    current_thread data datefmt default_msec_format default_time_format disable disabled dispatch_table
    dollar_asctime = "${asctime}" dropped emit empty = "" enable encodekey enqueue environ exc_info exc_text
    exitpriority extra extract f_back f_code f_globals f_lineno f_locals fget filename filter filters flush format
    formatMessage formatTime formatter functools gc getEffectiveLevel getLevelName getLogger getLoggerClass
    getMessage get_contextvar_context get_ident get_name getpid getsignal gmtime handle handlers hasattr ident
    in_progress int interrupt_main invalidate isEnabledFor is_alive isenabled isinstance len level levelname levelno
    localtime lock log logAsyncioTasks logMultiprocessing logProcesses logThreads logger loggerClass
    loggerDict logging logging_handlers = "logging.handlers" makeRecord manager maxBytes message module modules msecs
    msg multiprocessing multiprocessing_util = "multiprocessing.util" name native_id nlen nt ntpath os parent partial path
    percent_asctime = "%(asctime)" posix posixpath prepare process processName propagate put_nowait pylog queue register
    register_after_fork register_at_fork relativeCreated release replace reverse rolloverAt root seek
    set_contextvar_context setdefault shouldRollover signal splitext stack_info str stream strftime substitute sys
    taskName tb_frame tb_next tell terminator thread threadName threading time time_ns traceback types tzname
    usesTime write
}

/// Where each name starts in [`TEXTS`], and where the last one ends.
static STARTS: [u16; COUNT + 1] = {
    let texts = TEXTS.as_bytes();
    let mut starts = [0; COUNT + 1];
    let (mut place, mut index) = (1, 0);
    while index < texts.len() {
        index += 1;
        if texts[index - 1] == b' ' {
            starts[place] = index as u16;
            place += 1;
        }
    }
    starts
};

const _: () = assert!(TEXTS.len() <= u16::MAX as usize);

/// The interned strings, or null. A string leads to no other object, so they are never released.
static STRINGS: [AtomicPtr<PyObject>; COUNT] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; COUNT];

impl Name {
    /// The name as Python's interned string.
    #[inline(always)]
    pub(crate) fn get<'py>(self, py: Python<'py>) -> &'py Bound<'py, PyString> {
        let string = string_of(self);
        let _ = py;
        // SAFETY: the entry is a `str`, and never changes again. `Bound` has the layout of a pointer, and `py` shows that this
        // thread is attached.
        unsafe { &*std::ptr::from_ref(string).cast() }
    }

    pub(super) fn as_ptr(self) -> *mut PyObject {
        string_of(self).load(Ordering::Relaxed)
    }

    /// The text of the name.
    #[cold]
    #[inline(never)]
    pub(crate) fn text(self) -> &'static str {
        let place = usize::from(self.0);
        let (start, end) = (STARTS[place], STARTS[place + 1]);
        &TEXTS[start.into()..usize::from(end) - 1]
    }
}

/// The place of the string, which has been made. For an attached thread.
#[inline]
fn string_of(name: Name) -> &'static AtomicPtr<PyObject> {
    // SAFETY: a `Name` is only made of an `Index`, and there is a string for each.
    let place = unsafe { STRINGS.get_unchecked(usize::from(name.0)) };
    if place.load(Ordering::Acquire).is_null() {
        make(name);
    }
    place
}

#[cold]
extern "C" fn make(name: Name) {
    let text = name.text();
    // SAFETY: a `Name` is only looked up by attached threads. The text is UTF-8 of that length. The reference that is made
    // either stays in the array or, if another thread was faster, is given up. Without memory for some bytes the process ends, as
    // it does in Rust.
    unsafe {
        let mut string =
            ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as ffi::Py_ssize_t);
        ffi::PyUnicode_InternInPlace(&raw mut string);
        assert!(!string.is_null(), "no memory for a name");
        let stored = STRINGS[usize::from(name.0)].compare_exchange(
            std::ptr::null_mut(),
            string,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if stored.is_err() {
            ffi::Py_DECREF(string);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_text() {
        Python::attach(|py| {
            assert_eq!(Name::propagate.get(py), "propagate");
            assert_eq!(Name::empty.get(py), "");
            assert!(
                Name::propagate
                    .get(py)
                    .is(PyString::intern(py, "propagate"))
            );
        });
    }
}
