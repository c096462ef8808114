//! Learning of a change instead of looking for one at each call.
//!
//! From 3.12 on CPython calls back when a watched dict or class changes (`PyDict_Watch`,
//! `PyType_Watch`). pylog only counts the changes: the count is the [`Epoch`]. A fact that was
//! established from watched objects alone holds while the epoch is the same.
//!
//! The functions aren't part of the limited API. `ctypes` calls them, which serves every build alike: to
//! watch an object, and after any class has changed, to give each watched class a version. Where they don't exist (in
//! older Pythons), where other libraries have taken the eight places for watchers, and on free-threaded
//! Python, where a change may come between a check and its use, nothing is watched, and facts are
//! established anew at each call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::interpreter::{self, A_CLASS_LACKS_VERSION, CHANGES};
use super::library::SYS;
use super::once::Once;
use super::raised;

// Everything here happens under the GIL, so that the atomics need no order.

/// A span of time in which nothing that is watched has changed.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Epoch(usize);

impl Epoch {
    pub(crate) fn current() -> Epoch {
        Epoch(CHANGES.load(Ordering::Relaxed))
    }
}

/// The epoch in which something was last checked.
pub(crate) struct CheckedIn(AtomicUsize);

impl CheckedIn {
    pub(crate) const fn never() -> CheckedIn {
        CheckedIn(AtomicUsize::new(0))
    }

    /// Whether nothing has changed since the check.
    pub(crate) fn is_current(&self) -> bool {
        self.0.load(Ordering::Relaxed) == CHANGES.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, epoch: Epoch) {
        self.0.store(epoch.0, Ordering::Relaxed);
    }
}

/// Whether a class can't be given a version any more.
static IS_EXHAUSTED: AtomicBool = AtomicBool::new(false);

/// The classes and dicts that are watched.
static CLASSES: boxcar::Vec<Py<PyType>> = boxcar::Vec::new();
static DICTS: boxcar::Vec<Py<PyDict>> = boxcar::Vec::new();

/// Whether anything can be watched.
pub(crate) fn is_available(py: Python<'_>) -> bool {
    !IS_EXHAUSTED.load(Ordering::Relaxed) && Watchers::get(py).is_some()
}

/// Watches these objects. A class is also watched for changes of what it inherits.
///
/// Facts that the caller then establishes from them hold as long as the returned epoch. `None` if they
/// can't be watched.
pub(crate) fn watch<'a, 'py: 'a>(
    py: Python<'py>,
    dicts: impl IntoIterator<Item = &'a Bound<'py, PyDict>>,
    classes: impl IntoIterator<Item = &'a Bound<'py, PyType>>,
) -> Option<Epoch> {
    if !is_available(py) {
        return None;
    }
    let watchers = Watchers::get(py)?;
    let watch_all = || -> PyResult<bool> {
        for dict in dicts {
            watchers.watch_dict(dict)?;
        }
        for class in classes {
            // A metaclass can change what a class inherits without a report.
            if !class.get_type().is(py.get_type::<PyType>()) {
                return Ok(false);
            }
            watchers.watch_class(class)?;
        }
        watchers.give_versions(py)
    };
    let are_watched = raised::attempt(py, watch_all());
    (are_watched == Some(true)).then(Epoch::current)
}

/// CPython's functions for watching.
struct Watchers {
    /// `PyDict_Watch` and the number of our watcher.
    dict: (Py<PyAny>, Py<PyAny>),
    /// `PyType_Watch` and the number of our watcher.
    class: (Py<PyAny>, Py<PyAny>),
    assign_version: Py<PyAny>,
    /// `ctypes.py_object`, which turns an object into an argument.
    py_object: Py<PyAny>,
}

impl Watchers {
    fn get(py: Python<'_>) -> Option<&'static Watchers> {
        static WATCHERS: Once<Option<Watchers>> = Once::new();
        static IS_BEING_MADE: AtomicBool = AtomicBool::new(false);
        if WATCHERS.get().is_none() {
            // An import hook may log, and so come back here.
            if IS_BEING_MADE.swap(true, Ordering::Relaxed) {
                return None;
            }
            // Without `ctypes` nothing is watched.
            let watchers = raised::attempt(py, Watchers::new(py));
            // A signal handler may have interrupted it.
            if watchers.is_some() || !raised::is_kept() {
                WATCHERS.get_or_make(|| watchers);
            }
            IS_BEING_MADE.store(false, Ordering::Relaxed);
        }
        WATCHERS.get().and_then(Option::as_ref)
    }

    fn new(py: Python<'_>) -> PyResult<Watchers> {
        let version: String = SYS.get(py)?.getattr("version")?.extract()?;
        if version.contains("free-threading") {
            return Err(PyRuntimeError::new_err("there is no GIL"));
        }
        let ctypes = py.import("ctypes")?;
        let api = ctypes.getattr("pythonapi")?;
        // Not `getattr`, which gives a shared object: others may have set its argument types.
        let function = |name| api.get_item(name);
        let add = |name, callback: usize| {
            let callback = ctypes.call_method1("c_void_p", (callback,))?;
            PyResult::Ok(function(name)?.call1((callback,))?.unbind())
        };
        // Looked up before a watcher is added: older Pythons have only some of these functions.
        let [watch_dict, watch_class, assign_version] = [
            function("PyDict_Watch")?,
            function("PyType_Watch")?,
            function("PyUnstable_Type_AssignVersionTag")?,
        ]
        .map(Bound::unbind);
        let dict_watcher = add("PyDict_AddWatcher", interpreter::dict_watcher())?;
        let class_watcher = add("PyType_AddWatcher", interpreter::class_watcher())?;
        Ok(Watchers {
            dict: (watch_dict, dict_watcher),
            class: (watch_class, class_watcher),
            assign_version,
            py_object: ctypes.getattr("py_object")?.unbind(),
        })
    }

    fn watch_dict(&self, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        if !DICTS.iter().any(|(_, watched)| watched.is(dict)) {
            self.call_watch(&self.dict, dict)?;
            DICTS.push(dict.clone().unbind());
        }
        Ok(())
    }

    fn watch_class(&self, class: &Bound<'_, PyType>) -> PyResult<()> {
        if !CLASSES.iter().any(|(_, watched)| watched.is(class)) {
            self.call_watch(&self.class, class)?;
            CLASSES.push(class.clone().unbind());
            A_CLASS_LACKS_VERSION.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn call_watch(
        &self,
        (function, watcher): &(Py<PyAny>, Py<PyAny>),
        object: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = object.py();
        let object = self.py_object.bind(py).call1((object,))?;
        function.bind(py).call1((watcher, object)).map(drop)
    }

    /// Gives each class a version. `false` if one gets none: CPython stops giving a class versions
    /// after a thousand changes.
    fn give_versions(&self, py: Python<'_>) -> PyResult<bool> {
        if !A_CLASS_LACKS_VERSION.swap(false, Ordering::Relaxed) {
            return Ok(true);
        }
        let assign_version = |class: &Py<PyType>| {
            let class = self.py_object.bind(py).call1((class,))?;
            self.assign_version.bind(py).call1((class,))?.is_truthy()
        };
        for (_, class) in &CLASSES {
            let is_given = assign_version(class);
            if !matches!(is_given, Ok(true)) {
                A_CLASS_LACKS_VERSION.store(true, Ordering::Relaxed);
                IS_EXHAUSTED.store(is_given.is_ok(), Ordering::Relaxed);
                return is_given;
            }
        }
        Ok(!A_CLASS_LACKS_VERSION.load(Ordering::Relaxed))
    }
}
