//! The thread of a record.

use std::cell::OnceCell;
use std::ffi::c_ulong;
use std::fmt::Write;
use std::thread::{self, Thread};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyType};

use crate::event::buffer::Buffer;
use crate::event::origin::Origin;
use crate::python::library::{PROPERTY, THREADING_GLOBALS, is_builtin};
use crate::python::once::{Once, intern};
use crate::python::watch::{self, CheckedIn};

/// The thread of a record: the current one, or that of its [`Origin`].
///
/// Python has no `threading.Thread` for a thread that Rust has spawned. `LogRecord` makes it create a
/// `_DummyThread`, whose name is `Dummy-1`; pylog gives the record the thread's Rust name.
pub(super) struct RecordThread<'a, 'py> {
    pub(super) ident: Ident<'py>,
    active: Bound<'py, PyDict>,
    known: Option<Bound<'py, PyAny>>,
    /// A `_DummyThread` that a handler has made earlier. It has no name of its own.
    dummy: Option<Bound<'py, PyAny>>,
    origin: Option<&'a Origin>,
}

impl<'a, 'py> RecordThread<'a, 'py> {
    pub(super) fn get(py: Python<'py>, origin: Option<&'a Origin>) -> PyResult<Self> {
        let get_ident = get_ident(py)?;
        // gevent, for example, replaces it.
        let is_stock = stock_get_ident(py)?.is_some_and(|stock| get_ident.is(stock));
        let other = (!is_stock).then_some(&get_ident);
        RecordThread::among(active_threads(py)?, other, origin)
    }

    /// The same, given `threading._active`, and `threading.get_ident` if that isn't the stock function.
    pub(super) fn among(
        active: Bound<'py, PyDict>,
        get_ident: Option<&Bound<'py, PyAny>>,
        origin: Option<&'a Origin>,
    ) -> PyResult<Self> {
        let py = active.py();
        let ident = match (origin, get_ident) {
            (Some(origin), _) => Ident {
                number: origin.thread.ident,
                object: origin.thread.ident.into_bound_py_any(py)?,
            },
            (None, Some(get_ident)) => Ident::ask(get_ident)?,
            (None, None) => Ident::get(py)?,
        };
        let (known, dummy) = match active.get_item(&ident.object)? {
            // gevent makes one for each greenlet, as Python's own records show.
            Some(thread) if get_ident.is_none() && is_dummy(&thread)? => (None, Some(thread)),
            known => (known, None),
        };
        Ok(RecordThread {
            ident,
            active,
            dummy,
            known: match (known, origin) {
                // The ident may have been reused by another thread.
                (Some(known), Some(origin)) => origin.thread.is(&known)?.then_some(known),
                (known, _) => known,
            },
            origin,
        })
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// `threading.current_thread().name`, or the name that the thread has in Rust.
    pub(super) fn name(&self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.active.py();
        let name = intern!(py, "name");
        let last = self.origin.map(|origin| &origin.thread.name);
        let Some(thread) = &self.known else {
            let last = last.and_then(Once::get);
            return Ok(match last {
                Some(name) => name.bind(py).clone(),
                None => self.rust_name().into_any(),
            });
        };
        // The stock property `name` only returns `_name`.
        let name = match has_stock_name(&thread.get_type())? {
            true => thread.getattr(intern!(py, "_name")),
            false => thread.getattr(name),
        }?;
        if let Some(last) = last {
            last.get_or_make(|| name.clone().unbind());
        }
        Ok(name)
    }

    /// The name that the thread has in Rust, or `ThreadId(2)`.
    fn rust_name(&self) -> Bound<'py, PyString> {
        let py = self.active.py();
        let name = |thread: &Thread| match thread.name() {
            Some(name) => PyString::new(py, name),
            None => {
                let mut name = Buffer::take();
                // Writing to a buffer can't fail.
                let _ = write!(name, "{:?}", thread.id());
                PyString::new(py, &name)
            }
        };
        match self.origin {
            Some(origin) => name(&origin.thread.rust),
            None => name(&thread::current()),
        }
    }

    /// Gives a record that Python made for an unknown thread the thread's Rust name, and removes the
    /// `_DummyThread` that Python made for it.
    pub(super) fn replace_dummy_in(&self, record: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = record.py();
        let Some(dummy) = self.active.get_item(&self.ident.object)? else {
            return Ok(()); // `logging.logThreads` is off, or a record factory didn't ask.
        };
        if !self
            .dummy
            .as_ref()
            .is_some_and(|earlier| earlier.is(&dummy))
        {
            self.active.del_item(&self.ident.object)?;
        }
        let thread_name = intern!(py, "threadName");
        let dummy_name = dummy.getattr(intern!(py, "name"))?;
        if record.getattr(thread_name)?.eq(dummy_name)? {
            record.setattr(thread_name, self.rust_name())?;
        }
        Ok(())
    }

    /// Replaces the thread `other` in a record by this one. What a record factory has put there
    /// instead is kept.
    pub(super) fn replace_in(
        &self,
        record: &Bound<'py, PyAny>,
        other: &RecordThread<'_, 'py>,
    ) -> PyResult<()> {
        let py = record.py();
        let ident = intern!(py, "thread");
        if record.getattr(ident)?.eq(&other.ident.object)? {
            record.setattr(ident, &self.ident.object)?;
        }
        let name = intern!(py, "threadName");
        if record.getattr(name)?.eq(other.name()?)? {
            record.setattr(name, self.name()?)?;
        }
        Ok(())
    }
}

/// `threading.get_ident()`.
pub(super) struct Ident<'py> {
    pub(super) number: c_ulong,
    pub(super) object: Bound<'py, PyAny>,
}

impl<'py> Ident<'py> {
    /// The ident of the current thread, asked for once in each thread.
    fn get(py: Python<'py>) -> PyResult<Ident<'py>> {
        thread_local! {
            static IDENT: OnceCell<(c_ulong, Py<PyAny>)> = const { OnceCell::new() };
        }
        let known = IDENT.try_with(|known| {
            let (number, object) = match known.get() {
                Some(known) => known,
                None => {
                    let Ident { number, mut object } = Ident::ask(&get_ident(py)?)?;
                    // Looking up the identical key is faster.
                    if let Some(thread) = active_threads(py)?.get_item(&object)? {
                        let key = thread.getattr_opt(intern!(py, "ident"))?;
                        if let Some(key) = key.filter(|key| key.is_exact_instance_of::<PyInt>()) {
                            if key.eq(&object)? {
                                object = key;
                            }
                        }
                    }
                    known.get_or_init(|| (number, object.unbind()))
                }
            };
            let (number, object) = (*number, object.bind(py).clone());
            Ok(Ident { number, object })
        });
        // At the end of a thread the variable may be gone.
        known.unwrap_or_else(|_| Ident::ask(&get_ident(py)?))
    }

    fn ask(get_ident: &Bound<'py, PyAny>) -> PyResult<Ident<'py>> {
        let object = get_ident.call0()?;
        let number = object.extract()?;
        Ok(Ident { number, object })
    }
}

/// `threading.get_ident` as it is now.
pub(super) fn get_ident(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    THREADING_GLOBALS.get(intern!(py, "get_ident"))
}

/// The stock `threading.get_ident`, if it was in place at first.
pub(super) fn stock_get_ident(py: Python<'_>) -> PyResult<Option<&Py<PyAny>>> {
    static GET_IDENT: Once<Option<Py<PyAny>>> = Once::new();
    let get_ident = GET_IDENT.get_or_try(|| {
        let now = get_ident(py)?;
        let is_stock = is_builtin(&now, "_thread", "get_ident")?;
        PyResult::Ok(is_stock.then(|| now.unbind()))
    });
    Ok(get_ident?.as_ref())
}

/// `threading._active`: the threads that Python knows, by ident.
pub(super) fn active_threads(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(THREADING_GLOBALS.get(intern!(py, "_active"))?.cast_into()?)
}

/// Whether a thread is a `threading._DummyThread`.
fn is_dummy(thread: &Bound<'_, PyAny>) -> PyResult<bool> {
    static CLASS: Once<Py<PyAny>> = Once::new();
    let find = || {
        let name = intern!(thread.py(), "_DummyThread");
        THREADING_GLOBALS.get(name).map(Bound::unbind)
    };
    Ok(thread.get_type().is(CLASS.get_or_try(find)?))
}

/// Whether the `name` of threads of a class is the stock property.
fn has_stock_name(class: &Bound<'_, PyType>) -> PyResult<bool> {
    /// The classes of most threads. There can be many others, which aren't watched.
    static WATCHED: [(&str, Once<Py<PyAny>>, CheckedIn); 2] = [
        ("Thread", Once::new(), CheckedIn::never()),
        ("_MainThread", Once::new(), CheckedIn::never()),
    ];
    let py = class.py();
    let mut epoch = None;
    for (name, watched, checked_in) in &WATCHED {
        let get = || {
            THREADING_GLOBALS
                .get(&PyString::intern(py, name))
                .map(Bound::unbind)
        };
        if class.is(watched.get_or_try(get)?) {
            if checked_in.is_current() {
                return Ok(true);
            }
            epoch = watch::watch(py, [], [class]).map(|epoch| (checked_in, epoch));
        }
    }
    let name = class.getattr(intern!(py, "name"))?;
    let is_stock = stock_name(py)?.is_some_and(|stock| name.is(stock));
    if let (true, Some((checked_in, epoch))) = (is_stock, epoch) {
        checked_in.set(epoch);
    }
    Ok(is_stock)
}

/// The property `threading.Thread.name`, if it is the stock one.
fn stock_name(py: Python<'_>) -> PyResult<Option<&Py<PyAny>>> {
    static NAME: Once<Option<Py<PyAny>>> = Once::new();
    let name = NAME.get_or_try(|| {
        let name = THREADING_GLOBALS
            .get(intern!(py, "Thread"))?
            .getattr("name")?;
        let is_stock = name.get_type().is(PROPERTY.get(py)?)
            && THREADING_GLOBALS.define(&name.getattr("fget")?)?;
        PyResult::Ok(is_stock.then(|| name.unbind()))
    });
    Ok(name?.as_ref())
}
