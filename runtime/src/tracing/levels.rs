//! Which events and spans are on.
//!
//! `tracing` compares with its maximum level first, then with the interest of the callsite, and then asks whether
//! pylog's callsite [accepts] the level. Only that asks Python, if its level cache doesn't know the answer.
//!
//! `tracing` holds a lock of its own while it asks for interests and the maximum level, also when
//! `set_max_level` tells it to ask again. The answers come from an atomic. So a thread that holds this lock doesn't
//! wait for the GIL, and a thread that holds the GIL can wait for the lock.
//!
//! It reads the maximum level and stores what it has read without excluding other threads, and a thread that
//! registers a callsite stores its interest in the same way. So an older answer can replace a newer one.
//! [`MaxLevel`] lets one thread at a time change the maximum, and `tests/model` tries every order of the steps. The
//! interest never changes: while a level is off for all loggers, the comparison with the maximum comes before it.

use std::cell::Cell;
use std::sync::Arc;

use tracing_core::metadata::LevelFilter;
use tracing_core::subscriber::Interest;
use tracing_core::{Metadata, callsite};
use tracing_subscriber::layer::{Context, Filter};

use super::callsites::{self, CALLS, callsite_of, level_of};
use super::hint::Hint;
use crate::callsite::site::Callsite;
use crate::emit::Admitted;
use crate::max_level::MaxLevel;
use crate::max_level::changes::Maximum;

static FOLLOWING: MaxLevel = MaxLevel::new(Maximum {
    set: set_max_level,
    get: None,
});

/// The most verbose level that can be on: its place in [`FILTERS`].
static HINT: Hint = Hint::new(FILTERS.len() as i32 - 1);

const FILTERS: [LevelFilter; 6] = [
    LevelFilter::OFF,
    LevelFilter::ERROR,
    LevelFilter::WARN,
    LevelFilter::INFO,
    LevelFilter::DEBUG,
    LevelFilter::TRACE,
];

/// Makes the maximum level of `tracing` follow Python from now on.
pub(super) fn follow_python() {
    FOLLOWING.follow(log::LevelFilter::Trace, Arc::clone(&CALLS));
}

/// Sets the maximum level. The filters of `log` have the same order.
fn set_max_level(filter: log::LevelFilter) {
    HINT.set(filter as i32, callsite::rebuild_interest_cache);
}

pub(super) fn max_level() -> LevelFilter {
    FILTERS[HINT.get() as usize]
}

pub(super) fn interest_in(metadata: &'static Metadata<'static>) -> Interest {
    callsites::register(metadata);
    Interest::sometimes()
}

thread_local! {
    /// The event that `tracing` last asked about in this thread, and why it may be logged. A logger with an
    /// `isEnabledFor` of its own is asked once for each event, as in Python.
    static ADMITTED: Cell<Option<(&'static Callsite, Admitted)>> = const { Cell::new(None) };
}

/// Whether Python accepts the level of an event or span.
pub(super) fn accepts(metadata: &Metadata<'_>) -> bool {
    let (callsite, level) = (callsite_of(metadata), level_of(metadata));
    if !metadata.is_event() {
        return !callsite.is_off(level) && callsite.is_enabled(level);
    }
    let admitted = callsite.check(level);
    let _ = ADMITTED.try_with(|it| it.set(admitted.map(|admitted| (callsite, admitted))));
    admitted.is_some()
}

/// The permission to log an event or about a span.
pub(super) fn admit(metadata: &Metadata<'_>) -> Option<(&'static Callsite, Admitted)> {
    let callsite = callsite_of(metadata);
    let last = ADMITTED.try_with(Cell::take).ok().flatten();
    last.filter(|(of, _)| std::ptr::eq(*of, callsite))
        .or_else(|| Some((callsite, callsite.check(level_of(metadata))?)))
}

/// A filter of one layer: lets through what Python accepts.
pub(super) struct Levels;

impl<S> Filter<S> for Levels {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        accepts(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest_in(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(max_level())
    }
}
