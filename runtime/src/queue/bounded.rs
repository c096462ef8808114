//! The bounded queue and its counts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::budget::{Budget, Patience};
use super::hold::Hold;
use super::waker::Waker;
use crate::call::Call;
use crate::callsite::site::Callsite;
use crate::level::Level;
use crate::raw::list::{Inbox, Taken};

/// How many records may wait; the last setting of this extension.
pub(super) static CAPACITY: AtomicUsize = AtomicUsize::new(0);

/// How many entries are in the queue, or more: a child keeps the count of its parent.
pub(super) static WAITING: AtomicUsize = AtomicUsize::new(0);

/// An entry of the queue.
pub(super) enum Entry {
    Call(Call<'static>),
    /// A request to ask Python whether it accepts a level, so that the callsite knows the answer.
    Question(&'static Callsite, Level),
}

pub(crate) struct Queue {
    /// What the threads have put in since it was last taken.
    entries: Inbox<Entry>,
    /// What was taken and is yet to be delivered. Locked for a few instructions by a thread that delivers, of which there
    /// is one at a time.
    taken: Mutex<Taken<Entry>>,
    /// How many slots were ever reserved. A slot is reserved before its entry is put in, so this is an
    /// upper bound of the position of any entry that is in the queue.
    reserved: AtomicUsize,
    /// How many entries have been taken out and dealt with.
    delivered: AtomicUsize,
    /// How many records found no slot since that was last reported.
    dropped: AtomicUsize,
    pub(super) waker: Waker,
    pub(super) hold: Hold,
    pub(super) budget: Budget,
    /// Of attached threads that wait behind others.
    pub(super) patience: Patience,
    /// How many threads wait within the budget.
    pub(super) waiting: AtomicUsize,
    /// The program was interrupted while it waited for the queue at its end.
    is_given_up: AtomicBool,
}

/// Room for one entry. It must be used, since it is counted already.
#[must_use]
pub(super) struct Slot {
    queue: &'static Queue,
    /// How many entries are in the queue, with this one.
    waiting: usize,
}

/// The order in which slots are reserved; see [`Waker`].
const RESERVE: Ordering = Ordering::SeqCst;

impl Slot {
    /// Puts an entry in. Returns its position: the entry has been delivered when that many entries have.
    pub(super) fn send(self, entry: Entry) -> usize {
        let Slot { queue, waiting } = self;
        queue.entries.push(entry);
        let position = queue.reserved();
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
            entries: Inbox::new(),
            taken: Mutex::new(Taken::none()),
            reserved: AtomicUsize::new(count),
            delivered: AtomicUsize::new(count),
            dropped: AtomicUsize::new(0),
            waker: Waker::new(),
            hold: Hold::new(),
            budget: Budget::new(),
            patience: Patience::new(),
            waiting: AtomicUsize::new(0),
            is_given_up: AtomicBool::new(false),
        }
    }

    /// The finalizing thread drops what is left in the queue.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }

    /// Reserves a slot for a call, if there is room. Undecided calls, many of which Python will refuse, can
    /// take up half of the queue.
    pub(super) fn reserve(&'static self, is_decided: bool) -> Option<Slot> {
        let capacity = CAPACITY.load(Ordering::Relaxed);
        let capacity = match is_decided {
            true => capacity,
            false => capacity.div_ceil(2),
        };
        let reserve = |reserved| (self.waiting(reserved) < capacity).then_some(reserved + 1);
        let reserved = self
            .reserved
            .fetch_update(RESERVE, Ordering::Acquire, reserve)
            .ok()?;
        WAITING.fetch_add(1, Ordering::Relaxed);
        Some(Slot {
            queue: self,
            waiting: self.waiting(reserved + 1),
        })
    }

    /// Reserves a slot for a question, beyond the capacity if need be. A callsite has no more than one such
    /// question.
    pub(super) fn reserve_for_question(&'static self) -> Slot {
        WAITING.fetch_add(1, Ordering::Relaxed);
        self.reserved.fetch_add(1, RESERVE);
        Slot {
            queue: self,
            waiting: self.waiting(self.reserved()),
        }
    }

    /// How many entries are in the queue when `reserved` slots have been reserved. `delivered` is read
    /// afterwards: read before, it could be older, and a queue with room would look full. `reserved` is read with
    /// `Acquire` for that.
    fn waiting(&self, reserved: usize) -> usize {
        reserved.saturating_sub(self.delivered())
    }

    /// Takes the next entry out. `None` also if its slot is reserved but not filled yet. The caller
    /// deals with the entry, and then calls [`Queue::count_delivered`].
    pub(super) fn pop(&self) -> Option<Entry> {
        let mut taken = self.taken();
        if taken.is_empty() {
            *taken = self.entries.take().reversed();
        }
        taken.next()
    }

    fn taken(&self) -> MutexGuard<'_, Taken<Entry>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count_delivered(&self) {
        // A thread that sees the count sees the effects of the delivery.
        self.delivered.fetch_add(1, Ordering::Release);
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts records that found no slot.
    pub(super) fn count_dropped(&self, dropped: usize) {
        // The order: see `Waker`.
        self.dropped.fetch_add(dropped, Ordering::SeqCst);
    }

    /// How many records found no slot since the last call.
    pub(super) fn take_dropped(&self) -> usize {
        self.dropped.swap(0, Ordering::Relaxed)
    }

    /// How many slots were ever reserved: a position behind everything that is in the queue now.
    pub(super) fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Acquire)
    }

    pub(super) fn delivered(&self) -> usize {
        self.delivered.load(Ordering::Acquire)
    }

    pub(super) fn has_delivered(&self, position: usize) -> bool {
        self.delivered() >= position
    }

    /// Whether everything has been delivered.
    pub(super) fn is_empty(&self) -> bool {
        self.has_delivered(self.reserved())
    }

    /// Whether there is something to take out or to report.
    pub(super) fn has_work(&self) -> bool {
        !self.entries.is_empty()
            || !self.taken().is_empty()
            || self.dropped.load(Ordering::Relaxed) > 0
    }

    /// Whether there is nothing to do, not even for an entry whose slot is reserved. The orders: see [`Waker`].
    pub(super) fn may_sleep(&self) -> bool {
        let reserved = self.reserved.load(Ordering::SeqCst);
        self.has_delivered(reserved) && self.dropped.load(Ordering::SeqCst) == 0
    }
}
