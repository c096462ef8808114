//! Lists that threads share without a lock: a fork can come at any moment, and a child would find a lock taken for good.
//!
//! Each entry is allocated by itself, so that one piece of code serves the entries of all types.

use std::marker::PhantomData;
use std::ops::Index;
use std::ptr;

use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

/// How many places the first bucket has. Each other one has twice as many as the one before.
const FIRST: usize = 8;
const BUCKETS: usize = 28;

/// A list that only ever grows. What is in it stays where it is, as long as the list lives.
pub(crate) struct List<T> {
    places: Places,
    of: PhantomData<Box<T>>,
}

struct Places {
    /// The addresses of leaked slices of atomic pointers, which are null until an entry is there.
    buckets: [AtomicPtr<AtomicPtr<()>>; BUCKETS],
    /// How many places are taken. The last ones may still be null.
    taken: AtomicUsize,
    /// How many entries are there.
    count: AtomicUsize,
}

// SAFETY: the list gives out references to its entries, and takes entries from any thread.
unsafe impl<T: Send + Sync> Sync for List<T> {}
// SAFETY: it owns its entries.
unsafe impl<T: Send> Send for List<T> {}

impl<T> List<T> {
    pub(crate) const fn new() -> List<T> {
        List {
            places: Places {
                buckets: [const { AtomicPtr::new(ptr::null_mut()) }; BUCKETS],
                taken: AtomicUsize::new(0),
                count: AtomicUsize::new(0),
            },
            of: PhantomData,
        }
    }

    /// Adds an entry. Returns its index.
    pub(crate) fn push(&self, entry: T) -> usize {
        self.places.push(Box::into_raw(Box::new(entry)).cast())
    }

    /// The entry at an index, if there is one.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let entry = self.places.get(index).cast::<T>();
        // SAFETY: it is null, or `push` has leaked it. It lives as long as the list.
        unsafe { entry.as_ref() }
    }

    /// How many entries have been added. Each of them can be seen by a thread that counts it.
    pub(crate) fn count(&self) -> usize {
        self.places.count.load(Ordering::Acquire)
    }

    /// The entries and their indices. One that is pushed meanwhile may be missing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let taken = self.places.taken.load(Ordering::Acquire);
        (0..taken).filter_map(|index| Some((index, self.get(index)?)))
    }
}

impl<T> Index<usize> for List<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        self.get(index).expect("an index that `push` has returned")
    }
}

impl<T> Drop for List<T> {
    fn drop(&mut self) {
        for index in 0..self.places.taken.load(Ordering::Acquire) {
            let entry = self.places.get(index).cast::<T>();
            if !entry.is_null() {
                // SAFETY: `push` has leaked it, and nobody borrows from a list that is dropped.
                drop(unsafe { Box::from_raw(entry) });
            }
        }
        for (number, bucket) in self.places.buckets.iter().enumerate() {
            let start = bucket.load(Ordering::Acquire);
            if !start.is_null() {
                let places = ptr::slice_from_raw_parts_mut(start, FIRST << number);
                // SAFETY: `bucket` has leaked a slice of that length.
                drop(unsafe { Box::from_raw(places) });
            }
        }
    }
}

/// The bucket of an index, and the place in it.
fn place(index: usize) -> (usize, usize) {
    let from_first = index + FIRST;
    let bucket = (from_first.ilog2() - FIRST.ilog2()) as usize;
    (bucket, from_first - (FIRST << bucket))
}

impl Places {
    #[inline(never)]
    fn push(&self, entry: *mut ()) -> usize {
        let index = self.taken.fetch_add(1, Ordering::AcqRel);
        let (bucket, place) = place(index);
        self.bucket(bucket)[place].store(entry, Ordering::Release);
        self.count.fetch_add(1, Ordering::Release);
        index
    }

    /// Null if there is no entry.
    #[inline(never)]
    fn get(&self, index: usize) -> *mut () {
        let (bucket, place) = place(index);
        let Some(start) = self.buckets.get(bucket) else {
            return ptr::null_mut();
        };
        let start = start.load(Ordering::Acquire);
        if start.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: the bucket has been allocated, and has that place.
        unsafe { (*start.add(place)).load(Ordering::Acquire) }
    }

    fn bucket(&self, number: usize) -> &[AtomicPtr<()>] {
        let length = FIRST << number;
        let mut start = self.buckets[number].load(Ordering::Acquire);
        if start.is_null() {
            let places = std::iter::repeat_with(AtomicPtr::default);
            let new: Box<[AtomicPtr<()>]> = places.take(length).collect();
            let new = Box::into_raw(new);
            let stored = self.buckets[number].compare_exchange(
                start,
                new.cast(),
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            start = match stored {
                Ok(_) => new.cast(),
                Err(other) => {
                    // SAFETY: it was leaked above, and another thread was faster.
                    drop(unsafe { Box::from_raw(new) });
                    other
                }
            };
        }
        // SAFETY: a slice of that length was leaked there. It lives as long as the list.
        unsafe { std::slice::from_raw_parts(start, length) }
    }
}

/// Values that any thread puts down, and that one thread takes all at once.
pub(crate) struct Inbox<T> {
    top: AtomicPtr<Node<T>>,
}

struct Node<T> {
    value: T,
    below: *mut Node<T>,
}

// SAFETY: it owns its values, and gives them to the thread that takes them.
unsafe impl<T: Send> Sync for Inbox<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Inbox<T> {}

impl<T> Inbox<T> {
    pub(crate) const fn new() -> Inbox<T> {
        Inbox {
            top: AtomicPtr::new(ptr::null_mut()),
        }
    }

    pub(crate) fn push(&self, value: T) {
        let below = self.top.load(Ordering::Relaxed);
        let node = Box::into_raw(Box::new(Node { value, below }));
        loop {
            // SAFETY: no other thread has the node yet.
            let below = unsafe { (*node).below };
            let exchanged =
                self.top
                    .compare_exchange_weak(below, node, Ordering::AcqRel, Ordering::Relaxed);
            match exchanged {
                Ok(_) => return,
                // SAFETY: as above.
                Err(other) => unsafe { (*node).below = other },
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.top.load(Ordering::Acquire).is_null()
    }

    /// Takes all values, the latest first.
    pub(crate) fn take(&self) -> Taken<T> {
        Taken(self.top.swap(ptr::null_mut(), Ordering::AcqRel))
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// The values that [`Inbox::take`] has taken.
pub(crate) struct Taken<T>(*mut Node<T>);

// SAFETY: it owns its values.
unsafe impl<T: Send> Send for Taken<T> {}

impl<T> Taken<T> {
    pub(crate) const fn none() -> Taken<T> {
        Taken(ptr::null_mut())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_null()
    }

    /// The same values, the earliest first.
    pub(crate) fn reversed(mut self) -> Taken<T> {
        let mut reversed = Taken::none();
        while !self.0.is_null() {
            let node = self.0;
            // SAFETY: the nodes from here on belong to `self` alone. This one is moved to `reversed`.
            unsafe {
                self.0 = (*node).below;
                (*node).below = reversed.0;
            }
            reversed.0 = node;
        }
        reversed
    }
}

impl<T> Iterator for Taken<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: `push` has leaked the node, which belongs to `self` alone.
        let node = unsafe { Box::from_raw(self.0) };
        self.0 = node.below;
        Some(node.value)
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    const THREADS: usize = 4;
    const ENTRIES: usize = if cfg!(miri) { 50 } else { 5000 };

    #[test]
    fn threads_push_into_a_list() {
        let list = List::new();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let list = &list;
                scope.spawn(move || {
                    for number in 0..ENTRIES {
                        let index = list.push(Box::new((thread, number)));
                        assert_eq!(*list[index], (thread, number));
                    }
                });
            }
        });
        let mut all: Vec<_> = list.iter().map(|(_, entry)| **entry).collect();
        all.sort_unstable();
        assert_eq!(all.len(), THREADS * ENTRIES);
        assert!(
            all.iter()
                .enumerate()
                .all(|(index, it)| *it == (index / ENTRIES, index % ENTRIES))
        );
        assert!(list.get(THREADS * ENTRIES).is_none() && list.get(1 << 40).is_none());
    }

    #[test]
    fn what_threads_put_down_is_taken_in_their_order() {
        let inbox = Inbox::new();
        let mut seen = [0; THREADS];
        let mut take = || {
            for (thread, number) in inbox.take().reversed() {
                assert_eq!(seen[thread], number);
                seen[thread] += 1;
            }
            seen.iter().sum::<usize>()
        };
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let inbox = &inbox;
                scope.spawn(move || (0..ENTRIES).for_each(|number| inbox.push((thread, number))));
            }
            while take() < THREADS * ENTRIES {
                thread::yield_now();
            }
        });
        assert!(inbox.is_empty());
    }

    #[test]
    fn values_are_dropped() {
        let value = Arc::new(());
        let (list, inbox) = (List::new(), Inbox::new());
        for _ in 0..100 {
            list.push(Arc::clone(&value));
            inbox.push(Arc::clone(&value));
        }
        let mut taken = inbox.take();
        drop(taken.next());
        inbox.push(Arc::clone(&value));
        assert_eq!(Arc::strong_count(&value), 201);
        drop((list, inbox, taken));
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
