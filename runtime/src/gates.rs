//! All gates, so that each can be told of a change.

use crate::gate::Gate;
use crate::sync::{List, Ordering, fence};

/// Every gate that has ever held an answer. Lock-free, so that an invalidation may come from
/// anywhere: from a garbage collection, in a forked child, while another thread registers.
static GATES: List<&'static Gate> = List::new();

/// From now on, invalidations reach `gate`.
pub(crate) fn register(gate: &'static Gate) {
    GATES.push(gate);
    // Pairs with the fence in `forget_all`: either it sees the gate, or whoever has the gate asks
    // Python after the change that it announces.
    fence(Ordering::SeqCst);
}

/// Makes every gate forget what it knows.
pub(crate) fn forget_all() {
    fence(Ordering::SeqCst);
    for (_, gate) in GATES.iter() {
        gate.forget();
    }
}
