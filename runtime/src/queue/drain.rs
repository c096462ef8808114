//! The thread that delivers what nobody else does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use pyo3::prelude::*;

use super::{CAPACITY, Queue};
use crate::{delivery, exit};

/// How long it leaves records alone that come one by one: to wake a thread costs more than to queue a
/// record.
const NAP: Duration = Duration::from_millis(5);

/// After how many naps in which nothing came it sleeps until it is woken.
const NAPS: u32 = 200;

const BUSY: u8 = 0;
const NAPPING: u8 = 1;
const ASLEEP: u8 = 2;

/// The thread, as those see it that put something into the queue.
pub(super) struct Drain {
    is_spawned: AtomicBool,
    /// Set by itself, before it ever rests.
    thread: OnceLock<Thread>,
    state: AtomicU8,
}

impl Drain {
    pub(super) fn new() -> Drain {
        Drain {
            is_spawned: AtomicBool::new(false),
            thread: OnceLock::new(),
            state: AtomicU8::new(BUSY),
        }
    }

    /// Something has been put into `queue`, and so many `waiting` are in there.
    pub(super) fn notice(&self, queue: &'static Queue, waiting: usize) {
        match self.state.load(Ordering::SeqCst) {
            BUSY => {
                // At the first record rather than at import: a program of one thread stays one.
                if !self.is_spawned.load(Ordering::Relaxed) {
                    self.spawn(queue);
                }
            }
            NAPPING if waiting < CAPACITY.load(Ordering::Relaxed) / 2 => {}
            _ => self.wake(),
        }
    }

    pub(super) fn wake(&self) {
        let is_busy = self.state.load(Ordering::SeqCst) == BUSY;
        if !is_busy && self.state.swap(BUSY, Ordering::SeqCst) != BUSY {
            if let Some(thread) = self.thread.get() {
                thread.unpark();
            }
        }
    }

    /// Whether it is the current one.
    pub(super) fn is_this(&self) -> bool {
        let thread = self.thread.get();
        thread.is_some_and(|thread| thread.id() == thread::current().id())
    }

    #[cold]
    fn spawn(&self, queue: &'static Queue) {
        if self.is_spawned.swap(true, Ordering::SeqCst) {
            return;
        }
        let run = move || queue.thread.run(queue);
        match thread::Builder::new().name("pylog".to_owned()).spawn(run) {
            Ok(_) => {}
            // No more threads at the moment: whoever logs next tries again.
            Err(_) => self.is_spawned.store(false, Ordering::SeqCst),
        }
    }

    /// Until the program ends.
    fn run(&self, queue: &'static Queue) {
        let _ = self.thread.set(thread::current());
        // In a child that a handler forked, the queue is the parent's.
        while queue.is_ours() {
            let Some(pass) = exit::Pass::get() else {
                return;
            };
            let drained = Python::try_attach(|py| {
                let drained = queue.drain(py);
                delivery::pass_interrupt_on(py);
                drained
            });
            drop(pass);
            // Else somebody else is at it.
            if queue.is_idle() || drained != Some(true) {
                self.rest(queue);
            }
        }
    }

    /// Returns when there is something to do.
    fn rest(&self, queue: &Queue) {
        for _ in 0..NAPS {
            self.state.store(NAPPING, Ordering::SeqCst);
            thread::park_timeout(NAP);
            if !queue.is_idle() {
                self.state.store(BUSY, Ordering::SeqCst);
                return;
            }
        }
        self.state.store(ASLEEP, Ordering::SeqCst);
        // Who puts something in looks at the state afterwards, so one of the two notices.
        while queue.is_idle() && self.state.load(Ordering::SeqCst) == ASLEEP {
            thread::park();
        }
        self.state.store(BUSY, Ordering::SeqCst);
    }
}
