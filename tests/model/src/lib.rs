//! pylog's own `gate.rs` and `gates.rs` on loom's atomics.
//!
//! loom runs a model in every order in which the steps of its threads can happen, with every value that
//! the memory model lets each of them read. The models here are what happens when Python is
//! reconfigured while threads find a level out, without a GIL to keep them apart.

#[path = "../../../runtime/src/gate.rs"]
#[allow(dead_code, reason = "the runtime needs more of it")]
mod gate;
#[path = "../../../runtime/src/gates.rs"]
mod gates;
mod sync;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use gate::Gate;

/// All that a gate needs to know of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level(i32);

#[allow(
    dead_code,
    reason = "what isn't modelled is there for the gate's own tests to compile"
)]
impl Level {
    const TRACE: Level = Level(5);
    const DEBUG: Level = Level(10);
    const INFO: Level = Level(20);
    const WARN: Level = Level(30);

    const fn new(levelno: i32) -> Level {
        Level(levelno)
    }

    const fn levelno(self) -> i32 {
        self.0
    }
}

/// What is known when the threads begin.
#[derive(Clone, Copy, Debug)]
pub enum Before {
    /// The call has never been reached.
    Nothing,
    /// What Python says at first.
    TheAnswer,
}

/// So many threads find out whether Python accepts a level, while another one changes that to
/// `accepts` and says so. Returns how many interleavings there are in which threads are preempted no
/// more than so many times.
///
/// # Panics
/// If in one of them a wrong answer is known in the end.
pub fn race(resolvers: usize, before: Before, accepts: bool, preemptions: Option<usize>) -> usize {
    let interleavings = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&interleavings);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    model.check(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let gate: &'static Gate = Box::leak(Box::new(Gate::new()));
        // A static is there before the threads are.
        assert_eq!(gate.answer(Level::INFO), None);
        // Python's own state, with no more order than a plain variable has.
        let python = loom::sync::Arc::new(AtomicBool::new(!accepts));
        let resolve = move |python: &AtomicBool| {
            let ticket = gate.ticket(|| gates::register(gate));
            ticket.store(Level::INFO, python.load(Ordering::Relaxed));
        };
        if let Before::TheAnswer = before {
            resolve(&python);
        }
        let threads: Vec<_> = (0..resolvers)
            .map(|_| {
                let python = loom::sync::Arc::clone(&python);
                thread::spawn(move || resolve(&python))
            })
            .collect();
        python.store(accepts, Ordering::Relaxed);
        gates::forget_all();
        for thread in threads {
            thread.join().expect("a resolver doesn't panic");
        }
        let answer = gate.answer(Level::INFO);
        assert_ne!(answer, Some(!accepts), "a stale answer is known");
    });
    interleavings.load(std::sync::atomic::Ordering::Relaxed)
}
