//! Being told of a change, rather than looking for one at each call.
//!
//! From 3.12 on Python calls back when a dict or a class changes that is watched (`PyDict_Watch`,
//! `PyType_Watch`). Here a change is counted, no more. So what was proven from watched things alone still
//! holds if the count is what it was.
//!
//! The functions are none of the limited API's. `ctypes` calls them, which serves every build alike: once a
//! process for each thing, and once after a class has changed. Where there are none, in older Pythons or
//! since others took the few places for watchers, and on free-threaded Python, where a change may come
//! between the comparison and the use, nothing is watched, and what is proven is proven each time.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::once::Once;
use crate::python::SYS;

/// What happens here does so under the GIL, so that nothing needs an order.
static CHANGES: AtomicUsize = AtomicUsize::new(1);

/// Whether the next change of each class in [`CLASSES`] would be told: Python tells one, and no more until
/// the class has a version again.
static CLASSES_HAVE_VERSIONS: AtomicBool = AtomicBool::new(true);

/// Whether a class can't tell any more.
static IS_EXHAUSTED: AtomicBool = AtomicBool::new(false);

/// What is watched.
static CLASSES: boxcar::Vec<Py<PyType>> = boxcar::Vec::new();
static DICTS: boxcar::Vec<Py<PyDict>> = boxcar::Vec::new();

/// What Python calls before it changes a dict.
extern "C" fn on_dict(_: c_int, _: *mut c_void, _: *mut c_void, _: *mut c_void) -> c_int {
    CHANGES.fetch_add(1, Ordering::Relaxed);
    0
}

/// What Python calls as it changes a class.
extern "C" fn on_class(_: *mut c_void) -> c_int {
    CLASSES_HAVE_VERSIONS.store(false, Ordering::Relaxed);
    CHANGES.fetch_add(1, Ordering::Relaxed);
    0
}

/// That something was proven, and when.
pub(crate) struct Stamp(AtomicUsize);

impl Stamp {
    pub(crate) const fn never() -> Stamp {
        Stamp(AtomicUsize::new(0))
    }

    /// Whether nothing has changed since.
    pub(crate) fn is_current(&self) -> bool {
        self.0.load(Ordering::Relaxed) == CHANGES.load(Ordering::Relaxed)
    }

    /// What was proven since `moment` holds as long as nothing changes.
    pub(crate) fn set(&self, moment: Moment) {
        self.0.store(moment.0, Ordering::Relaxed);
    }
}

/// How many changes there have been.
#[derive(Clone, Copy)]
pub(crate) struct Moment(usize);

/// Whether anything can be watched.
pub(crate) fn is_possible(py: Python<'_>) -> bool {
    !IS_EXHAUSTED.load(Ordering::Relaxed) && Watchers::get(py).is_some()
}

/// From now on each change of one of these is counted, a class's also if it is of what it inherits. What is
/// proven of them hereafter may be stamped with the moment. `None` where they can't be watched.
pub(crate) fn begin<'a, 'py: 'a>(
    py: Python<'py>,
    dicts: impl IntoIterator<Item = &'a Bound<'py, PyDict>>,
    classes: impl IntoIterator<Item = &'a Bound<'py, PyType>>,
) -> Option<Moment> {
    if !is_possible(py) {
        return None;
    }
    let watchers = Watchers::get(py)?;
    let all = || {
        for dict in dicts {
            watchers.watch_dict(dict)?;
        }
        for class in classes {
            // A metaclass can change what a class inherits with no notice.
            if !class.get_type().is(py.get_type::<PyType>()) {
                return Ok(false);
            }
            watchers.watch_class(class)?;
        }
        watchers.give_versions(py)
    };
    let is_watched = all().unwrap_or_else(|error: PyErr| {
        error.write_unraisable(py, None);
        false
    });
    is_watched.then(|| Moment(CHANGES.load(Ordering::Relaxed)))
}

/// Python's functions that watch.
struct Watchers {
    dict: (Py<PyAny>, Py<PyAny>),
    class: (Py<PyAny>, Py<PyAny>),
    assign_version: Py<PyAny>,
    /// Makes an argument of an object.
    object: Py<PyAny>,
}

impl Watchers {
    fn get(py: Python<'_>) -> Option<&'static Watchers> {
        static WATCHERS: Once<Option<Watchers>> = Once::new();
        static IS_BEING_MADE: AtomicBool = AtomicBool::new(false);
        if WATCHERS.get().is_none() {
            // An import hook may log, and come here again.
            if IS_BEING_MADE.swap(true, Ordering::Relaxed) {
                return None;
            }
            // Who has no `ctypes`, or forbids it, does without.
            WATCHERS.get_or_make(|| Watchers::new(py).ok());
            IS_BEING_MADE.store(false, Ordering::Relaxed);
        }
        WATCHERS.get().and_then(Option::as_ref)
    }

    fn new(py: Python<'_>) -> PyResult<Watchers> {
        let version: String = SYS.get(py)?.getattr("version")?.extract()?;
        if version.contains("free-threading") {
            return Err(PyRuntimeError::new_err("no GIL"));
        }
        let ctypes = py.import("ctypes")?;
        let api = ctypes.getattr("pythonapi")?;
        // Not the attribute: somebody may have told that of other types.
        let function = |name| api.get_item(name);
        let add = |name, callback: usize| {
            let callback = ctypes.call_method1("c_void_p", (callback,))?;
            PyResult::Ok(function(name)?.call1((callback,))?.unbind())
        };
        // Asked first: what older Pythons lack must not be missed half-way.
        let [watch_dict, watch_class, assign_version] = [
            function("PyDict_Watch")?,
            function("PyType_Watch")?,
            function("PyUnstable_Type_AssignVersionTag")?,
        ]
        .map(Bound::unbind);
        Ok(Watchers {
            dict: (
                watch_dict,
                add("PyDict_AddWatcher", on_dict as *const () as usize)?,
            ),
            class: (
                watch_class,
                add("PyType_AddWatcher", on_class as *const () as usize)?,
            ),
            assign_version,
            object: ctypes.getattr("py_object")?.unbind(),
        })
    }

    fn watch_dict(&self, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        if !DICTS.iter().any(|(_, watched)| watched.is(dict)) {
            self.watch(&self.dict, dict)?;
            DICTS.push(dict.clone().unbind());
        }
        Ok(())
    }

    fn watch_class(&self, class: &Bound<'_, PyType>) -> PyResult<()> {
        if !CLASSES.iter().any(|(_, watched)| watched.is(class)) {
            self.watch(&self.class, class)?;
            CLASSES.push(class.clone().unbind());
            CLASSES_HAVE_VERSIONS.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    fn watch(
        &self,
        (function, watcher): &(Py<PyAny>, Py<PyAny>),
        object: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = object.py();
        let object = self.object.bind(py).call1((object,))?;
        function.bind(py).call1((watcher, object)).map(drop)
    }

    /// `false` if a class gets none: Python ends that for good after a thousand changes.
    fn give_versions(&self, py: Python<'_>) -> PyResult<bool> {
        if CLASSES_HAVE_VERSIONS.swap(true, Ordering::Relaxed) {
            return Ok(true);
        }
        let mut have_versions = true;
        for (_, class) in &CLASSES {
            let class = self.object.bind(py).call1((class,))?;
            have_versions &= self.assign_version.bind(py).call1((class,))?.is_truthy()?;
        }
        if !have_versions {
            IS_EXHAUSTED.store(true, Ordering::Relaxed);
        }
        Ok(have_versions && CLASSES_HAVE_VERSIONS.load(Ordering::Relaxed))
    }
}
