//! What CPython reports: the changes of watched dicts and classes.
//!
//! CPython is given the callbacks here by address, and calls them with the GIL held.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU8, AtomicUsize, Ordering};

use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::functions::find;
use super::thin::{Exception, Result};

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

/// The keys of handlers, formatters and styles whose changes are relevant, and those of loggers.
pub(crate) static INSTANCE_KEYS: [WatchedKey; 32] = [const { WatchedKey::new() }; 32];
pub(crate) static LOGGER_KEYS: [WatchedKey; 8] = [const { WatchedKey::new() }; 8];

/// Structs of atomics, which are all 0 or false at first.
macro_rules! watched {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ident($first:expr),)+ })+) => {$(
        $(#[$doc])*
        pub(crate) struct $name { $($(#[$field_doc])* pub(crate) $field: $type),+ }

        impl $name {
            const fn new() -> $name {
                $name { $($field: $type::new($first)),+ }
            }
        }
    )+};
}

watched! {
    /// A key of a watched dict, by the addresses of both, and the hash of the key.
    WatchedKey {
        dict: AtomicUsize(0),
        key: AtomicUsize(0),
        hash: AtomicIsize(0),
    }
    WatchedClass {
        address: AtomicUsize(0),
        /// Whether a change counts among the [`CHANGES`].
        is_of_table: AtomicBool(false),
        /// Whether the class has a version. CPython reports the next change of a class only if it has one, and takes the version
        /// away as it reports a change.
        has_version: AtomicBool(false),
        changes: AtomicUsize(0),
        /// What was last found out about the class. It holds until the class changes, or there is another snapshot.
        answer: AtomicU8(0),
        answered_at: AtomicUsize(0),
        snapshot: AtomicUsize(0),
    }
    WatchedInstance {
        dict: AtomicUsize(0),
        is_logger: AtomicBool(false),
        changes: AtomicUsize(0),
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
        let keys: &[WatchedKey] = match instance.is_logger.load(Ordering::Relaxed) {
            true => &LOGGER_KEYS,
            false => &INSTANCE_KEYS,
        };
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
    pub(crate) fn find(py: Python<'_>) -> Result<WatchFunctions> {
        // SAFETY: the fields have the types of these functions. They are called below by threads that hold the GIL.
        unsafe {
            Ok(WatchFunctions {
                add_dict_watcher: find(py, c"PyDict_AddWatcher")?,
                add_class_watcher: find(py, c"PyType_AddWatcher")?,
                watch_dict: find(py, c"PyDict_Watch")?,
                watch_class: find(py, c"PyType_Watch")?,
                assign_version: find(py, c"PyUnstable_Type_AssignVersionTag")?,
            })
        }
    }

    /// Takes one of the places for watchers of dicts, and one for watchers of classes. Runs no Python code.
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
    pub(crate) fn watch_dict(&self, dict: &Bound<'_, PyAny>) -> Result<()> {
        let result = (self.functions.watch_dict)(self.dict, dict.as_ptr());
        check(dict.py(), result).map(drop)
    }

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
