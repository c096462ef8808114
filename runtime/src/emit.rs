//! The entry of a call: what the expansions of the macros do, and where a call goes from there.
//!
//! `info!("read {} rows", rows.len())` expands to
//!
//! ```ignore
//! if let Some(admitted) = CALLSITE.check(Level::INFO) {
//!     CALLSITE.log(admitted, format_args!("read {} rows", rows.len()));
//! }
//! ```
//!
//! and `info!("read {n} rows")`, where there is nothing to evaluate, to
//!
//! ```ignore
//! if !CALLSITE.is_off(Level::INFO) {
//!     CALLSITE.check_and_log(Level::INFO, format_args!("read {n} rows"));
//! }
//! ```
//!
//! [`Callsite::check`] decides whether the arguments are evaluated, and [`send`] whether the call is
//! delivered at once or queued. Before there is an interpreter, `without_python` does both.

use std::fmt;

use pyo3::prelude::*;

use crate::call::Call;
use crate::callsite::site::{Callsite, Decision};
use crate::event::keywords::Keywords;
use crate::level::Level;
use crate::logger::as_logger::AsLogger;
use crate::logger::levels;
use crate::python::attach::{attach, if_attached, try_attach};
use crate::python::loose::Loose;
use crate::python::nesting;
use crate::queue::producer::{self, Producer, Route};
use crate::raw::thin::Stored;
#[cfg(feature = "log")]
use crate::without_python;

/// The permission to log: a level, and why it may be logged.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    level: Level,
    /// `None` if there is no interpreter to decide.
    decision: Option<Decision>,
}

/// The permission to log to the logger of a `logger:` option.
#[derive(Debug)]
pub struct AdmittedTo {
    logger: Loose<Stored>,
    level: Level,
    decision: Decision,
}

impl Callsite {
    /// Whether to evaluate the arguments and log. Where Python is known to refuse `level`, this is a
    /// load, a compare and a branch.
    #[inline]
    pub fn check(&'static self, level: Level) -> Option<Admitted> {
        match self.is_off(level) {
            true => None,
            false => self.admit(level),
        }
    }

    #[cold]
    #[inline(never)]
    fn admit(&'static self, level: Level) -> Option<Admitted> {
        let decision = match self.cached_answer(level) {
            Some(true) => Decision::Cached,
            Some(false) => return None,
            None => match producer::route(self) {
                Route::Queue(queue) | Route::HandOver(queue) => {
                    self.decide_without_python(queue, level)?
                }
                Route::Direct if self.is_accepted(level) => Decision::Accepted,
                Route::Direct => return self.admit_without_interpreter(level),
            },
        };
        let decision = Some(decision);
        Some(Admitted { level, decision })
    }

    /// `None` if the level is refused.
    fn decide_without_python(
        &'static self,
        queue: &'static dyn Producer,
        level: Level,
    ) -> Option<Decision> {
        let Some(is_accepted) = self.answer_without_python(queue, level) else {
            return Some(Decision::Undecided);
        };
        // From then on the callsite knows the answer.
        queue.ask(self, level);
        is_accepted.then_some(Decision::Accepted)
    }

    /// Before there is an interpreter.
    fn admit_without_interpreter(&self, level: Level) -> Option<Admitted> {
        #[cfg(feature = "log")]
        if without_python::accepts(self.metadata(), level) {
            let decision = None;
            return Some(Admitted { level, decision });
        }
        let _ = level;
        None
    }

    /// Whether Python accepts `level` at this moment. For a thread that must not wait for the GIL, an
    /// unknown answer is yes.
    #[cold]
    #[inline(never)]
    pub fn is_enabled(&'static self, level: Level) -> bool {
        match producer::route(self) {
            Route::Direct => {
                self.is_accepted(level) || self.admit_without_interpreter(level).is_some()
            }
            Route::Queue(queue) | Route::HandOver(queue) => {
                self.cached_answer(level).unwrap_or_else(|| {
                    queue.ask(self, level);
                    self.answer_without_python(queue, level).unwrap_or(true)
                })
            }
        }
    }

    /// Python's answer for `level`, if this thread is attached and can tell without running Python code.
    fn answer_without_python(&self, queue: &dyn Producer, level: Level) -> Option<bool> {
        if_attached(|py| py.and_then(|py| queue.answer_of_name(&self.name(py), level)))
    }

    fn is_accepted(&'static self, level: Level) -> bool {
        let accepted = attach(self.metadata(), |py| {
            let logger = self.logger(py, level, Decision::Undecided)?;
            Ok(logger.is_some())
        });
        accepted.unwrap_or(false)
    }

    /// Logs a call whose arguments are evaluated without an effect, if it is admitted.
    #[cold]
    #[inline(never)]
    pub fn check_and_log(&'static self, level: Level, args: fmt::Arguments<'_>) {
        self.check_and_log_with(level, args, Keywords::default());
    }

    /// The same with a message template.
    #[cold]
    #[inline(never)]
    pub fn check_and_log_with(
        &'static self,
        level: Level,
        args: fmt::Arguments<'_>,
        keywords: Keywords<'_>,
    ) {
        if let Some(admitted) = self.admit(level) {
            self.log_with(admitted, args, keywords);
        }
    }

    /// Logs a call that was admitted.
    #[cold]
    #[inline(never)]
    pub fn log(&'static self, admitted: Admitted, args: fmt::Arguments<'_>) {
        self.log_with(admitted, args, Keywords::default());
    }

    /// Logs a call with key-values, `exc_info`, `stack_info` or a message template.
    #[cold]
    #[inline(never)]
    pub fn log_with(
        &'static self,
        Admitted { level, decision }: Admitted,
        args: fmt::Arguments<'_>,
        keywords: Keywords<'_>,
    ) {
        let Some(decision) = decision else {
            #[cfg(feature = "log")]
            without_python::log(self.metadata(), level, args, keywords.template);
            return;
        };
        send(Call::new(self, level, decision, args, keywords));
    }

    /// Whether to evaluate the arguments and log to the Python logger of a `logger:` option.
    #[cold]
    #[inline(never)]
    pub fn check_logger(&'static self, level: Level, logger: &dyn AsLogger) -> Option<AdmittedTo> {
        let admit = |logger: Bound<'_, PyAny>, decision| AdmittedTo {
            logger: Loose::new(logger.into()),
            level,
            decision,
        };
        if let Some(queue) = producer::runs_no_python() {
            let admitted = try_attach(|py| {
                let logger = logger.to_bound(py);
                match queue.answer_of_logger(&logger, level) {
                    Some(false) => None,
                    Some(true) => Some(admit(logger, Decision::Accepted)),
                    None => Some(admit(logger, Decision::Undecided)),
                }
            });
            return admitted.flatten();
        }
        attach(self.metadata(), |py| {
            let logger = logger.to_bound(py);
            let is_enabled = levels::is_enabled_for(&logger, level)?;
            Ok(is_enabled.then(|| admit(logger, Decision::Accepted)))
        })
        .flatten()
    }

    /// Logs to a logger that [`Callsite::check_logger`] returned.
    #[cold]
    #[inline(never)]
    pub fn log_to(
        &'static self,
        AdmittedTo {
            logger,
            level,
            decision,
        }: AdmittedTo,
        args: fmt::Arguments<'_>,
        keywords: Keywords<'_>,
    ) {
        let call = Call::new(self, level, decision, args, keywords);
        send(call.with_logger(logger));
    }
}

/// Delivers a call at once, or queues it where a delivery would have to wait for the GIL or is not allowed
/// to run Python code.
fn send(call: Call<'_>) {
    if nesting::drops_records() {
        return;
    }
    let metadata = call.callsite.metadata();
    match producer::route(call.callsite) {
        Route::Direct => {
            // The usual call stays where it is: moving it takes time.
            let mut call = Some(call);
            attach(metadata, |py| {
                if let Some(queue) = producer::current_unless_empty() {
                    call = call
                        .take()
                        .and_then(|call| queue.push_behind_others(call, py).err());
                }
                let delivered = match &call {
                    Some(call) => call.deliver(py).map(drop),
                    None => Ok(()),
                };
                // While the thread is attached.
                call = None;
                delivered
            });
        }
        Route::HandOver(queue) => queue.hand_over(call),
        Route::Queue(queue) => queue.push_or_drop(call),
    }
}
