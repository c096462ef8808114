//! Reports calls that don't return, if the environment variable `PYLOG_WATCHDOG` is set to a whole number of seconds.
//!
//! It is a help in the search for a deadlock. It isn't on by default because it needs a thread of its own: Python 3.12
//! and later warn when a process with several threads forks.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_queue::SegQueue;

use crate::metadata::Metadata;

const VARIABLE: &str = "PYLOG_WATCHDOG";

const WAITS: u8 = 0;
const RUNS: u8 = 1;
const HAS_RETURNED: u8 = 2;

/// A call that is under way.
struct PendingCall {
    file: &'static str,
    line: u32,
    thread: String,
    since: Instant,
    stage: AtomicU8,
}

/// The calls since the watchdog has last looked.
static NEW_CALLS: SegQueue<Arc<PendingCall>> = SegQueue::new();

/// Lives while a call is under way that is watched.
pub(super) struct Watched(Option<Arc<PendingCall>>);

impl Watched {
    /// The call waits for the GIL from now on.
    #[inline]
    pub(super) fn new(metadata: &Metadata) -> Watched {
        static IS_ON: OnceLock<bool> = OnceLock::new();
        Watched(IS_ON.get_or_init(start).then(|| watch(metadata)))
    }

    /// The call runs Python code from now on.
    #[inline]
    pub(super) fn set_attached(&self) {
        if let Some(call) = &self.0 {
            call.stage.store(RUNS, Ordering::Relaxed);
        }
    }
}

impl Drop for Watched {
    #[inline]
    fn drop(&mut self) {
        if let Some(call) = &self.0 {
            call.stage.store(HAS_RETURNED, Ordering::Relaxed);
        }
    }
}

/// Starts the watchdog if the variable is set. Returns whether it has.
#[cold]
fn start() -> bool {
    let Some(value) = std::env::var_os(VARIABLE) else {
        return false;
    };
    // Reading fractions would add 30 KiB to each extension.
    match value.to_str().and_then(|value| value.parse().ok()) {
        Some(seconds) if seconds > 0 => {
            let limit = Duration::from_secs(seconds);
            let builder = thread::Builder::new().name("pylog watchdog".to_owned());
            builder.spawn(move || run(limit)).is_ok()
        }
        _ => {
            eprintln!("pylog: {VARIABLE} is {value:?}, not a whole number of seconds");
            false
        }
    }
}

#[cold]
fn watch(metadata: &Metadata) -> Arc<PendingCall> {
    let thread = thread::current();
    let call = Arc::new(PendingCall {
        file: metadata.file,
        line: metadata.line,
        thread: thread
            .name()
            .map_or_else(|| format!("{:?}", thread.id()), str::to_owned),
        since: Instant::now(),
        stage: AtomicU8::new(WAITS),
    });
    NEW_CALLS.push(Arc::clone(&call));
    call
}

fn run(limit: Duration) {
    let mut calls = Vec::new();
    loop {
        thread::sleep(limit / 4);
        while let Some(call) = NEW_CALLS.pop() {
            calls.push(call);
        }
        calls.retain(|call| match call.stage.load(Ordering::Relaxed) {
            HAS_RETURNED => false,
            _ if call.since.elapsed() < limit => true,
            stage => {
                report(call, stage);
                false
            }
        });
    }
}

fn report(call: &PendingCall, stage: u8) {
    let PendingCall {
        file,
        line,
        thread,
        since,
        ..
    } = call;
    let seconds = since.elapsed().as_secs();
    let reason = match stage {
        WAITS => {
            "waits for the GIL. If the thread that holds the GIL waits for this one, release it there with \
             `py.detach`, or queue the records of detached threads: `#[pylog::module(queue = 65536)]`"
        }
        _ => {
            "runs a filter or a handler. If that waits for the GIL, and the thread that holds it waits for a lock of \
             this one, queue all records: `#[pylog::module(queue_all = 65536)]`"
        }
    };
    eprintln!("pylog: for {seconds} s the call at {file}:{line} in the thread {thread:?} {reason}");
}
