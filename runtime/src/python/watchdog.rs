//! Reports calls that don't return, if the environment variable `PYLOG_WATCHDOG` is set to a whole number of seconds.
//!
//! It is a help in the search for a deadlock. It isn't on by default because it needs a thread of its own: Python 3.12
//! and later warn when a process with several threads forks.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::process::{self, OfProcess};
use crate::metadata::Metadata;
use crate::raw::list::Inbox;
use crate::raw::system;

const VARIABLE: &str = "PYLOG_WATCHDOG";

const EVALUATES: u8 = 0;
const WAITS: u8 = 1;
const RUNS: u8 = 2;
const HAS_RETURNED: u8 = 3;

/// A call that is under way.
struct PendingCall {
    file: &'static str,
    line: u32,
    thread: String,
    since: Instant,
    stage: AtomicU8,
}

struct Watchdog {
    is_started: AtomicBool,
    /// The calls since it has last looked.
    new_calls: Inbox<Arc<PendingCall>>,
}

/// A child needs a thread of its own.
static WATCHDOG: OfProcess<Watchdog> = OfProcess::new();

/// How long a call may take, if calls are watched.
static LIMIT: OnceLock<Option<Duration>> = OnceLock::new();

/// Lives while a call is under way that is watched.
pub(crate) struct Watched(Option<Arc<PendingCall>>);

impl Watched {
    /// The call waits for the GIL from now on.
    #[inline]
    pub(super) fn waits(metadata: &Metadata) -> Watched {
        Watched(LIMIT.get_or_init(limit).map(|_| watch(metadata, WAITS)))
    }

    /// The call evaluates its values from now on.
    pub(crate) fn evaluates(metadata: &Metadata) -> Watched {
        Watched(LIMIT.get_or_init(limit).map(|_| watch(metadata, EVALUATES)))
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

/// How long a call may take, if the variable is set.
#[cold]
fn limit() -> Option<Duration> {
    let value = std::env::var_os(VARIABLE)?;
    // Reading fractions would add 30 KiB to each extension.
    match value.to_str().and_then(|value| value.parse().ok()) {
        Some(seconds) if seconds > 0 => Some(Duration::from_secs(seconds)),
        _ => {
            let value = value.to_string_lossy();
            system::write_line(format_args!(
                "{VARIABLE} is \"{value}\", not a whole number of seconds"
            ));
            None
        }
    }
}

#[cold]
fn watch(metadata: &Metadata, stage: u8) -> Arc<PendingCall> {
    let watchdog = WATCHDOG.get_or_make(|_| Watchdog {
        is_started: AtomicBool::new(false),
        new_calls: Inbox::new(),
    });
    if !watchdog.is_started.swap(true, Ordering::Relaxed) {
        let is_started = system::spawn(c"pylog watchdog", run);
        watchdog.is_started.store(is_started, Ordering::Relaxed);
    }
    let thread = thread::current();
    let call = Arc::new(PendingCall {
        file: metadata.file,
        line: metadata.line,
        thread: thread
            .name()
            .map_or_else(|| format!("{:?}", thread.id()), str::to_owned),
        since: Instant::now(),
        stage: AtomicU8::new(stage),
    });
    watchdog.new_calls.push(Arc::clone(&call));
    call
}

/// The thread of the watchdog.
fn run() {
    let mut calls = Vec::new();
    while let (Some(watchdog), Some(limit)) = (WATCHDOG.get(), *LIMIT.get_or_init(limit)) {
        thread::sleep(limit / 4);
        if process::has_first_thread_ended() {
            return;
        }
        calls.extend(watchdog.new_calls.take());
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
        EVALUATES => {
            "evaluates its values, and waits for the GIL if one of them is a Python object. If the thread that holds the GIL \
             waits for this one, release it there with `py.detach`"
        }
        WAITS => {
            "waits for the GIL. If the thread that holds the GIL waits for this one, release it there with `py.detach`. For \
             calls without Python objects, exceptions of Python and `stack_info` it helps, too, to queue the records of \
             detached threads: `#[pylog::module(queue = 65536)]`"
        }
        _ => {
            "runs a filter or a handler. If that waits for the GIL, and the thread that holds it waits for a lock of \
             this one, queue all records: `#[pylog::module(queue_all = 65536)]`"
        }
    };
    system::write_line(format_args!(
        "for {seconds} s the call at {file}:{line} in the thread {thread:?} {reason}"
    ));
}
