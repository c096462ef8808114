//! The bounded queue and its counts.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_queue::SegQueue;

use super::waker::Waker;
use crate::call::Call;
use crate::callsite::site::Callsite;
use crate::level::Level;

/// How many records may wait; the last setting of this extension.
pub(super) static CAPACITY: AtomicUsize = AtomicUsize::new(0);

/// An entry of the queue.
pub(super) enum Entry {
    Call(Call<'static>),
    /// A request to ask Python whether it accepts a level, so that the callsite knows the answer.
    Question(&'static Callsite, Level),
}

pub(crate) struct Queue {
    entries: SegQueue<Entry>,
    /// How many slots were ever reserved. A slot is reserved before its entry is put in, so this is an
    /// upper bound of the position of any entry that is in the queue.
    reserved: AtomicUsize,
    /// How many entries have been taken out and dealt with.
    delivered: AtomicUsize,
    /// How many records found no slot since that was last reported.
    pub(super) dropped: AtomicUsize,
    /// Whether a thread takes entries out.
    pub(super) is_draining: AtomicBool,
    pub(super) waker: Waker,
}

/// A permit to put one entry in. It must be used, since the slot is counted already.
#[must_use]
pub(super) struct Permit {
    queue: &'static Queue,
    /// How many entries are in the queue, with this one.
    waiting: usize,
}

thread_local! {
    /// When this many entries have been delivered, those of this thread are among them.
    static LAST_OWN: Cell<usize> = const { Cell::new(0) };
}

impl Permit {
    /// Puts an entry in. Returns its position: the entry has been delivered when that many entries have.
    pub(super) fn send(self, entry: Entry) -> usize {
        let Permit { queue, waiting } = self;
        queue.entries.push(entry);
        let position = queue.reserved();
        let _ = LAST_OWN.try_with(|own| own.set(position));
        queue
            .waker
            .notice(waiting >= CAPACITY.load(Ordering::Relaxed) / 2);
        position
    }
}

impl Queue {
    /// An empty queue. Its positions follow those of the previous queue, whose entries all count as
    /// delivered.
    pub(super) fn after(previous: Option<&Queue>) -> Queue {
        let count = previous.map_or(0, Queue::reserved);
        Queue {
            entries: SegQueue::new(),
            reserved: AtomicUsize::new(count),
            delivered: AtomicUsize::new(count),
            dropped: AtomicUsize::new(0),
            is_draining: AtomicBool::new(false),
            waker: Waker::new(),
        }
    }

    /// Reserves a slot, if there is room. Undecided calls, many of which Python will refuse, can take up
    /// half of the queue.
    pub(super) fn reserve(&'static self, is_decided: bool) -> Option<Permit> {
        let capacity = CAPACITY.load(Ordering::Relaxed);
        let capacity = if is_decided {
            capacity
        } else {
            capacity.div_ceil(2)
        };
        // `delivered` is read after `reserved`. Read before, it could be older, and a queue with room would
        // look full.
        let waiting = |reserved: usize| reserved.saturating_sub(self.delivered());
        let reserve = |reserved| (waiting(reserved) < capacity).then_some(reserved + 1);
        let reserved = self
            .reserved
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, reserve)
            .ok()?;
        Some(Permit {
            queue: self,
            waiting: waiting(reserved + 1),
        })
    }

    /// Takes the next entry out. `None` also if its slot is reserved but not filled yet. The caller
    /// deals with the entry, and then calls [`Queue::count_delivered`].
    pub(super) fn pop(&self) -> Option<Entry> {
        self.entries.pop()
    }

    pub(super) fn count_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts a record that found no slot.
    pub(super) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How many slots were ever reserved: a position behind everything that is in the queue now.
    pub(super) fn reserved(&self) -> usize {
        self.reserved.load(Ordering::SeqCst)
    }

    fn delivered(&self) -> usize {
        self.delivered.load(Ordering::SeqCst)
    }

    pub(super) fn has_delivered(&self, position: usize) -> bool {
        self.delivered() >= position
    }

    pub(super) fn is_empty(&self) -> bool {
        self.has_delivered(self.reserved())
    }

    /// Whether there is nothing to deliver and nothing to report.
    pub(super) fn is_idle(&self) -> bool {
        self.is_empty() && self.dropped.load(Ordering::Relaxed) == 0
    }

    /// Whether an entry of this thread has not been delivered yet.
    pub(super) fn has_own(&self) -> bool {
        let own = LAST_OWN.try_with(Cell::get);
        own.is_ok_and(|position| !self.has_delivered(position))
    }
}
