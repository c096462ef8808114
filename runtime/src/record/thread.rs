//! The thread of a record.

use std::cell::OnceCell;
use std::ffi::c_ulong;
use std::fmt::Write;
use std::thread::{self, Thread};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString};

use crate::event::message::Buffer;
use crate::event::origin::{self, Origin};
use crate::python::kept::{Kept, Shared};
use crate::python::library::{THREADING_GLOBALS, is_builtin};
use crate::python::loose::Loose;
use crate::raw::once::Once;
use crate::raw::system;
use crate::raw::thin::{Name, Object, Result, Stored, Thin};
use crate::stock::snapshot::Snapshot;
use crate::stock::table::{Part, Row};

/// The thread of a record: the current one, or that of its [`Origin`].
///
/// Python has no `threading.Thread` for a thread that Rust has spawned. `LogRecord` makes it create a
/// `_DummyThread`, whose name is `Dummy-1`; pylog gives the record the thread's Rust name.
pub(super) struct RecordThread<'a, 'py> {
    pub(super) ident: Ident<'py>,
    active: Object<'py>,
    known: Option<Object<'py>>,
    /// A `_DummyThread` that a handler has made earlier, and that the program hasn't named.
    dummy: Option<Object<'py>>,
    origin: Option<&'a Origin>,
    pub(super) stock: &'a StockThreads,
    /// What is known of `threading` at this moment.
    snapshot: Option<&'a Snapshot>,
}

impl<'a, 'py> RecordThread<'a, 'py> {
    pub(super) fn get(
        py: Python<'py>,
        origin: Option<&'a Origin>,
        stock: &'a StockThreads,
    ) -> Result<Self> {
        let get_ident = THREADING_GLOBALS.get(Name::get_ident, py)?;
        // gevent, for example, replaces it.
        let other = (!stock.has_get_ident(&get_ident)).then_some(&*get_ident);
        let active = THREADING_GLOBALS.get(Name::_active, py)?;
        // What another mapping answers, only Python's code finds out.
        active.cast_exact::<PyDict>()?;
        RecordThread::among(active, other, origin, stock, None)
    }

    /// The same, given `threading._active`, and `threading.get_ident` if that isn't the stock function.
    pub(super) fn among(
        active: Object<'py>,
        get_ident: Option<&Bound<'py, PyAny>>,
        origin: Option<&'a Origin>,
        stock: &'a StockThreads,
        snapshot: Option<&'a Snapshot>,
    ) -> Result<Self> {
        let py = active.py();
        let ident = match (origin, get_ident) {
            (Some(origin), _) => Ident {
                number: origin.thread.ident,
                object: origin.thread.ident.into_bound_py_any(py)?.into(),
            },
            (None, Some(get_ident)) => Ident::ask(get_ident)?,
            (None, None) => Ident::get(py)?,
        };
        let (known, dummy) = match active.entry(&ident.object)? {
            // gevent makes one for each greenlet, as Python's own records show.
            Some(thread) if get_ident.is_none() && stock.is_dummy(&thread) => {
                // Below Python 3.13 it outlives its thread: a later one with the same ident gets it, too.
                match origin::has_own_name(&thread)? {
                    true => (Some(thread), None),
                    false => (None, Some(thread)),
                }
            }
            // The ident may have been reused by another thread.
            Some(thread) => match origin {
                Some(origin) => (origin.thread.is(&thread)?.then_some(thread), None),
                None => (Some(thread), None),
            },
            None => (None, None),
        };
        Ok(RecordThread {
            ident,
            active,
            dummy,
            known,
            origin,
            stock,
            snapshot,
        })
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// `threading.current_thread().name`, or the name that the thread has in Rust.
    pub(super) fn name(&self) -> Result<Object<'py>> {
        let py = self.active.py();
        let last = self.origin.map(|origin| &origin.thread.name);
        let Some(thread) = &self.known else {
            let last = last.and_then(Once::get);
            return Ok(match last {
                Some(name) => name.bind(py).into(),
                None => self.rust_name().into(),
            });
        };
        // The stock property `name` only returns `_name`.
        let class = thread.class();
        let has_stock_name = self.snapshot.is_some_and(|it| {
            it.has(Part::THREAD_NAME)
                && (it.has_at(&class, Row::Thread) || it.has_at(&class, Row::MainThread))
        });
        let name = match has_stock_name {
            true => thread.get(Name::_name),
            false => thread.get(Name::name),
        }?;
        // An object of another class may lead to objects of the program.
        if let (Some(last), Ok(name)) = (last, name.cast_exact::<PyString>()) {
            last.get_or_make(|| Loose::new(name.clone().into()));
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
            None => match system::thread_name() {
                Some(name) => PyString::new(py, name),
                None => name(&thread::current()),
            },
        }
    }

    /// Makes Python know this thread, which isn't one of Python's, by a name. Returns its `_DummyThread`, and the name
    /// that it had.
    pub(super) fn name_dummy(&self, name: &Bound<'py, PyAny>) -> Result<[Object<'py>; 2]> {
        let py = self.active.py();
        let current_thread = THREADING_GLOBALS.get(Name::current_thread, py)?;
        let dummy = current_thread.run()?;
        let before = dummy.get(Name::name)?;
        dummy.set(Name::name, name)?;
        Ok([dummy, before])
    }

    /// Undoes [`name_dummy`](RecordThread::name_dummy).
    pub(super) fn forget_dummy(&self, [dummy, before]: [Object<'py>; 2]) -> Result<()> {
        match self.dummy {
            Some(_) => dummy.set(Name::name, &before),
            None => self.active.remove_entry(&self.ident.object),
        }
    }

    /// Gives a record that Python made for an unknown thread the thread's Rust name, and removes the
    /// `_DummyThread` that Python made for it.
    pub(super) fn replace_dummy_in(&self, record: &Bound<'py, PyAny>) -> Result<()> {
        let Some(dummy) = self.active.entry(&self.ident.object)? else {
            return Ok(()); // `logging.logThreads` is off, or a record factory didn't ask.
        };
        let is_dummy = |earlier: &Object<'_>| earlier.is(&dummy);
        if !self.dummy.as_ref().is_some_and(is_dummy) {
            self.active.remove_entry(&self.ident.object)?;
        }
        let dummy_name = dummy.get(Name::name)?;
        if record.get(Name::threadName)?.equals(&dummy_name)? {
            record.set(Name::threadName, &self.rust_name())?;
        }
        Ok(())
    }

    /// Replaces the thread `other` in a record by this one. What a record factory has put there
    /// instead is kept.
    pub(super) fn replace_in(
        &self,
        record: &Bound<'py, PyAny>,
        other: &RecordThread<'_, 'py>,
    ) -> Result<()> {
        if record.get(Name::thread)?.equals(&other.ident.object)? {
            record.set(Name::thread, &self.ident.object)?;
        }
        if record.get(Name::threadName)?.equals(&*other.name()?)? {
            record.set(Name::threadName, &*self.name()?)?;
        }
        Ok(())
    }
}

/// `threading.get_ident()`.
pub(super) struct Ident<'py> {
    pub(super) number: c_ulong,
    pub(super) object: Object<'py>,
}

impl<'py> Ident<'py> {
    /// The ident of the current thread, asked for once in each thread.
    fn get(py: Python<'py>) -> Result<Ident<'py>> {
        thread_local! {
            static IDENT: OnceCell<(c_ulong, Loose<Stored<PyInt>>)> = const { OnceCell::new() };
        }
        let ask = || Ident::ask(&*THREADING_GLOBALS.get(Name::get_ident, py)?);
        let known = IDENT.try_with(|known| {
            if let Some((number, object)) = known.get() {
                let (number, object) = (*number, object.bind(py).into());
                return Ok(Ident { number, object });
            }
            let mut ident = ask()?;
            // Looking up the identical key is faster.
            let active = THREADING_GLOBALS.get(Name::_active, py)?;
            if let Some(thread) = active.entry(&ident.object)? {
                let key = thread.find(Name::ident.get(py))?;
                if let Some(key) = key.filter(|key| key.is_exact_instance_of::<PyInt>()) {
                    if key.equals(&ident.object)? {
                        ident.object = key;
                    }
                }
            }
            if let Ok(object) = ident.object.cast_exact::<PyInt>() {
                known.get_or_init(|| (ident.number, Loose::new(object.clone().into())));
            }
            Ok(ident)
        });
        // At the end of a thread the variable may be gone.
        known.unwrap_or_else(|_| ask())
    }

    fn ask(get_ident: &Bound<'py, PyAny>) -> Result<Ident<'py>> {
        let object = get_ident.run()?;
        let number = object.number()? as c_ulong;
        Ok(Ident { number, object })
    }
}

/// The stock classes and functions of `threading` that name a thread.
pub(super) struct StockThreads {
    /// `threading.get_ident`, if it was the stock one at first.
    stock_get_ident: Option<Stored>,
    dummy_class: Stored,
}

impl StockThreads {
    pub(super) fn get(py: Python<'_>) -> Result<Shared<StockThreads>> {
        static FOUND: Kept<StockThreads> = Kept::new();
        FOUND.get_or_try(|| StockThreads::find(py))
    }

    fn find(py: Python<'_>) -> Result<StockThreads> {
        let get_ident = THREADING_GLOBALS.get(Name::get_ident, py)?;
        let has_get_ident = is_builtin(&get_ident, "_thread", "get_ident")?;
        let dummy_class = THREADING_GLOBALS.get(Name::_DummyThread, py)?;
        Ok(StockThreads {
            stock_get_ident: has_get_ident.then(|| get_ident.unbind()),
            dummy_class: dummy_class.unbind(),
        })
    }

    /// Whether a function is the stock `threading.get_ident`.
    pub(super) fn has_get_ident(&self, get_ident: &Bound<'_, PyAny>) -> bool {
        let stock = self.stock_get_ident.as_ref();
        stock.is_some_and(|stock| get_ident.is(stock))
    }

    /// Whether a thread is a `threading._DummyThread`: Python hasn't started it.
    fn is_dummy(&self, thread: &Bound<'_, PyAny>) -> bool {
        thread.class_address() == self.dummy_class.as_ptr().addr()
    }
}
