//! All level caches, so that an invalidation reaches each of them.
//!
//! Most calls aren't reached between two invalidations, so the registry remembers which caches may hold something, one
//! bit for each, and an invalidation clears those alone. Lock-free, because an invalidation can come from anywhere: from
//! a garbage collection, in a forked child, while another thread registers a cache.

use super::cache::LevelCache;
use crate::index::AtomicIndex;
use crate::raw::list::List;
use crate::sync::{AtomicU64, AtomicUsize, Ordering, fence};

const BITS_OF_A_WORD: usize = u64::BITS as usize;
const WORDS: usize = 256;
const BITS: usize = WORDS * BITS_OF_A_WORD;

pub(crate) struct Registry {
    /// Every cache that has ever held an answer.
    caches: List<&'static LevelCache>,
    /// How many of them there are at most.
    count: AtomicUsize,
    /// The caches that may hold something. The bit of a cache is its place modulo [`BITS`].
    in_use: [AtomicU64; WORDS],
    /// How many threads are clearing caches.
    clearing: AtomicUsize,
}

impl Registry {
    pub(crate) const fn new() -> Registry {
        Registry {
            caches: List::new(),
            count: AtomicUsize::new(0),
            in_use: [const { AtomicU64::new(0) }; WORDS],
            clearing: AtomicUsize::new(0),
        }
    }

    /// Makes the next invalidation reach `cache`. Its place is kept for the next time.
    pub(crate) fn register(&self, cache: &'static LevelCache, place: &AtomicIndex) {
        let place = place.get().unwrap_or_else(|| {
            // Two threads can get here at the same time. A second place does no harm.
            let new = self.caches.push(cache);
            self.count.fetch_max(new + 1, Ordering::Relaxed);
            place.get_or_set(new)
        });
        let (word, bit) = (place / BITS_OF_A_WORD % WORDS, place % BITS_OF_A_WORD);
        self.in_use[word].fetch_or(1 << bit, Ordering::Release);
        // Pairs with the fence in `clear_all`. Either `clear_all` sees the bit, or the thread that
        // registers the cache asks Python after the change that is being announced.
        fence(Ordering::SeqCst);
    }

    /// Clears every cache that may hold something.
    pub(crate) fn clear_all(&self) {
        fence(Ordering::SeqCst);
        // Another thread may have taken bits whose caches it hasn't cleared yet. A child that is forked meanwhile doesn't
        // have that thread, and clears all of them each time.
        match self.clearing.fetch_add(1, Ordering::AcqRel) {
            0 => self.clear_those_in_use(),
            _ => self.caches.iter().for_each(|(_, cache)| cache.clear()),
        }
        self.clearing.fetch_sub(1, Ordering::AcqRel);
    }

    fn clear_those_in_use(&self) {
        let words = self.count().div_ceil(BITS_OF_A_WORD);
        for (index, word) in self.in_use.iter().take(words).enumerate() {
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut bits = word.swap(0, Ordering::AcqRel);
            while bits != 0 {
                let place = index * BITS_OF_A_WORD + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                // Counted after the bits were taken: a cache may have got its place meanwhile.
                let places = (place..self.count()).step_by(BITS);
                let caches = places.filter_map(|place| self.caches.get(place));
                caches.for_each(|cache| cache.clear());
            }
        }
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    #[test]
    fn caches_that_share_a_bit_are_all_cleared() {
        let registry: &'static Registry = Box::leak(Box::new(Registry::new()));
        let caches = || std::iter::repeat_with(|| (LevelCache::new(), AtomicIndex::none()));
        let caches: &'static [_] = caches().take(2 * BITS + 1).collect::<Vec<_>>().leak();
        for _ in 0..2 {
            for (cache, place) in caches {
                let ticket = cache.ticket(|| registry.register(cache, place));
                ticket.store(Level::INFO, true);
            }
            registry.clear_all();
            let answers = caches.iter().map(|(cache, _)| cache.answer(Level::INFO));
            assert_eq!(answers.flatten().count(), 0);
        }
    }
}
