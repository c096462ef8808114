//! All level caches, so that an invalidation reaches each of them.

use super::cache::LevelCache;
use crate::sync::{List, Ordering, fence};

/// Every cache that has ever held an answer. Lock-free, because an invalidation can come from
/// anywhere: from a garbage collection, in a forked child, while another thread registers a cache.
static CACHES: List<&'static LevelCache> = List::new();

/// From now on, invalidations reach `cache`.
pub(crate) fn register(cache: &'static LevelCache) {
    CACHES.push(cache);
    // Pairs with the fence in `clear_all`. Either `clear_all` sees the cache, or the thread that
    // registers it asks Python after the change that is being announced.
    fence(Ordering::SeqCst);
}

/// Clears every cache.
pub(crate) fn clear_all() {
    fence(Ordering::SeqCst);
    for (_, cache) in CACHES.iter() {
        cache.clear();
    }
}
