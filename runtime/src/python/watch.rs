//! Learning of a change instead of looking for one at each call.
//!
//! From 3.12 on CPython calls back when a watched dict or class changes (`PyDict_Watch`,
//! `PyType_Watch`). pylog only counts the changes: the count is the [`Epoch`]. A fact that was
//! established from watched objects alone holds while the epoch is the same.
//!
//! Where CPython lacks these functions, where other libraries have taken the eight places for watchers,
//! and on free-threaded Python, where a change may come between a check and its use, nothing is watched,
//! and facts are established anew at each call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::exception::Result;
use super::interpreter::{
    A_CLASS_LACKS_VERSION, CHANGES, INSTANCE_CHANGES, INSTANCES, WatchFunctions, Watchers,
};
use super::kept::{self, Kept, Shared};
use super::library::SYS_GLOBALS;
use super::once::{Once, intern};
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

/// A span of time in which neither the watched dicts of instances nor anything else that is watched has changed.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct InstanceEpoch {
    epoch: Epoch,
    instances: usize,
}

impl InstanceEpoch {
    pub(crate) fn current() -> InstanceEpoch {
        InstanceEpoch {
            epoch: Epoch::current(),
            instances: INSTANCE_CHANGES.load(Ordering::Relaxed),
        }
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
struct Watched {
    classes: boxcar::Vec<Py<PyType>>,
    dicts: boxcar::Vec<Py<PyDict>>,
}

/// Whether anything can be watched. Nothing is watched when the objects are no longer kept.
pub(crate) fn is_available(py: Python<'_>) -> bool {
    !IS_EXHAUSTED.load(Ordering::Relaxed) && !kept::are_released() && watchers(py).is_some()
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
    let watchers = watchers(py)?;
    let watched = Watched::get();
    let watch_all = || -> Result<bool> {
        for dict in dicts {
            watched.watch_dict(watchers, dict)?;
        }
        for class in classes {
            // A metaclass can change what a class inherits without a report.
            if !class.get_type().is(py.get_type::<PyType>()) {
                return Ok(false);
            }
            watched.watch_class(watchers, class)?;
        }
        Ok(watched.give_versions(watchers, py))
    };
    let are_watched = raised::attempt(py, watch_all());
    (are_watched == Some(true)).then(Epoch::current)
}

/// Watches the dict of an instance for a while: until it is freed, or many others are watched. Changes end the
/// [`InstanceEpoch`]. Returns whether it is watched.
pub(crate) fn watch_instance(dict: &Bound<'_, PyDict>) -> bool {
    let py = dict.py();
    let Some(watchers) = watchers(py).filter(|_| is_available(py)) else {
        return false;
    };
    let address = dict.as_ptr().addr();
    let has = |address| move |it: &&AtomicUsize| it.load(Ordering::Relaxed) == address;
    if INSTANCES.iter().any(|it| has(address)(&it)) {
        return true;
    }
    let watch = || {
        store_apart(dict)?;
        watchers.watch_dict(dict)
    };
    if raised::attempt(py, watch()).is_none() {
        return false;
    }
    let free = INSTANCES.iter().find(has(0)).unwrap_or_else(|| {
        INSTANCES
            .iter()
            .for_each(|it| it.store(0, Ordering::Relaxed));
        INSTANCE_CHANGES.fetch_add(1, Ordering::Relaxed);
        &INSTANCES[0]
    });
    free.store(address, Ordering::Relaxed);
    true
}

/// Python 3.13.0 doesn't report changes of attributes that are stored in the instance itself (python/cpython#125608).
/// A key that isn't a string moves them into the dict for good.
fn store_apart(dict: &Bound<'_, PyDict>) -> Result<()> {
    let version = dict.py().version_info();
    if (version.major, version.minor, version.patch) == (3, 13, 0) {
        dict.set_item(0, ())?;
        dict.del_item(0)?;
    }
    Ok(())
}

/// Our watchers, if there are any.
fn watchers(py: Python<'_>) -> Option<&'static Watchers> {
    static WATCHERS: Once<Option<Watchers>> = Once::new();
    if let Some(watchers) = WATCHERS.get() {
        return watchers.as_ref();
    }
    let find = || match has_gil(py)? {
        true => WatchFunctions::find(py).map(Some),
        false => Ok(None),
    };
    let functions = raised::attempt(py, find()).flatten();
    // From here on no Python code runs, so that no other thread adds watchers too.
    let add = |functions: WatchFunctions| raised::attempt(py, functions.add_watchers(py));
    WATCHERS.get_or_make(|| functions.and_then(add)).as_ref()
}

fn has_gil(py: Python<'_>) -> Result<bool> {
    let version: String = SYS_GLOBALS.get(intern!(py, "version"))?.extract()?;
    Ok(!version.contains("free-threading"))
}

impl Watched {
    fn get() -> Shared<Watched> {
        static WATCHED: Kept<Watched> = Kept::new();
        WATCHED.get_or_make(|| Watched {
            classes: boxcar::Vec::new(),
            dicts: boxcar::Vec::new(),
        })
    }

    fn watch_dict(&self, watchers: &Watchers, dict: &Bound<'_, PyDict>) -> Result<()> {
        if !self.dicts.iter().any(|(_, watched)| watched.is(dict)) {
            watchers.watch_dict(dict)?;
            self.dicts.push(dict.clone().unbind());
        }
        Ok(())
    }

    fn watch_class(&self, watchers: &Watchers, class: &Bound<'_, PyType>) -> Result<()> {
        if !self.classes.iter().any(|(_, watched)| watched.is(class)) {
            watchers.watch_class(class)?;
            self.classes.push(class.clone().unbind());
            A_CLASS_LACKS_VERSION.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Gives each class a version. `false` if one gets none: CPython stops giving a class versions after a
    /// thousand changes.
    fn give_versions(&self, watchers: &Watchers, py: Python<'_>) -> bool {
        if A_CLASS_LACKS_VERSION.swap(false, Ordering::Relaxed) {
            let mut classes = self.classes.iter();
            if !classes.all(|(_, class)| watchers.give_version(class.bind(py))) {
                A_CLASS_LACKS_VERSION.store(true, Ordering::Relaxed);
                IS_EXHAUSTED.store(true, Ordering::Relaxed);
            }
        }
        !A_CLASS_LACKS_VERSION.load(Ordering::Relaxed)
    }
}
