//! The thread that a record is from, as Python knows it or doesn't.

use std::cell::OnceCell;
use std::ffi::c_ulong;
use std::fmt::Write;
use std::thread::{self, Thread};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyType};

use crate::buffer::Buffer;
use crate::once::{Once, intern};
use crate::origin::Origin;
use crate::python::{PROPERTY, THREADING, is_builtin};
use crate::watch::{self, Stamp};

/// The thread of a record: the current one, unless the record has an [`Origin`]. Python has no
/// `threading.Thread` for one that Rust has spawned: `LogRecord` has a `_DummyThread` made for it, and
/// takes that one's name, `Dummy-1`.
pub(super) struct RecordThread<'a, 'py> {
    pub(super) ident: Ident<'py>,
    active: Bound<'py, PyDict>,
    known: Option<Bound<'py, PyAny>>,
    origin: Option<&'a Origin>,
}

impl<'a, 'py> RecordThread<'a, 'py> {
    pub(super) fn get(py: Python<'py>, origin: Option<&'a Origin>) -> PyResult<Self> {
        let get_ident = get_ident(py)?;
        // gevent or the like replaces it.
        let is_stock = stock_get_ident(py)?.is_some_and(|stock| get_ident.is(stock));
        let other = (!is_stock).then_some(&get_ident);
        RecordThread::among(active_threads(py)?, other, origin)
    }

    /// The same if it is known what `threading` has: those threads, and that function if it isn't the
    /// stock one.
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
        let known = active.get_item(&ident.object)?;
        Ok(RecordThread {
            ident,
            active,
            known: match (known, origin) {
                // The number may have become that of another thread since.
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
        // Past the property that Python calls, if it is the one that only gives this.
        let name = match has_stock_name(&thread.get_type())? {
            true => thread.getattr(intern!(py, "_name")),
            false => thread.getattr(name),
        }?;
        if let Some(last) = last {
            last.get_or_make(|| name.clone().unbind());
        }
        Ok(name)
    }

    /// The name, or `ThreadId(2)`.
    fn rust_name(&self) -> Bound<'py, PyString> {
        let py = self.active.py();
        let name = |thread: &Thread| match thread.name() {
            Some(name) => PyString::new(py, name),
            None => {
                let mut name = Buffer::take();
                // Writing to a buffer doesn't fail.
                let _ = write!(name, "{:?}", thread.id());
                PyString::new(py, &name)
            }
        };
        match self.origin {
            Some(origin) => name(&origin.thread.rust),
            None => name(&thread::current()),
        }
    }

    /// Gives a record that Python made for an unknown thread the thread's Rust name, and takes the
    /// dummy away again.
    pub(super) fn replace_dummy_in(&self, record: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = record.py();
        let Some(dummy) = self.active.get_item(&self.ident.object)? else {
            return Ok(()); // `logging.logThreads` is off, or a record factory didn't ask.
        };
        self.active.del_item(&self.ident.object)?;
        let thread_name = intern!(py, "threadName");
        let dummy_name = dummy.getattr(intern!(py, "name"))?;
        if record.getattr(thread_name)?.eq(dummy_name)? {
            record.setattr(thread_name, self.rust_name())?;
        }
        Ok(())
    }

    /// Puts `self` where a record has another thread. Where it has none, or somebody's own idea of
    /// one, that stays.
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

/// What `threading.get_ident()` gives.
pub(super) struct Ident<'py> {
    pub(super) number: c_ulong,
    pub(super) object: Bound<'py, PyAny>,
}

impl<'py> Ident<'py> {
    /// A thread keeps it.
    fn get(py: Python<'py>) -> PyResult<Ident<'py>> {
        thread_local! {
            static IDENT: OnceCell<(c_ulong, Py<PyAny>)> = const { OnceCell::new() };
        }
        let known = IDENT.try_with(|known| {
            let (number, object) = match known.get() {
                Some(known) => known,
                None => {
                    let Ident { number, mut object } = Ident::ask(&get_ident(py)?)?;
                    // Found at a glance if it is the very key.
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
        // At the end of a thread.
        known.unwrap_or_else(|_| Ident::ask(&get_ident(py)?))
    }

    fn ask(get_ident: &Bound<'py, PyAny>) -> PyResult<Ident<'py>> {
        let object = get_ident.call0()?;
        let number = object.extract()?;
        Ok(Ident { number, object })
    }
}

/// `threading.get_ident`, as it is now.
pub(super) fn get_ident(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    THREADING.get(intern!(py, "get_ident"))
}

/// The one that Python came with.
pub(super) fn stock_get_ident(py: Python<'_>) -> PyResult<Option<&Py<PyAny>>> {
    static GET_IDENT: Once<Option<Py<PyAny>>> = Once::new();
    let get_ident = GET_IDENT.get_or_try(|| {
        let now = get_ident(py)?;
        let is_stock = is_builtin(&now, "_thread", "get_ident")?;
        PyResult::Ok(is_stock.then(|| now.unbind()))
    });
    Ok(get_ident?.as_ref())
}

/// The threads that Python knows, by ident.
pub(super) fn active_threads(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(THREADING.get(intern!(py, "_active"))?.cast_into()?)
}

/// Whether the `name` of threads of that class is the standard library's property.
fn has_stock_name(class: &Bound<'_, PyType>) -> PyResult<bool> {
    /// The classes that most threads have. Others may be many, and aren't watched.
    static WATCHED: [(&str, Once<Py<PyAny>>, Stamp); 2] = [
        ("Thread", Once::new(), Stamp::never()),
        ("_MainThread", Once::new(), Stamp::never()),
    ];
    let py = class.py();
    let mut moment = None;
    for (name, watched, stamp) in &WATCHED {
        let get = || {
            THREADING
                .get(&PyString::intern(py, name))
                .map(Bound::unbind)
        };
        if class.is(watched.get_or_try(get)?) {
            if stamp.is_current() {
                return Ok(true);
            }
            moment = watch::begin(py, [], [class]).map(|moment| (stamp, moment));
        }
    }
    let name = class.getattr(intern!(py, "name"))?;
    let is_stock = stock_name(py)?.is_some_and(|stock| name.is(stock));
    if let (true, Some((stamp, moment))) = (is_stock, moment) {
        stamp.set(moment);
    }
    Ok(is_stock)
}

/// The property `threading.Thread.name`, if it is the standard library's.
fn stock_name(py: Python<'_>) -> PyResult<Option<&Py<PyAny>>> {
    static NAME: Once<Option<Py<PyAny>>> = Once::new();
    let name = NAME.get_or_try(|| {
        let name = THREADING.get(intern!(py, "Thread"))?.getattr("name")?;
        let is_stock =
            name.get_type().is(PROPERTY.get(py)?) && THREADING.define(&name.getattr("fget")?)?;
        PyResult::Ok(is_stock.then(|| name.unbind()))
    });
    Ok(name?.as_ref())
}
