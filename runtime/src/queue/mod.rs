//! Queued delivery: threads leave their records to a thread of pylog's, so that they don't wait for the GIL, or
//! so that they run no Python code. With the default delivery, those threads do that which Rust has spawned, and they
//! wait for the delivery within a [budget].
//!
//! A record enters the [queue][bounded] together with its time, its thread and its context. Only the
//! [drain thread][thread] takes records out, and at the end of the program the thread that finalizes the
//! interpreter. No other thread does it, since a handler may want a lock that a logging thread holds. A call
//! that would be handled at once, but has records ahead of it, goes behind them and waits for a moment.
//!
//! In a forked child, the threads that were about to put something in or take something out don't exist,
//! and the queue may wait for them forever. So a child begins with a [new queue][current], whoever has forked it. The
//! records in the old one are delivered by the parent. Python's forks also [hold] the drain thread between two records.

mod bounded;
mod budget;
mod current;
pub(crate) mod drain;
pub(crate) mod flush;
mod handler;
mod hold;
pub(crate) mod mode;
mod multiprocessing;
pub(crate) mod producer;
mod push;
mod thread;
mod waker;
