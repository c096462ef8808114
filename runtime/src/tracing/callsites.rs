//! pylog's callsites for those of `tracing`.
//!
//! Neither finding nor making one takes a lock: `tracing` holds a lock of its own while it registers a callsite.

use std::ptr;
use std::sync::{Arc, LazyLock};

use tracing_core::Metadata;

use crate::callsite::site::Callsite;
use crate::callsite::table::{Key, Table};
use crate::index::AtomicIndex;
use crate::level::Level;
use crate::level_cache::cache::LevelCache;
use crate::metadata;
use crate::raw::list::List;

/// All of them, by their properties.
pub(super) static CALLS: LazyLock<Arc<Table>> = LazyLock::new(|| Arc::new(Table::new()));

/// A callsite that `tracing` has registered. Its metadata lives as long as the process, so no other metadata has the
/// same address.
struct Registered {
    metadata: &'static Metadata<'static>,
    callsite: &'static Callsite,
    /// Another one in the same slot.
    next: AtomicIndex,
}

static REGISTERED: List<Registered> = List::new();

const SLOTS: usize = 1024;

/// Where the first one of each slot is in [`REGISTERED`].
static FIRST: [AtomicIndex; SLOTS] = [const { AtomicIndex::none() }; SLOTS];

/// The callsite with this metadata if it is registered, and otherwise the end of its slot.
fn find(metadata: &Metadata<'_>) -> Result<&'static Callsite, &'static AtomicIndex> {
    let address = ptr::from_ref(metadata).addr() as u64;
    // Multiplied by 2^64 divided by the golden ratio, addresses differ in their highest bits.
    let hash = address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SLOTS.ilog2());
    let mut link = &FIRST[hash as usize];
    while let Some(index) = link.get() {
        let registered = &REGISTERED[index];
        if ptr::eq(registered.metadata, metadata) {
            return Ok(registered.callsite);
        }
        link = &registered.next;
    }
    Err(link)
}

/// To be called when `tracing` registers a callsite.
pub(super) fn register(metadata: &'static Metadata<'static>) {
    let Err(mut link) = find(metadata) else {
        return;
    };
    let index = REGISTERED.push(Registered {
        metadata,
        callsite: by_properties(metadata),
        next: AtomicIndex::none(),
    });
    // Other threads may have added some to the slot. To add one twice does no harm.
    loop {
        match link.get_or_set(index) {
            it if it == index => return,
            other => link = &REGISTERED[other].next,
        }
    }
}

/// pylog's callsite for one of `tracing`.
pub(super) fn callsite_of(metadata: &Metadata<'_>) -> &'static Callsite {
    find(metadata).unwrap_or_else(|_| by_properties(metadata))
}

pub(super) fn level_of(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing_core::Level::ERROR => Level::ERROR,
        tracing_core::Level::WARN => Level::WARN,
        tracing_core::Level::INFO => Level::INFO,
        tracing_core::Level::DEBUG => Level::DEBUG,
        tracing_core::Level::TRACE => Level::TRACE,
    }
}

/// The crate `tracing-log` makes metadata at run time, and one callsite for all of a level.
#[cold]
#[inline(never)]
fn by_properties(metadata: &Metadata<'_>) -> &'static Callsite {
    let key = Key {
        target: metadata.target(),
        address: ptr::from_ref(metadata.callsite().0).addr(),
        levelno: level_of(metadata).levelno(),
        line: metadata.line().unwrap_or_default(),
        // `Logger.findCaller` returns these if it finds no caller.
        file: metadata.file().unwrap_or("(unknown file)"),
        module: metadata.module_path().unwrap_or("(unknown function)"),
    };
    CALLS.find_or_make(&key, &|key| {
        let metadata = metadata::Metadata::in_module(key.target, key.file, key.line, key.module);
        Callsite::at_run_time(metadata, LevelCache::new(), None, true)
    })
}
