//! This process, and what is remembered of it.
//!
//! A child has one thread, the one that forked; everything else is as it was in the parent at that
//! moment. So whatever is remembered of threads or of the process is remembered together with the
//! [generation] in which it was found, and is void in another one.

use crate::index::AtomicIndex;
use crate::raw::list::List;
use crate::raw::system;

/// How many forks lie between the first process and this one. The system counts them, so that forks made in C count
/// too, and a child knows before its first hook runs. `None` before [`prepare`][super::fork::prepare].
pub(crate) fn generation() -> Option<u32> {
    system::forks()
}

/// A value that each process makes for itself. A child doesn't have the threads that were at work on the value of its
/// parent, so it makes a new one, whoever has forked it. The old one is leaked.
pub(crate) struct OfProcess<T: 'static> {
    /// With the generations that made them.
    values: List<(u32, T)>,
    /// The place of the latest value.
    latest: AtomicIndex,
}

impl<T> OfProcess<T> {
    pub(crate) const fn new() -> OfProcess<T> {
        OfProcess {
            values: List::new(),
            latest: AtomicIndex::none(),
        }
    }

    /// The value of this process, if it has made one.
    pub(crate) fn get(&self) -> Option<&T> {
        let (made_in, value) = &self.values[self.latest.get()?];
        (*made_in == generation().unwrap_or_default()).then_some(value)
    }

    /// The value of this process. `make` is given the previous value, that of a parent. Several threads may make it
    /// at the same time; one of these values is kept.
    pub(crate) fn get_or_make(&self, make: impl Fn(Option<&T>) -> T) -> &T {
        loop {
            if let Some(value) = self.get() {
                return value;
            }
            let latest = self.latest.get();
            let made = make(latest.map(|latest| &self.values[latest].1));
            let made_in = generation().unwrap_or_default();
            self.latest
                .replace(latest, self.values.push((made_in, made)));
        }
    }

    /// Whether any process has made a value.
    pub(crate) fn is_in_use(&self) -> bool {
        self.latest.get().is_some()
    }
}
