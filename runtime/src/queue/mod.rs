//! Queued delivery: threads that don't hold the GIL leave their records to a thread that takes the GIL.
//!
//! A record enters the [queue][bounded] together with its time and its thread. Any attached thread can
//! take records out: the [drain thread][thread], a thread that logs and first delivers what is ahead of
//! its own record, and the thread that finalizes the interpreter. Only one thread at a time takes
//! records out, so that the order holds. No lock is involved, since a handler may want a lock that the
//! logging thread holds: a thread that finds another one taking records out waits for a moment, and then
//! goes on. Its own record is queued then if earlier records of the same thread are still under way;
//! otherwise it needs no place in the order.
//!
//! In a forked child, the threads that were about to put something in or take something out don't exist,
//! and the queue may wait for them forever. So a child begins with a [new queue][current]. The records in
//! the old one are delivered by the parent.

mod bounded;
pub(crate) mod current;
pub(crate) mod drain;
pub(crate) mod flush;
pub(crate) mod mode;
mod multiprocessing;
pub(crate) mod producer;
mod thread;
mod waker;
