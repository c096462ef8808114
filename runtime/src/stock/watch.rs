//! Learning of a change instead of looking for one at each call.
//!
//! From 3.12 on CPython calls back when a watched dict or class changes (`PyDict_Watch`, `PyType_Watch`). The callback is
//! told the dict and the key: a change of a key that nothing depends on doesn't count. Of a class it is told nothing, so
//! any change of it counts.
//!
//! Where CPython lacks these functions, where other libraries have taken the eight places for watchers, and on
//! free-threaded Python, where a change may come between a check and its use, nothing is watched.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::python::kept::{self, Kept};
use crate::python::raised;
use crate::raw::list::List;
use crate::raw::once::Once;
use crate::raw::thin::{self, Name, Result, Stored, Thin};
use crate::raw::version::{is_free_threaded, version};
use crate::raw::watching::{
    CHANGES, CLASS_COUNT, CLASSES, INSTANCE_COUNT, INSTANCE_KEYS, INSTANCES, KEY_COUNT, KEYS,
    LOGGER_KEYS, WatchFunctions, WatchedClass, WatchedKey, Watchers,
};

// Everything here happens under the GIL, so that the atomics need no order.

/// How many relevant changes there were. Never 0.
#[inline]
pub(crate) fn changes() -> usize {
    CHANGES.load(Ordering::Relaxed)
}

/// The dicts, classes and keys that are watched, so that no other object gets their addresses.
static WATCHED: Kept<List<Stored>> = Kept::new();

fn keep_alive(object: &Bound<'_, PyAny>) {
    WATCHED.get_or_make(List::new).push(object.clone().into());
}

/// Our watchers. `None` where nothing can be watched, and when objects are no longer kept.
pub(crate) fn watchers(py: Python<'_>) -> Option<&'static Watchers> {
    static WATCHERS: Once<Option<Watchers>> = Once::new();
    if kept::are_released() {
        return None;
    }
    if let Some(watchers) = WATCHERS.get() {
        return watchers.as_ref();
    }
    let find = || match is_free_threaded(py) {
        true => Ok(None),
        false => WatchFunctions::find(py).map(Some),
    };
    let functions = raised::attempt(py, find()).flatten();
    // From here on no Python code runs, so that no other thread adds watchers too.
    let add = |functions: WatchFunctions| raised::attempt(py, functions.add_watchers(py));
    WATCHERS.get_or_make(|| functions.and_then(add)).as_ref()
}

impl WatchedKey {
    /// Whether it is a key of that dict with that hash. Of two keys with one hash, each counts for the other.
    fn is(&self, dict: usize, hash: isize) -> bool {
        self.dict.load(Ordering::Relaxed) == dict && self.hash.load(Ordering::Relaxed) == hash
    }

    /// Makes this the entry of a key.
    fn set(&self, dict: usize, key: &Bound<'_, PyAny>) -> Result<()> {
        if self.key.load(Ordering::Relaxed) != key.as_ptr().addr() {
            keep_alive(key);
            self.dict.store(dict, Ordering::Relaxed);
            self.key.store(key.as_ptr().addr(), Ordering::Relaxed);
            self.hash.store(key.hash()?, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Adds a key to an array. Returns whether there was room.
    fn add(
        all: &'static [WatchedKey],
        count: &AtomicUsize,
        dict: usize,
        key: &Bound<'_, PyAny>,
    ) -> Result<bool> {
        let place = count.load(Ordering::Relaxed);
        let Some(new) = all.get(place) else {
            return Ok(false);
        };
        new.set(dict, key)?;
        count.store(place + 1, Ordering::Relaxed);
        Ok(true)
    }
}

impl Watchers {
    /// Makes changes of a key of a dict count. Returns whether that was possible.
    pub(crate) fn watch_key(
        &self,
        dict: &Bound<'_, PyDict>,
        key: &Bound<'_, PyAny>,
    ) -> Result<bool> {
        let (address, hash) = (dict.as_ptr().addr(), key.hash()?);
        let known = &KEYS[..KEY_COUNT.load(Ordering::Relaxed)];
        if known.iter().any(|it| it.is(address, hash)) {
            return Ok(true);
        }
        if !known
            .iter()
            .any(|it| it.dict.load(Ordering::Relaxed) == address)
        {
            keep_alive(dict);
            self.watch_dict(dict)?;
        }
        WatchedKey::add(&KEYS, &KEY_COUNT, address, key)
    }

    /// Watches a class, also for changes of what it inherits. `None` if there is no room, or if CPython doesn't report
    /// changes of the class: after a thousand changes, or because a metaclass has a say in what it inherits.
    pub(super) fn watch(
        &self,
        class: &Bound<'_, PyType>,
        is_of_table: bool,
    ) -> Result<Option<ClassWatch>> {
        let Some(watch) = self.entry(class)? else {
            return Ok(None);
        };
        let entry = watch.entry();
        if is_of_table {
            entry.is_of_table.store(true, Ordering::Relaxed);
        }
        if !entry.has_version.load(Ordering::Relaxed) {
            if !self.give_version(class) {
                return Ok(None);
            }
            entry.has_version.store(true, Ordering::Relaxed);
        }
        Ok(Some(watch))
    }

    fn entry(&self, class: &Bound<'_, PyType>) -> Result<Option<ClassWatch>> {
        let address = class.as_ptr().addr();
        if let Some(known) = ClassWatch::find(address) {
            return Ok(Some(known));
        }
        let place = CLASS_COUNT.load(Ordering::Relaxed);
        let is_class = class.get_type().is(class.py().get_type::<PyType>());
        let Some(new) = CLASSES.get(place).filter(|_| is_class) else {
            return Ok(None);
        };
        keep_alive(class);
        self.watch_class(class)?;
        new.address.store(address, Ordering::Relaxed);
        CLASS_COUNT.store(place + 1, Ordering::Relaxed);
        Ok(Some(ClassWatch(place)))
    }
}

/// The place of a watched class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClassWatch(usize);

impl ClassWatch {
    /// The place of the class at an address.
    pub(crate) fn find(address: usize) -> Option<ClassWatch> {
        /// Where the classes that were looked for last are, by some bits of their addresses.
        static PLACES: [AtomicU8; 16] = [const { AtomicU8::new(0) }; 16];

        let last = &PLACES[address / 16 % PLACES.len()];
        let watch = ClassWatch(usize::from(last.load(Ordering::Relaxed)));
        if watch.is(address) {
            return Some(watch);
        }
        let known = &CLASSES[..CLASS_COUNT.load(Ordering::Relaxed)];
        let place = known
            .iter()
            .position(|it| it.address.load(Ordering::Relaxed) == address)?;
        last.store(place as u8, Ordering::Relaxed);
        Some(ClassWatch(place))
    }

    pub(super) fn entry(self) -> &'static WatchedClass {
        &CLASSES[self.0]
    }

    /// Whether this is the class at that address.
    pub(crate) fn is(self, address: usize) -> bool {
        self.entry().address.load(Ordering::Relaxed) == address
    }

    /// How often the class has changed.
    pub(crate) fn changes(self) -> usize {
        self.entry().changes.load(Ordering::Relaxed)
    }
}

/// The state of the dict of an instance: until a relevant key of it changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct InstanceWatch {
    place: usize,
    changes: usize,
}

impl InstanceWatch {
    /// Watches the dict of an instance for a while: until it is freed, or many others are watched. `keys` are the same at
    /// each call: the names in any instance whose changes are relevant. `None` if it can't be watched.
    pub(crate) fn new(dict: &Bound<'_, PyAny>, keys: [&[Name]; 2]) -> Option<InstanceWatch> {
        InstanceWatch::with_keys(dict, &INSTANCE_KEYS, keys)
    }

    /// Watches the dict of a logger, for which other names are relevant, and which makes no room for itself.
    pub(crate) fn of_logger(dict: &Bound<'_, PyAny>, keys: [&[Name]; 2]) -> Option<InstanceWatch> {
        /// For handlers, formatters and styles.
        const RESERVED: usize = 64;

        let watched = INSTANCE_COUNT.load(Ordering::Relaxed);
        (watched < INSTANCES.len() - RESERVED)
            .then(|| InstanceWatch::with_keys(dict, &LOGGER_KEYS, keys))
            .flatten()
    }

    fn with_keys(
        dict: &Bound<'_, PyAny>,
        relevant: &'static [WatchedKey],
        keys: [&[Name]; 2],
    ) -> Option<InstanceWatch> {
        let py = dict.py();
        let watchers = watchers(py)?;
        let address = dict.as_ptr().addr();
        let known = &INSTANCES[..INSTANCE_COUNT.load(Ordering::Relaxed)];
        let has = |address: usize| {
            known
                .iter()
                .position(|it| it.dict.load(Ordering::Relaxed) == address)
        };
        if let Some(place) = has(address) {
            return Some(InstanceWatch::at(place));
        }
        let watch = || -> Result<()> {
            for (place, key) in relevant.iter().zip(keys.iter().copied().flatten()) {
                place.set(0, key.get(py))?;
            }
            store_apart(dict)?;
            watchers.watch_dict(dict)
        };
        raised::attempt(py, watch())?;
        let place = has(0).unwrap_or_else(|| match known.len() < INSTANCES.len() {
            true => known.len(),
            false => {
                for instance in &INSTANCES {
                    instance.dict.store(0, Ordering::Relaxed);
                    instance.changes.fetch_add(1, Ordering::Relaxed);
                }
                0
            }
        });
        let is_logger = std::ptr::eq(relevant, &LOGGER_KEYS);
        INSTANCES[place]
            .is_logger
            .store(is_logger, Ordering::Relaxed);
        INSTANCES[place].dict.store(address, Ordering::Relaxed);
        INSTANCE_COUNT.fetch_max(place + 1, Ordering::Relaxed);
        Some(InstanceWatch::at(place))
    }

    /// The watch as a number that isn't 0.
    pub(crate) fn to_bits(self) -> u64 {
        (self.changes as u64 + 1) << u16::BITS | self.place as u64
    }

    /// The watch of a number. Of 0, one that isn't current.
    pub(crate) fn of_bits(bits: u64) -> InstanceWatch {
        InstanceWatch {
            place: bits as usize % INSTANCES.len(),
            changes: ((bits >> u16::BITS) as usize).wrapping_sub(1),
        }
    }

    fn at(place: usize) -> InstanceWatch {
        let changes = INSTANCES[place].changes.load(Ordering::Relaxed);
        InstanceWatch { place, changes }
    }

    /// Whether the dict still exists, and nothing relevant in it has changed.
    pub(crate) fn is_unchanged(self) -> bool {
        InstanceWatch::at(self.place) == self
    }

    /// Whether the dict of the instance is at that address, and nothing relevant in it has changed.
    #[inline]
    pub(crate) fn is_current(self, address: usize) -> bool {
        INSTANCES[self.place].dict.load(Ordering::Relaxed) == address && self.is_unchanged()
    }
}

/// Python 3.13.0 doesn't report changes of attributes that are stored in the instance itself (python/cpython#125608).
/// A key that isn't a string moves them into the dict for good.
fn store_apart(dict: &Bound<'_, PyAny>) -> Result<()> {
    if version(dict.py()) == (13, 0) {
        let key = thin::number(dict.py(), 0)?;
        dict.set_entry_of(&key, &key)?;
        dict.remove_entry(&key)?;
    }
    Ok(())
}
